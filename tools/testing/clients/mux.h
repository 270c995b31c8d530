/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One connection for all threads of a program, as most client libraries have it:
 * whoever asks writes, a thread of its own reads all that comes and hands each
 * reply to who asked, by its req_id. How it reads and writes is what they differ in.
 */
#ifndef MUX_H
#define MUX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "msg.h"

struct mux;

struct mux_io {
	const char *name;
	int flags;			/* O_NONBLOCK */
	ssize_t (*read)(struct mux *m, void *buf, size_t len);
	ssize_t (*write)(struct mux *m, const void *buf, size_t len);
};

/* read() and write(), which wait: libxenstore, pyxs, OCaml's client_unix */
extern const struct mux_io io_blocking;
/* Go's: both until EAGAIN, then wait for an edge */
extern const struct mux_io io_poller;
/* The Rust crates': a write is tried again at EAGAIN, until it works */
extern const struct mux_io io_stubborn;

/* A request, and its reply once that is there */
struct ask {
	uint32_t id, type;
	struct msg *reply;
	struct ask *next;
};

struct mux {
	int fd;
	const struct mux_io *io;

	/* Who writes, one message at a time */
	pthread_mutex_t sending;
	uint32_t next_id;
	unsigned int full;		/* EAGAIN so often */

	/* All below, and changed tells who waits. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct ask *asked, **last;	/* in the order in which they were written */
	struct msg *events;
	unsigned int nr_events, taken;
	unsigned int strange;		/* replies that nobody asked for */
	unsigned int overtaken;		/* replies that came before one asked for earlier */
	bool held;			/* the reader waits until it is let go */
	bool dead;			/* it has come to an end */
	bool ready_in, ready_out;	/* the poller's edges */
};

/* Held, it reads once a write had EAGAIN, or once it is let go. */
struct mux *mux_open(const struct mux_io *io, bool held);
void mux_release(struct mux *m);

/* 0 or -errno */
int mux_send(struct mux *m, struct ask *ask, uint32_t type, uint32_t tx_id,
	     const void *body, size_t len);
/* Wait for the reply to it: 0, the errno that the server named, or -errno. */
int mux_wait(struct mux *m, struct ask *ask, int timeout_ms);
/* Ask and wait; the reply is the caller's to free, NULL if there is none. */
int mux_call(struct mux *m, uint32_t type, uint32_t tx_id, const void *body,
	     size_t len, struct msg **reply);
int mux_read(struct mux *m, const char *path, struct msg **reply);
int mux_write(struct mux *m, uint32_t tx_id, const char *path, const char *value);
/* WATCH or UNWATCH */
int mux_watch(struct mux *m, uint32_t type, const char *path, const char *token);
/* The next event, in the order in which they came; false if none comes. */
bool mux_event(struct mux *m, struct msg *event, int timeout_ms);

#endif

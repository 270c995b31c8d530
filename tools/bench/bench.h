/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the benchmark share. A measurement is a process of its own,
 * the leader of a group: whatever goes wrong ends that process, with what it was,
 * and the figure is void. So nothing here returns an error.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

#define KEY	"/bench/key"
#define VALUE	"value"
#define TOKEN	"t"

/* Operations to measure, and before that, so that all is warm */
#define ROUNDS	400
#define WARM	96

/* An answer that takes longer, of guest time, is none. */
#define LIMIT_MS	150

/* --- conn.c: one connection, by whatever way there is to the server */

struct conn {
	int fd;
	bool blocks;			/* in read(), not in poll() */
	uint32_t sent, answered;	/* the last req_ids */
	size_t have, at;		/* what get_next() has read, and how far it is */
	char in[8192];
};

/* How a measurement ends that has no figure */
enum { WRONG = 10, NONE = 11 };
_Noreturn void wrong(void);
_Noreturn void none(void);

/* Who has children ends with the first of them, and as that one did. */
void end_with_child(void);

int64_t now(void);
void conn_begin(struct conn *c, const char *path);
void conn_end(struct conn *c);

void put(struct conn *c, const void *buf, size_t len);
/* Append a READ; returns its length. */
size_t add_read(struct conn *c, void *buf);
void put_write(struct conn *c);
void put_watch(struct conn *c);

/* The next message: the header, then the body, as libxenstore takes them */
void get(struct conn *c, struct msg *m);
/* The same, from as much as a read() brings */
void get_next(struct conn *c, struct msg *m);

/* Is it the answer to the next request? If not, that's the end. */
void check_read(struct conn *c, const struct msg *m);
/* Take two messages: an answer of that type, and an event, in either order. */
void get_with_event(struct conn *c, uint32_t type);
void check_event(const struct msg *m);

/* --- one.c: what one connection does: n times, or as many as make whole batches */

typedef void operation(struct conn *c, unsigned int n, unsigned int depth);

operation read_one, read_writev, read_flight, read_batch, write_event;
/* n, or the next whole number of batches */
unsigned int whole(unsigned int n, unsigned int depth);

/* --- main.c: what is measured, from begin() to one of the others */

int64_t begin(void);
_Noreturn void end(int64_t start, unsigned int operations);
_Noreturn void end_at(int64_t start, int64_t stop, unsigned int operations);
_Noreturn void end_latency(int64_t median, int64_t tail, unsigned int samples);

/* --- each measures a row: by way of @path, with that many of something */

typedef void measurement(const char *path, unsigned int n);

measurement one_polls, one_blocks, one_writev, one_flight, one_batch, one_event;
measurement clients_read, clients_batch;	/* clients.c */
measurement beside_flooders, beside_opens;	/* flood.c */
measurement among_opens, open_close, events_seen;	/* opens.c */
measurement tree_by_ls, tree_by_tree;			/* tree.c */

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small xenstore client that can do wrong on purpose. It speaks over any of
 * the three ways to a server: our file, the stock driver's, the unix socket.
 *
 * Descriptors are non-blocking unless a test says otherwise, and everything
 * that waits has a deadline.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

struct client {
	int fd;
	uint32_t next_id;
	char in[64 * 1024];		/* what was read and not yet parsed */
	size_t have;
	struct msg *events;		/* came while we waited for a reply */
	unsigned int nr_events;
};

/* The descriptor of a socket or a file; < 0 and errno if it can't be had */
int connect_to(const char *path);
struct client *client_open(const char *path);
struct client *client_new(void);	/* opens file_path() */
void client_close(struct client *c);
void client_block(struct client *c, bool block);

/* Write everything, however small the pieces; 0 or -errno. */
int client_raw(struct client *c, const void *buf, size_t len);
/* Send one request; returns its req_id, 0 on failure (errno is set). */
uint32_t client_send(struct client *c, uint32_t type, uint32_t tx_id,
		     const void *body, size_t len);

/* The next message; 0, -ETIMEDOUT, -EPIPE at the end of file, or -errno. */
int client_recv(struct client *c, struct msg *m, int timeout_ms);
/* The next reply: events that come first are kept for client_event(). */
int client_reply(struct client *c, struct msg *m);
int client_event(struct client *c, struct msg *m, int timeout_ms);
/* True when nothing comes for a while */
bool client_quiet(struct client *c);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* A connection to xenstore that keeps many requests at the server at once */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum store_type {
	STORE_DIRECTORY = 1,
	STORE_READ = 2,
	STORE_GET_PERMS = 3,
	STORE_ERROR = 16,
	STORE_DIRECTORY_PART = 22,
};

#define STORE_PAYLOAD_MAX	4096

struct reply {
	uint32_t id;			/* of the request */
	const char *error;		/* NULL, or the server's name for it */
	const char *body;		/* a NUL follows; until the next store_reply() */
	size_t len;
};

struct store;

/* The server's socket, or the file; exits if there is neither. */
struct store *store_open(void);
/* How many requests at once are worth it, and safe */
unsigned int store_window(const struct store *s);
/* Keeps a request of one or two strings for the next store_flush(). */
void store_request(struct store *s, enum store_type type, uint32_t id,
		   const char *path, const char *second);
/* Write what was kept. */
void store_flush(struct store *s);
/* Wait for the next reply. */
void store_reply(struct store *s, struct reply *r);
/* In words */
const char *store_error(const char *name);

#endif

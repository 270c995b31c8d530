/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Be the server, while that stands still. Nothing may be under way that the test
 * does not know of. What was sent is seen by the kernel when somebody writes a
 * request.
 */
#ifndef PRETEND_H
#define PRETEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/* Is the store's page here, of the C server? If not, it says that it skips @what. */
bool can_pretend(const char *what);
void pretend_begin(void);
void pretend_end(void);
/* The server says that it can do this, besides what it can; 0: nothing else */
void pretend_features(uint32_t more);
/* The last kilobyte of requests */
void pretend_past(char past[1024]);
/* Is there one just now? */
bool pretend_has_request(void);
/* The next request; false if none comes */
bool pretend_receive(struct msg *m);
/* A reply to a request; or, to NULL, an event */
void pretend_send(uint32_t type, const struct msg *request, const void *body,
		  size_t len);

#endif

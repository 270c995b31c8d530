/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share, and the parts, by their clauses */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;

#define ROOT		"/test/stream"
/* Keys that are written at once */
#define MANY		200

/* The next reply is of that request and not an error. */
bool expect(struct client *c, uint32_t id, uint32_t type);
bool expect_value(struct client *c, uint32_t id, const char *value);
bool still_works(struct client *c);

/* A WRITE (request 1) and a READ (request 2) of the same key */
size_t two_messages(char *buf, const char *value);
bool two_replies(struct client *c, const char *value);
/* The same, and nothing more comes before the reply to request 3 */
bool two_replies_alone(struct client *c, const char *value);

/* How many of n replies, to requests from first on, come in order */
unsigned int in_order(struct client *c, unsigned int first, unsigned int n,
		      uint32_t type);
/* Keys 0 to MANY - 1: a WRITE or a READ of one, whose req_id is its number */
size_t key_request(char *buf, uint32_t type, unsigned int i);
/* How many of them have the right value; they are removed. */
unsigned int right_keys(void);

void pieces(void);		/* W1 */
void yardstick_all(void);
void lengths(void);		/* W2 */
void bad_header_holding(void);
void in_flight(void);		/* W3 */
void bounds(void);		/* W4 */
void malformed_requests(void);	/* W5 */
void foreign_transactions(void);	/* W6 */
void reset_watches(void);	/* W7 */
void faults(void);		/* W8 */

#endif

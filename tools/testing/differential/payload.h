/* SPDX-License-Identifier: GPL-2.0 */
/* Payloads at random */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"
#include "random.h"

/* A payload in the making */
struct body {
	char bytes[PAYLOAD_MAX];
	uint32_t len;
};

/* One that may be there */
const char *good_path(struct random *r);

void add(struct body *b, const void *bytes, uint32_t len);
void add_string(struct body *b, const char *s);
void add_value(struct body *b, struct random *r);
/* What this type wants, for the most part; @wide: with many tokens */
void fill(struct body *b, struct random *r, uint32_t type, bool wide);
/* Make it what its type does not want, mostly. */
void spoil(struct body *b, struct random *r);

#endif

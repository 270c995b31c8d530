/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A writer in miniature: feeds bytes to a framer and keeps the messages that
 * come out.  Every payload lives in memory of exactly its size, so that the
 * sanitizer sees a byte too many.  For the unit tests and the fuzzer.
 */
#ifndef XENFS_UNIT_CUTTER_H
#define XENFS_UNIT_CUTTER_H

#include <stdlib.h>
#include <string.h>

#include "message.h"

/**
 * struct cutter - a stream and what came out of it
 * @framer: the framer under test
 * @body: the current payload, of exactly hdr.len bytes; NULL if none
 * @out: all the messages that came out, one behind the other
 * @out_len: bytes in @out
 * @messages: how many they are
 * @error: what the framer said to a bad header; nothing is taken after it
 * @seen: called with each message, if not NULL
 */
struct cutter {
	struct xenfs_framer framer;
	char *body;
	char *out;
	size_t out_len;
	size_t messages;
	int error;
	void (*seen)(const struct xsd_sockmsg *hdr, const char *body);
};

static inline void cutter_message(struct cutter *c)
{
	struct xsd_sockmsg *hdr = &c->framer.hdr;

	c->out = realloc(c->out, c->out_len + sizeof(*hdr) + hdr->len);
	if (!c->out)
		abort();
	memcpy(c->out + c->out_len, hdr, sizeof(*hdr));
	c->out_len += sizeof(*hdr);
	if (hdr->len)
		memcpy(c->out + c->out_len, c->body, hdr->len);
	c->out_len += hdr->len;
	c->messages++;
	if (c->seen)
		c->seen(hdr, c->body);
	free(c->body);
	c->body = NULL;
	xenfs_framer_next(&c->framer);
}

static inline void *cutter_place(struct cutter *c)
{
	if (xenfs_framer_in_header(&c->framer))
		return xenfs_framer_header(&c->framer);
	return c->body + xenfs_framer_body_offset(&c->framer);
}

/* Gives the framer @n bytes; returns how many it has taken. */
static inline size_t cutter_feed(struct cutter *c, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n && !c->error) {
		u32 part = xenfs_framer_wants(&c->framer);
		int state;

		if (part > n - done)
			part = n - done;
		memcpy(cutter_place(c), bytes + done, part);
		state = xenfs_framer_took(&c->framer, part);
		if (state < 0) {
			c->error = state;
			break;
		}
		done += part;
		if (state == XENFS_FRAMER_HEADER) {
			c->body = malloc(c->framer.hdr.len);
			if (!c->body)
				abort();
		} else if (state == XENFS_FRAMER_MESSAGE) {
			cutter_message(c);
		}
	}
	return done;
}

/* Did the same come out, and is the same still in the works? */
static inline bool cutter_equal(const struct cutter *a, const struct cutter *b)
{
	if (a->error != b->error || a->messages != b->messages ||
	    a->out_len != b->out_len)
		return false;
	if (a->out_len && memcmp(a->out, b->out, a->out_len))
		return false;
	if (a->error)
		return true;
	if (a->framer.taken != b->framer.taken)
		return false;
	if (xenfs_framer_in_header(&a->framer))
		return !memcmp(&a->framer.hdr, &b->framer.hdr, a->framer.taken);
	return !memcmp(&a->framer.hdr, &b->framer.hdr, sizeof(a->framer.hdr)) &&
	       !memcmp(a->body, b->body, xenfs_framer_body_offset(&a->framer));
}

static inline void cutter_free(struct cutter *c)
{
	free(c->body);
	free(c->out);
	memset(c, 0, sizeof(*c));
}

#endif /* XENFS_UNIT_CUTTER_H */

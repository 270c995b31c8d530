// SPDX-License-Identifier: GPL-2.0
/* Sequences at random, the same for the same seed */
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "payload.h"
#include "tap.h"
#include "target.h"

static uint32_t pick_type(struct random *r)
{
	static const struct {
		uint8_t type;
		uint8_t weight;
	} types[] = {
		{ XS_WRITE, 20 }, { XS_READ, 11 }, { XS_WATCH, 10 },
		{ XS_RM, 8 }, { XS_MKDIR, 7 }, { XS_DIRECTORY, 6 },
		{ XS_UNWATCH, 6 }, { XS_TRANSACTION_START, 8 },
		{ XS_TRANSACTION_END, 8 }, { XS_GET_PERMS, 4 },
		{ XS_SET_PERMS, 5 }, { XS_DIRECTORY_PART, 3 },
		{ XS_RESET_WATCHES, 2 }, { XS_GET_DOMAIN_PATH, 2 },
		{ XS_IS_DOMAIN_INTRODUCED, 2 }, { XS_CONTROL, 1 },
		{ XS_INTRODUCE, 1 }, { XS_RELEASE, 1 }, { XS_RESUME, 1 },
		{ XS_SET_TARGET, 1 }, { XS_WATCH_EVENT, 1 }, { XS_ERROR, 1 },
		{ XS_RESTRICT, 1 },
	};
	unsigned int i, n = below(r, 112);

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (n < types[i].weight)
			return types[i].type;
		n -= types[i].weight;
	}
	return percent(r, 50) ? 23 + below(r, 10) : next(r);
}

static uint32_t pick_id(struct random *r)
{
	static const uint32_t ids[] = { 0, 1, 0x7fffffff, 0xffffffff };

	return percent(r, 80) ? (uint32_t)next(r) : ids[below(r, 4)];
}

static bool ended(const struct sequence *s, uint32_t uid)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (s->items[i].type == XS_TRANSACTION_END &&
		    s->items[i].tx == uid)
			return true;
	return false;
}

/* Written together: nobody can know yet what the START will bring. */
static bool too_new(const struct sequence *s, unsigned int start,
		    bool joined)
{
	unsigned int i;

	for (i = start + 1; i < s->n && s->items[i].joined; i++)
		;
	return i == s->n && joined;
}

/* One of the STARTs before; mostly the newest of this connection */
static uint32_t pick_tx(const struct sequence *s, struct random *r,
			unsigned int conn)
{
	bool any = percent(r, 6);
	unsigned int i;

	for (i = s->n; i--; ) {
		if (s->items[i].type != XS_TRANSACTION_START)
			continue;
		if (any || (s->items[i].conn == conn &&
			    !ended(s, s->items[i].uid) &&
			    !too_new(s, i, s->items[s->n].joined) &&
			    percent(r, 80)))
			return s->items[i].uid;
	}
	return TX_NOBODY;
}

static void pick_cuts(struct item *it, struct random *r)
{
	unsigned int i, size = HEADER + it->len;

	it->vector = percent(r, 15);
	if (percent(r, 80))
		return;
	it->bytewise = size < 48 && percent(r, 10);
	it->cuts = below(r, MAX_CUTS + 1);
	for (i = 0; i < it->cuts; i++) {
		/* More of them within the header, and at the message's end */
		it->cut[i] = percent(r, 30) ? size :
			     1 + below(r, percent(r, 40) ? HEADER : size);
	}
}

/* Path and token of a WATCH before, mostly one of this connection */
static void same_watch(struct body *b, const struct sequence *s,
		       struct random *r, unsigned int conn)
{
	const struct item *it;
	unsigned int i;

	for (i = s->n; i--; ) {
		it = &s->items[i];
		if (it->op == OP_MESSAGE && it->type == XS_WATCH &&
		    string_end(it, 2) && percent(r, 50) &&
		    (it->conn == conn || percent(r, 10))) {
			b->len = 0;
			add(b, it->body, string_end(it, 2));
			return;
		}
	}
}

static void set_body(struct item *it, const struct body *b)
{
	it->len = b->len;
	it->body = malloc(b->len + 1);
	if (!it->body)
		bail("no memory");
	memcpy(it->body, b->bytes, b->len);
	it->body[b->len] = '\0';
}

static void make_message(struct sequence *s, struct random *r,
			 struct item *it, bool wide)
{
	struct body b;
	unsigned int tries = 5;

	do {
		free(it->body);
		it->type = pick_type(r);
		fill(&b, r, it->type, wide);
		if ((it->type == XS_UNWATCH && percent(r, 75)) ||
		    (it->type == XS_WATCH && percent(r, 10)))
			same_watch(&b, s, r, it->conn);
		if (percent(r, 4))
			spoil(&b, r);
		set_body(it, &b);
	} while (!item_harmless(it) && --tries);
	if (!tries)
		it->type = XS_TRANSACTION_START;

	it->req_id = pick_id(r);
	it->tx = 0;
	if (it->type == XS_TRANSACTION_END ? percent(r, 96) :
	    it->type == XS_TRANSACTION_START ? percent(r, 5) :
	    it->type == XS_WATCH || it->type == XS_UNWATCH ? percent(r, 4) :
	    percent(r, 30))
		it->tx = pick_tx(s, r, it->conn);
	if (it->tx == TX_NOBODY && percent(r, 95))
		it->tx = 0;
	pick_cuts(it, r);
}

static void make_other(struct item *it, struct random *r)
{
	static const uint32_t lengths[] = {
		PAYLOAD_MAX + 1, 5000, 0x10000, 0x7fffffff, 0xfffffff0,
		0xffffffff,
	};

	it->joined = false;
	it->op = percent(r, 70) ? OP_REOPEN : OP_BREAK;
	it->len = lengths[below(r, sizeof(lengths) / sizeof(lengths[0]))];
	it->type = 0;
	it->req_id = 0;
	it->tx = 0;
}

static struct item *append(struct sequence *s, unsigned int conn, uint32_t type,
			   uint32_t tx, struct random *r)
{
	struct item *it = &s->items[s->n++];

	memset(it, 0, sizeof(*it));
	it->uid = s->n;
	it->conn = conn;
	it->type = type;
	it->tx = tx;
	it->req_id = pick_id(r);
	return it;
}

/* At random, hardly any two transactions would meet: let some do so. */
#define MEETING	5

static void make_meeting(struct sequence *s, struct random *r)
{
	const char *path = good_path(r);
	unsigned int conn = below(r, s->conns);
	struct body strings = { .len = 0 }, value;
	uint32_t tx;

	value = strings;
	add_string(&strings, path);
	set_body(append(s, conn, XS_TRANSACTION_START, 0, r), &value);
	tx = s->n;
	add_string(&value, path);
	add_value(&value, r);
	set_body(append(s, conn, XS_READ, percent(r, 70) ? tx : 0, r), &strings);
	set_body(append(s, below(r, s->conns), XS_WRITE, 0, r), &value);
	set_body(append(s, conn, XS_WRITE, percent(r, 90) ? tx : 0, r), &value);
	strings.len = 0;
	add_string(&strings, percent(r, 90) ? "T" : "F");
	set_body(append(s, conn, XS_TRANSACTION_END, tx, r), &strings);
}

/*
 * Long tokens make long events, of which an open keeps but a few: where they
 * are long, a step has one message and no transaction commits, so that there
 * are no more of them than it keeps. oxenstored sends some that are longer than
 * the protocol allows.
 */
void generate(struct sequence *s, struct random *r, unsigned int length)
{
	bool wide = percent(r, 7) && server_is_c();
	unsigned int batch = 0;
	struct item *it;

	s->n = 0;
	s->conns = wide || percent(r, 40) ? 1 : 2 + below(r, MAX_CONNS - 1);
	if (length > MAX_ITEMS)
		length = MAX_ITEMS;
	while (s->n < length) {
		it = &s->items[s->n];
		memset(it, 0, sizeof(*it));
		it->uid = s->n + 1;
		it->joined = batch;
		it->conn = batch ? it[-1].conn : below(r, s->conns);
		if (!wide && percent(r, 2) && s->n + MEETING <= length) {
			batch = 0;
			make_meeting(s, r);
			continue;
		}
		if (percent(r, 2)) {
			batch = 0;
			make_other(it, r);
		} else {
			make_message(s, r, it, wide);
			if (wide && it->type == XS_TRANSACTION_END)
				it->type = XS_TRANSACTION_START;
			if (batch)
				batch--;
			else if (!wide && percent(r, 60))
				batch = below(r, MAX_BATCH);
		}
		s->n++;
	}
}

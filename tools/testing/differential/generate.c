// SPDX-License-Identifier: GPL-2.0
/* Sequences at random, the same for the same seed */
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "tap.h"
#include "target.h"

void random_seed(struct random *r, uint64_t seed, uint64_t index)
{
	r->state = seed * 0x9e3779b97f4a7c15ull + index * 0xd1342543de82ef95ull;
}

/* splitmix64 */
static uint64_t next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned int below(struct random *r, unsigned int n)
{
	return (next(r) >> 32) * n >> 32;
}

static bool percent(struct random *r, unsigned int n)
{
	return below(r, 100) < n;
}

/* A payload in the making */
struct body {
	char bytes[PAYLOAD_MAX];
	uint32_t len;
};

static void add(struct body *b, const void *bytes, uint32_t len)
{
	if (len > PAYLOAD_MAX - b->len)
		len = PAYLOAD_MAX - b->len;
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void add_string(struct body *b, const char *s)
{
	add(b, s, strlen(s) + 1);
}

/* One byte many times: differs enough from its neighbours, and prints short */
static void add_run(struct body *b, char c, uint32_t len)
{
	char run[PAYLOAD_MAX];

	if (len > sizeof(run))
		len = sizeof(run);
	memset(run, c, len);
	add(b, run, len);
}

static const char * const good_paths[] = {
	"/d", "/d/a", "/d/a/b", "/d/a/b/c", "/d/x", "/d/x/y", "/d/x-1_z@2",
	"/d/n0", "/d/n0/n1/n2/n3/n4", "d", "d/a", "d/a/b",
	"/local/domain/0/d", "/local/domain/0/d/a",
};

static const char * const odd_paths[] = {
	"", "/", "//", "/d/", "/d//a", "/d/%", "d/", "/d/a b", "/d/a+b",
	"@foo", "@introduceDomain", "@releaseDomain", "@releaseDomain/7",
	"/d/a\x80", "/no/such/node", "/local", "/local/domain/0/d/", ".",
};

static const char *pick_path(struct random *r, char *buf)
{
	static const uint16_t lengths[] = {
		250, 1023, 2040, 2047, 2048, 2049, 2064, 3060, 3071, 3072, 3073,
		4000, 4095,
	};
	unsigned int len;

	if (percent(r, 88))
		return good_paths[below(r, sizeof(good_paths) /
					   sizeof(good_paths[0]))];
	if (percent(r, 85))
		return odd_paths[below(r, sizeof(odd_paths) /
					  sizeof(odd_paths[0]))];
	len = lengths[below(r, sizeof(lengths) / sizeof(lengths[0]))];
	memset(buf, 'l', len);
	memcpy(buf, percent(r, 70) ? "/d/" : "d/a", 3);
	buf[len] = '\0';
	return buf;
}

static void add_path(struct body *b, struct random *r)
{
	char buf[PAYLOAD_MAX];

	add_string(b, pick_path(r, buf));
}

static void add_value(struct body *b, struct random *r)
{
	static const uint16_t lengths[] = {
		0, 0, 1, 1, 2, 5, 9, 16, 40, 100, 255, 256, 511, 1000, 1024,
		1025, 2000, 2040, 2048, 3000, 4000, 4096,
	};
	unsigned int left = lengths[below(r, sizeof(lengths) /
					     sizeof(lengths[0]))];
	unsigned int n;
	char c;

	while (left) {
		c = next(r);
		n = left > 16 ? 1 + below(r, left) : 1;
		add_run(b, c, n);
		left -= n;
	}
}

static const char *pick_token(struct random *r, char *buf, bool wide)
{
	static const char * const tokens[] = {
		"t", "t", "u", "v", "tok", "", "FFFF888004B4D000",
		"0:1", "a token, with blanks", "\xc3\xa4",
	};
	unsigned int len;

	if (!percent(r, 8))
		return tokens[below(r, sizeof(tokens) / sizeof(tokens[0]))];
	len = below(r, wide ? PAYLOAD_MAX : 1000);
	if (wide && percent(r, 50))
		len = PAYLOAD_MAX - 1 - below(r, 30);
	memset(buf, 'T', len);
	buf[len] = '\0';
	return buf;
}

static void add_token(struct body *b, struct random *r, bool wide)
{
	char buf[PAYLOAD_MAX];

	add_string(b, pick_token(r, buf, wide));
}

static void add_perms(struct body *b, struct random *r)
{
	static const char * const perms[] = {
		"n0", "r0", "b0", "w0", "n0", "r1", "b7", "n1000", "b32751",
		"x0", "n", "", "r0x", "n-1", "0",
	};
	unsigned int n = 1 + below(r, percent(r, 10) ? 8 : 3);

	while (n--)
		add_string(b, perms[below(r, percent(r, 80) ? 9 :
					  sizeof(perms) / sizeof(perms[0]))]);
}

static void add_domid(struct body *b, struct random *r)
{
	static const char * const ids[] = {
		"0", "999", "1000", "32751", "32752", "65535", "4294967296",
		"007", "0x0", "-1", "", "x", "999x",
	};

	add_string(b, ids[below(r, sizeof(ids) / sizeof(ids[0]))]);
}

static void add_control(struct body *b, struct random *r)
{
	static const char * const words[] = {
		"print", "help", "no-such-command", "nothing", "",
	};

	add_string(b, words[below(r, sizeof(words) / sizeof(words[0]))]);
	while (percent(r, 40))
		add_string(b, "word");
}

static void add_depth(struct body *b, struct random *r)
{
	static const char * const depths[] = {
		"0", "1", "2", "1", "0", "3", "4294967296", "007", "", "-1",
		"1x",
	};

	add_string(b, depths[below(r, percent(r, 85) ? 8 :
				   sizeof(depths) / sizeof(depths[0]))]);
}

/* What the type wants */
static void fill(struct body *b, struct random *r, uint32_t type, bool wide)
{
	b->len = 0;
	switch (type) {
	case XS_CONTROL:
		return add_control(b, r);
	case XS_DIRECTORY:
	case XS_READ:
	case XS_GET_PERMS:
	case XS_MKDIR:
	case XS_RM:
		return add_path(b, r);
	case XS_WATCH:
	case XS_UNWATCH:
		add_path(b, r);
		add_token(b, r, wide);
		if (type == XS_WATCH && percent(r, 30))
			add_depth(b, r);
		if (percent(r, 4))
			add(b, "tail", 4);
		return;
	case XS_TRANSACTION_START:
		if (percent(r, 80))
			add_string(b, "");
		return;
	case XS_TRANSACTION_END:
		return add_string(b, percent(r, 65) ? "T" : "F");
	case XS_INTRODUCE:
		add_domid(b, r);
		add_string(b, "1");
		return add_string(b, "1");
	case XS_RELEASE:
	case XS_RESUME:
	case XS_IS_DOMAIN_INTRODUCED:
	case XS_GET_DOMAIN_PATH:
		return add_domid(b, r);
	case XS_WRITE:
		add_path(b, r);
		return add_value(b, r);
	case XS_SET_PERMS:
		add_path(b, r);
		return add_perms(b, r);
	case XS_SET_TARGET:
		add_string(b, "999");
		return add_domid(b, r);
	case XS_RESET_WATCHES:
		return add_string(b, "");
	case XS_DIRECTORY_PART:
		add_path(b, r);
		if (percent(r, 90))
			add_string(b, percent(r, 60) ? "0" : "3");
		return;
	default:
		return add_value(b, r);
	}
}

/* What it does not want, mostly */
static void spoil(struct body *b, struct random *r)
{
	switch (below(r, 6)) {
	case 0:
		b->len = 0;
		break;
	case 1:
		b->len -= b->len != 0;
		break;
	case 2:
		b->len = below(r, b->len + 1);
		break;
	case 3:
		add(b, "x", 1);
		break;
	case 4:
		add(b, "", 1);
		break;
	case 5:
		if (b->len)
			b->bytes[below(r, b->len)] = next(r);
		break;
	}
}

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
	const char *path = good_paths[below(r, sizeof(good_paths) /
					       sizeof(good_paths[0]))];
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

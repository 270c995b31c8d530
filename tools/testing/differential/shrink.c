// SPDX-License-Identifier: GPL-2.0
/*
 * Make a sequence that fails as short and plain as it gets while it fails:
 * drop parts, from halves down to single items, then simplify what is left.
 */
#include <stdlib.h>
#include <string.h>

#include "differential.h"

static bool (*still_fails)(const struct sequence *s);

/* Take @try for @s if it fails too; @try is used up. */
static bool take(struct sequence *s, struct sequence *try)
{
	if (!still_fails(try)) {
		sequence_clear(try);
		return false;
	}
	sequence_clear(s);
	*s = *try;
	return true;
}

static bool drop_parts(struct sequence *s)
{
	struct sequence try;
	bool better = false;
	unsigned int at, n;

	for (n = s->n / 2; n; n /= 2) {
		for (at = 0; at + n <= s->n && s->n > n; ) {
			sequence_copy(&try, s);
			sequence_remove(&try, at, n);
			if (take(s, &try))
				better = true;
			else
				at += n;
		}
	}
	return better;
}

static bool plain_writes(struct item *it)
{
	bool was = it->cuts || it->bytewise || it->vector;

	it->cuts = 0;
	it->bytewise = false;
	it->vector = false;
	return was;
}

static bool not_joined(struct item *it)
{
	bool was = it->joined;

	it->joined = false;
	return was;
}

static bool no_transaction(struct item *it)
{
	bool was = it->tx && it->type != XS_TRANSACTION_END;

	if (was)
		it->tx = 0;
	return was;
}

static bool shorter(struct item *it)
{
	uint32_t start;

	if (it->op != OP_MESSAGE || it->type != XS_WRITE)
		return false;
	start = string_end(it, 1);
	if (!start || it->len == start)
		return false;
	it->len = start + (it->len - start) / 2;
	it->body[it->len] = '\0';
	return true;
}

static bool small_id(struct item *it)
{
	bool was = it->req_id > MAX_ITEMS;

	it->req_id = it->uid;
	return was;
}

static bool first_connection(struct item *it)
{
	bool was = it->conn;

	it->conn = 0;
	return was;
}

static bool simplify(struct sequence *s, bool (*how)(struct item *it))
{
	struct sequence try;
	bool better = false;
	unsigned int i;

	for (i = 0; i < s->n; i++) {
		sequence_copy(&try, s);
		if (how(&try.items[i]))
			better |= take(s, &try);
		else
			sequence_clear(&try);
	}
	return better;
}

static void fewer_connections(struct sequence *s)
{
	unsigned int i, most = 0;

	for (i = 0; i < s->n; i++)
		if (s->items[i].conn > most)
			most = s->items[i].conn;
	s->conns = most + 1;
}

void shrink(struct sequence *s, bool (*fails)(const struct sequence *s))
{
	bool better;

	still_fails = fails;
	do {
		better = drop_parts(s);
		better |= simplify(s, plain_writes);
		better |= simplify(s, not_joined);
		better |= simplify(s, no_transaction);
		better |= simplify(s, first_connection);
		better |= simplify(s, shorter);
		better |= simplify(s, small_id);
	} while (better);
	fewer_connections(s);
}

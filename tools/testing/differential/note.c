// SPDX-License-Identifier: GPL-2.0
/*
 * What is noted is not quite what came. Ids of transactions are the server's to
 * choose, and generation counts go on from run to run: the former are noted as
 * right or wrong, the latter as counted from the run's start. And where the
 * protocol gives freedom, it is taken away:
 *
 *  - Events of a step that are alike count as one if servers and file may merge
 *    them. In a step of one message the C server has nothing to merge.
 *  - So the server may have merged the first event of a watch with one that
 *    the file would not report, and that came before.
 *  - A reply that the file gives by itself may come before or after events that
 *    the messages before it caused. It is noted before them.
 *  - If watches of different depth have one token, the order of events that
 *    come between two replies is not told. Else that of those which tell of one
 *    node: opens share watches at the server, which has them in another order.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "run.h"
#include "target.h"

struct msg last;

struct tx *find_tx(struct run *r, uint32_t uid)
{
	unsigned int i;

	for (i = 0; i < r->nr_txs; i++)
		if (r->txs[i].uid == uid)
			return &r->txs[i];
	return NULL;
}

void end_txs(struct run *r, unsigned int conn)
{
	unsigned int i;

	for (i = 0; i < r->nr_txs; i++)
		if (r->txs[i].conn == conn)
			r->txs[i].open = false;
}

static void note_unwanted(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];

	if (c->nr_unwanted == MAX_UNWANTED)
		return;
	c->unwanted[c->nr_unwanted].body = keep(r->t, last.body, last.hdr.len);
	c->unwanted[c->nr_unwanted++].len = last.hdr.len;
}

static void note_event(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];
	const char *path = last.body, *token = path + strlen(path) + 1;
	bool merges = !r->single || !server_is_c() ||
		      watches_alike(c->watches) || is_stock();
	struct entry *list = r->t->entries[conn];
	struct entry *e, event = { .hdr = last.hdr };
	unsigned int i, at = r->t->n[conn];

	if (token >= last.body + last.hdr.len)
		token = "";
	if (options.fault != FAULT_DEPTH && !r->file &&
	    !watches_want(c->watches, path, token)) {
		note_unwanted(r, conn);
		return;
	}
	if (fault(r, FAULT_LOST_EVENT) && *token == 'u')
		return;
	if (fault(r, FAULT_EVENT_TOKEN) && *token == 'v')
		last.body[token - last.body] = 'w';
	event.body = last.body;
	for (i = c->window; merges && i < at; i++)
		if (is_event(&list[i]) && same_bytes(&list[i], &event))
			return;
	if (fault(r, FAULT_EVENT_FIRST) && at > c->window)
		at--;
	e = add_entry(r, conn, at);
	e->hdr = last.hdr;
	e->body = keep(r->t, last.body, last.hdr.len);
	if (fault(r, FAULT_EXTRA_EVENT) && *token == 'u')
		*append(r, conn) = *e;
}

/*
 * A WATCH was made. If an event for another watch was its very first event, too,
 * and unread, then the server has merged them, and it was not unwanted.
 */
static void reclaim(struct run *r, unsigned int conn, const struct item *it)
{
	struct conn *c = &r->conns[conn];
	size_t len = string_end(it, 2);
	unsigned int i;

	for (i = 0; i < c->nr_unwanted; i++) {
		if (c->unwanted[i].len != len ||
		    memcmp(c->unwanted[i].body, it->body, len))
			continue;
		memset(&last.hdr, 0, sizeof(last.hdr));
		last.hdr.type = XS_WATCH_EVENT;
		last.hdr.len = len;
		memcpy(last.body, it->body, len);
		note_event(r, conn);
		return;
	}
}

static bool digits(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return len > 1 && !s[len - 1];
}

/* A START was answered: its transaction is known from now on. */
static void note_started(struct run *r, unsigned int conn, const struct item *it)
{
	struct tx *tx = &r->txs[r->nr_txs];
	unsigned int i;

	if (last.hdr.type != XS_TRANSACTION_START || !digits(last.body, last.hdr.len))
		return;
	tx->uid = it->uid;
	tx->id = strtoul(last.body, NULL, 10);
	tx->conn = conn;
	tx->open = tx->id;
	for (i = 0; i < r->nr_txs; i++)
		if (r->txs[i].open && r->txs[i].id == tx->id &&
		    (r->file || r->txs[i].conn == conn))
			tx->open = false;
	if (!tx->open)
		return;
	r->nr_txs++;
	strcpy(last.body, "*");
	last.hdr.len = 2;
}

/* Nodes that were there before this run keep the count that they have. */
static void relative_generation(struct run *r)
{
	size_t len = strlen(last.body) + 1, rest;
	char text[32];
	uint64_t n;

	if (last.hdr.type != XS_DIRECTORY_PART || !digits(last.body, len))
		return;
	n = strtoull(last.body, NULL, 10);
	if (n + RESET_CHANGES < r->generation)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)(n - r->generation));
	rest = last.hdr.len - len;
	memmove(last.body + strlen(text) + 1, last.body + len, rest);
	strcpy(last.body, text);
	last.hdr.len = strlen(text) + 1 + rest;
}

/* What the ABI says, in the place of what the server said */
static void reply_by_abi(const struct expected *x)
{
	last.hdr.type = XS_ERROR;
	last.hdr.req_id = x->it->req_id;
	last.hdr.tx_id = x->tx_id;
	strcpy(last.body, error_name(x->v.error));
	last.hdr.len = strlen(last.body) + 1;
}

static bool reply_is(int err)
{
	return last.hdr.type == XS_ERROR && !strcmp(last.body, error_name(err));
}

/* Where oxenstored and the file each have a way of their own: see abi.c. */
static void other_way(struct run *r, const struct expected *x)
{
	if (server_is_c() || (x->it->type != XS_WATCH &&
			      x->it->type != XS_UNWATCH))
		return;
	if (!r->file && x->tx_id && !last.hdr.tx_id) {
		intended[RULE_TX_ID].seen++;
		intended[RULE_TX_ID].differed++;
		last.hdr.tx_id = x->tx_id;
	}
	if (x->v.rule == RULE_RESERVED && x->it->type == XS_UNWATCH &&
	    reply_is(ENOENT)) {
		strcpy(last.body, error_name(EINVAL));
		last.hdr.len = strlen(last.body) + 1;
	}
}

/* A reply, in m, to @x; or NULL: to nothing that is known */
static void note_reply(struct run *r, unsigned int conn,
		       const struct expected *x)
{
	struct conn *c = &r->conns[conn];
	unsigned int at = r->t->n[conn];
	bool same_tx = x && last.hdr.tx_id == x->tx_id;
	struct entry *e;

	if (x && x->it->type == XS_TRANSACTION_START)
		note_started(r, conn, x->it);
	if (x)
		spoil_reply(r, x);
	relative_generation(r);
	if (x && x->v.error)
		while (at > c->window && is_event(&r->t->entries[conn][at - 1]))
			at--;
	if (fault(r, FAULT_LOST_REPLY) && last.hdr.type == XS_UNWATCH)
		return;
	e = add_entry(r, conn, at);
	e->uid = x ? x->it->uid : 0;
	e->local = x && x->v.error;
	e->hdr = last.hdr;
	if (same_tx && last.hdr.tx_id == x->tx_id)
		e->hdr.tx_id = x->tx_id != 0;
	e->body = keep(r->t, last.body, last.hdr.len);
	if (x && x->it->type == last.hdr.type && last.hdr.type == XS_RESET_WATCHES)
		end_txs(r, conn);
	if (x)
		watches_replied(c->watches, x->it, last.hdr.type == x->it->type);
	if (x && x->it->type == XS_WATCH && last.hdr.type == XS_WATCH)
		reclaim(r, conn, x->it);
}

void note_withheld(struct run *r, unsigned int conn, struct step *st)
{
	struct expected *x;

	while (st->next < st->n && !st->list[st->next].sent) {
		x = &st->list[st->next++];
		reply_by_abi(x);
		note_reply(r, conn, x);
	}
}

void note_message(struct run *r, unsigned int conn, struct step *st)
{
	struct expected *x = NULL;
	static struct msg came;

	if (last.hdr.type == XS_WATCH_EVENT) {
		note_event(r, conn);
		return;
	}
	if (st->next < st->n && !st->list[st->next].sent) {
		came = last;
		note_withheld(r, conn, st);
		last = came;
	}
	if (st->next < st->n)
		x = &st->list[st->next++];
	if (x && x->v.error && !r->file) {
		if (!reply_is(x->v.error))
			intended[x->v.rule].differed++;
		reply_by_abi(x);
	}
	if (x)
		other_way(r, x);
	note_reply(r, conn, x);
}

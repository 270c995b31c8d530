// SPDX-License-Identifier: GPL-2.0
/* Two transcripts: are they the same, and if not, where and how not? */
#include <string.h>

#include "differential.h"

static bool same_entry(const struct entry *a, const struct entry *b)
{
	if (a->note || b->note)
		return a->note && b->note && !strcmp(a->note, b->note);
	return a->uid == b->uid && a->step == b->step &&
	       !memcmp(&a->hdr, &b->hdr, sizeof(a->hdr)) &&
	       !memcmp(a->body, b->body, a->hdr.len);
}

static const struct entry *entry_at(const struct transcript *t,
				    unsigned int conn, unsigned int at)
{
	return at < t->n[conn] ? &t->entries[conn][at] : NULL;
}

/* The first one, by steps */
struct difference compare(const struct transcript *want,
			  const struct transcript *got)
{
	struct difference d = { .found = false };
	const struct entry *a, *b;
	unsigned int conn, i, step, first = ~0u;

	for (conn = 0; conn <= MAX_CONNS; conn++) {
		for (i = 0; ; i++) {
			a = entry_at(want, conn, i);
			b = entry_at(got, conn, i);
			if (!a && !b)
				break;
			if (a && b && same_entry(a, b))
				continue;
			step = !a || (b && b->step < a->step) ? b->step :
								a->step;
			if (step < first) {
				first = step;
				d.found = true;
				d.conn = conn;
				d.at = i;
			}
			break;
		}
	}
	return d;
}

static const struct item *item_of(const struct sequence *s, uint32_t uid)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		if (uid && s->items[i].uid == uid)
			return &s->items[i];
	return NULL;
}

static void print_entry(const char *who, const struct entry *e)
{
	printf("#   %s ", who);
	if (!e) {
		printf("(nothing)\n");
	} else if (e->note) {
		printf("(%s)\n", e->note);
	} else {
		printf("%s%s, request %u, transaction %s, ",
		       type_name(e->hdr.type), e->local ? " (local)" : "",
		       e->hdr.req_id, !e->hdr.tx_id ? "0" :
		       e->hdr.tx_id == 1 ? "its own" : "wrong");
		text_bytes(stdout, e->body, e->hdr.len);
		printf("\n");
	}
}

void difference_print(const struct difference *d, const struct transcript *want,
		      const struct transcript *got)
{
	unsigned int i, first = d->at > 2 ? d->at - 2 : 0;
	const struct entry *e;

	if (d->conn == CONTROL)
		printf("# The store is not the same in the end:\n");
	else
		printf("# Connection %u, message %u that came:\n", d->conn,
		       d->at + 1);
	for (i = first; i < d->at + 3; i++) {
		e = entry_at(want, d->conn, i);
		print_entry(i == d->at ? "* socket:" : "  socket:", e);
	}
	for (i = first; i < d->at + 3; i++) {
		e = entry_at(got, d->conn, i);
		print_entry(i == d->at ? "* file:  " : "  file:  ", e);
	}
}

static const char *kind_of_note(const struct item *it, const char *note)
{
	if (strcmp(note, "no reply") && strncmp(note, "no reply:", 9)) {
		if (it && it->len > PAYLOAD_MAX - HEADER)
			return "payload of more than 4080 bytes: write fails";
		if (it && it->type == XS_WATCH)
			return "WATCH: write fails, instead of a reply";
		if (it && it->type == XS_UNWATCH)
			return "UNWATCH: write fails, instead of a reply";
		return "write fails";
	}
	if (it && it->joined)
		return "several messages in a write: no reply";
	if (it && it->type == XS_TRANSACTION_END)
		return "END: no reply";
	return "no reply";
}

/* What sort of difference is it? For counting those of the stock driver */
const char *difference_kind(const struct difference *d,
			    const struct sequence *s,
			    const struct transcript *want,
			    const struct transcript *got)
{
	const struct entry *a = entry_at(want, d->conn, d->at);
	const struct entry *b = entry_at(got, d->conn, d->at);
	const struct item *it;
	bool event_a, event_b;

	if (b && b->note)
		return kind_of_note(item_of(s, b->uid), b->note);
	event_a = a && !a->note && a->hdr.type == XS_WATCH_EVENT;
	event_b = b && !b->note && b->hdr.type == XS_WATCH_EVENT;
	if (event_a && event_b)
		return "event: another one, or in another order";
	if (event_b)
		return a ? "event: before a reply, or one too many" :
			   "event: one too many";
	if (event_a)
		return b ? "event: behind a reply, or missing" :
			   "event: missing";
	if (d->conn == CONTROL)
		return "the store is not the same in the end";
	it = item_of(s, a && !a->note ? a->uid : b ? b->uid : 0);
	if (it && it->tx && a && a->local)
		return "reply: transaction of another open, or of nobody";
	if (it && it->type == XS_WATCH)
		return "reply: WATCH";
	if (it && it->type == XS_UNWATCH)
		return "reply: UNWATCH";
	return "reply: other";
}

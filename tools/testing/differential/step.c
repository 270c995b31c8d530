// SPDX-License-Identifier: GPL-2.0
/*
 * Run a sequence over the socket, or over the file, and note what comes back.
 *
 * Behind each step a request is sent that changes nothing; its reply tells that
 * all replies and events before it have come. Events for another connection are
 * sent by the server before it answers the step, or at least before it looks at
 * what comes next: so the same request on that connection brings them in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "run.h"
#include "target.h"

/* The stock driver loses replies, and its events come when they come. */
#define STOCK_REPLY_MS	150
#define STOCK_QUIET_MS	25

#define HOME		"/local/domain/0"

static void add_sync(struct step *st)
{
	st->len += msg_string(st->bytes + st->len, XS_GET_DOMAIN_PATH, SYNC_ID,
			      0, "0");
}

static bool is_sync(void)
{
	return last.hdr.req_id == SYNC_ID && last.hdr.type == XS_GET_DOMAIN_PATH &&
	       last.hdr.len == sizeof(HOME) && !strcmp(last.body, HOME);
}

int receive(struct run *r, unsigned int conn, int timeout_ms)
{
	int err = client_recv(r->conns[conn].client, &last, timeout_ms);

	return !err && last.hdr.len > PAYLOAD_MAX ? -EMSGSIZE : err;
}

/* Note all that comes, up to the reply that ends the step. */
static void read_step(struct run *r, unsigned int conn, struct step *st)
{
	int err;

	for (;;) {
		err = receive(r, conn, DEADLINE_MS);
		if (err) {
			broken(r, conn, st->next < st->n ?
			       st->list[st->next].it->uid : 0,
			       err == -EMSGSIZE ? "too long" : "no reply",
			       -err);
			return;
		}
		if (is_sync())
			break;
		note_message(r, conn, st);
	}
	note_withheld(r, conn, st);
	if (st->next < st->n)
		broken(r, conn, st->list[st->next].it->uid, "no reply", 0);
}

/* Nothing may be in flight while the next message is written: stock driver. */
static void read_stock(struct run *r, unsigned int conn, struct step *st)
{
	int err = 0;

	note_withheld(r, conn, st);
	while (st->next < st->n && !err) {
		err = receive(r, conn, STOCK_REPLY_MS);
		if (!err)
			note_message(r, conn, st);
		note_withheld(r, conn, st);
	}
	if (err)
		broken(r, conn, st->list[st->next].it->uid, "no reply", 0);
	while (r->conns[conn].watched &&
	       !receive(r, conn, STOCK_QUIET_MS))
		note_message(r, conn, st);
}

void finish_step(struct run *r, unsigned int conn, struct step *st)
{
	struct client *c = r->conns[conn].client;
	uint32_t uid = st->n ? st->list[0].it->uid : 0;
	bool vector = st->n && st->list[0].it->vector;
	bool stock = r->file && is_stock();
	int err = 0;

	if (!stock)
		add_sync(st);
	if (st->len)
		err = vector ? write_vector(c, st) : write_pieces(c, st);
	if (err)
		broken(r, conn, uid, "write failed", -err);
	else if (stock)
		read_stock(r, conn, st);
	else
		read_step(r, conn, st);
}

void step_begin(struct step *st)
{
	st->n = 0;
	st->next = 0;
	st->len = 0;
	st->pieces = 0;
}

/* May events for others come of it? */
static bool changes(const struct expected *x)
{
	switch (x->it->type) {
	case XS_WRITE:
	case XS_MKDIR:
	case XS_RM:
	case XS_SET_PERMS:
	case XS_TRANSACTION_END:
		return !x->v.error;
	default:
		return false;
	}
}

static void sync_others(struct run *r, unsigned int conn,
			const struct step *done)
{
	static struct step st;
	bool needed = false;
	unsigned int i;

	for (i = 0; i < done->n; i++)
		needed |= changes(&done->list[i]);
	for (i = 0; needed && i < r->s->conns && !r->t->broken; i++) {
		if (i == conn || !r->conns[i].watched)
			continue;
		step_begin(&st);
		finish_step(r, i, &st);
	}
}

static int by_body(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t len = x->hdr.len < y->hdr.len ? x->hdr.len : y->hdr.len;
	int d = memcmp(x->body, y->body, len);

	return d ? d : (int)x->hdr.len - (int)y->hdr.len;
}

/* The path of an event, if that is below dom0's own directory by its relative name */
static const char *event_node(const struct entry *e)
{
	static const char home[] = "/local/domain/0/";

	return strncmp(e->body, home, strlen(home)) ? e->body :
						      e->body + strlen(home);
}

/* May the order of the two be another one? They tell of one change, or may. */
static bool unordered(const struct entry *a, const struct entry *b,
		      bool ambiguous)
{
	return ambiguous || !strcmp(event_node(a), event_node(b));
}

/* Order such events by what they say, between one reply and the next. */
static void sort_events(struct run *r, unsigned int conn, bool ambiguous)
{
	struct entry *list = r->t->entries[conn];
	unsigned int i = r->conns[conn].window, n;

	for (; i < r->t->n[conn]; i += n) {
		n = 1;
		if (!is_event(&list[i]))
			continue;
		while (i + n < r->t->n[conn] && is_event(&list[i + n]) &&
		       unordered(&list[i], &list[i + n], ambiguous))
			n++;
		qsort(list + i, n, sizeof(*list), by_body);
	}
}

void begin_windows(struct run *r)
{
	unsigned int i;

	for (i = 0; i < r->s->conns; i++) {
		r->conns[i].window = r->t->n[i];
		r->conns[i].nr_unwanted = 0;
	}
}

static void end_windows(struct run *r, const bool *ambiguous)
{
	const struct watches *watches;
	unsigned int i;

	for (i = 0; i < r->s->conns; i++) {
		watches = r->conns[i].watches;
		sort_events(r, i, ambiguous[i] || watches_ambiguous(watches));
	}
}

static void run_messages(struct run *r, const struct item *it, unsigned int n)
{
	unsigned int i, conn = it->conn;
	struct conn *c = &r->conns[conn];
	bool ambiguous[MAX_CONNS];
	static struct step st;

	if (c->dead)
		return;
	for (i = 0; i < r->s->conns; i++)
		ambiguous[i] = watches_ambiguous(r->conns[i].watches);
	step_begin(&st);
	for (i = 0; i < n; i++) {
		if (!expect(r, &st.list[st.n], it + i))
			continue;
		c->watched |= it[i].type == XS_WATCH;
		if (st.list[st.n++].sent)
			add_message(r, &st, &st.list[st.n - 1], n == 1);
	}
	r->single = st.n == 1;
	begin_windows(r);
	finish_step(r, conn, &st);
	sync_others(r, conn, &st);
	if (!r->t->broken)
		end_windows(r, ambiguous);
}

void conn_open(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];

	memset(c, 0, sizeof(*c));
	c->client = client_open(r->path);
	c->watches = watches_new();
}

void conn_close(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];

	client_close(c->client);
	watches_free(c->watches);
	end_txs(r, conn);
}

/* EOF comes when the open's last requests are done with. */
static bool at_end_of_file(struct client *c)
{
	long end = now_ms() + DEADLINE_MS;
	char byte;
	ssize_t n;

	do {
		n = read(c->fd, &byte, 1);
		if (n < 0 && errno == EAGAIN)
			usleep(100);
	} while (n < 0 && errno == EAGAIN && now_ms() < end);
	return !n;
}

/* Contract W2; the server, too, can't be used with such a connection again. */
static void run_break(struct run *r, const struct item *it)
{
	struct xsd_sockmsg hdr = { XS_READ, 1, 0, it->len };
	struct conn *c = &r->conns[it->conn];
	const char *wrong = NULL;
	struct entry *e;

	if (c->dead || is_stock())
		return;
	c->dead = true;
	c->watched = false;
	end_txs(r, it->conn);
	if (!r->file) {
		intended[RULE_BREAK].seen++;
		intended[RULE_BREAK].differed++;
	}
	if (r->file) {
		if (write(c->client->fd, &hdr, sizeof(hdr)) != -1 ||
		    errno != E2BIG)
			wrong = "the write does not say E2BIG";
		else if (write(c->client->fd, &hdr, 1) != -1 || errno != EPIPE)
			wrong = "a later write does not say EPIPE";
		else if (!at_end_of_file(c->client))
			wrong = "a read does not say end of file";
	} else {
		close(c->client->fd);
		c->client->fd = -1;
	}
	e = append(r, it->conn);
	e->uid = it->uid;
	e->note = wrong ? wrong : "dead";
}

unsigned int run_step(struct run *r, unsigned int at)
{
	const struct item *it = &r->s->items[at];
	unsigned int n = 1;

	r->step++;
	switch (it->op) {
	case OP_REOPEN:
		conn_close(r, it->conn);
		conn_open(r, it->conn);
		break;
	case OP_BREAK:
		run_break(r, it);
		break;
	case OP_MESSAGE:
		while (at + n < r->s->n && it[n].joined && n < MAX_BATCH &&
		       !options.gentle && it[n].op == OP_MESSAGE &&
		       it[n].conn == it->conn)
			n++;
		run_messages(r, it, n);
		break;
	}
	return n;
}

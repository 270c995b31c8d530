// SPDX-License-Identifier: GPL-2.0
/*
 * Run a sequence over the socket, or over the file, and note what comes back.
 *
 * Behind each step a request is sent that changes nothing; its reply tells that
 * all replies and events before it have come. Events for another connection are
 * sent by the server before it answers the step, or at least before it looks at
 * what comes next: so the same request on that connection brings them in.
 *
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
 *    come between two replies is not told.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "differential.h"
#include "tap.h"
#include "target.h"

#define MAX_UNWANTED	64
#define MEMORY_MAX	(16 * 1024 * 1024)
#define ENTRIES_MAX	8192
#define SYNC_ID		0xfeedbeef
/* More than the generations that reset_store() counts after its RMs */
#define RESET_CHANGES	30
#define HOME		"/local/domain/0"

/* The stock driver loses replies, and its events come when they come. */
#define STOCK_REPLY_MS	150
#define STOCK_QUIET_MS	25

/* An event that came over the socket and would not over the file */
struct unwanted {
	const char *body;
	uint32_t len;
};

struct conn {
	struct client *client;
	struct watches *watches;
	bool watched;			/* events may come */
	bool dead;
	unsigned int window;		/* its entries before this step */
	struct unwanted unwanted[MAX_UNWANTED];	/* in this step */
	unsigned int nr_unwanted;
};

struct tx {
	uint32_t uid;
	uint32_t id;
	uint8_t conn;
	bool open;
};

struct run {
	const struct sequence *s;
	struct transcript *t;
	bool file;
	const char *path;
	struct conn conns[MAX_CONNS];
	struct tx txs[MAX_ITEMS];
	unsigned int nr_txs;
	uint64_t generation;
	uint16_t step;
	bool single;			/* the step is of one message */
};

struct expected {
	const struct item *it;
	struct verdict v;
	bool sent;
	uint32_t tx_id;
};

struct step {
	struct expected list[MAX_BATCH];
	unsigned int n, next;
	size_t len, pieces;
	size_t ends[MAX_BATCH * (MAX_CUTS + 64)];
	char bytes[MAX_BATCH * (HEADER + PAYLOAD_MAX) + 64];
};

static struct client *control;
static struct msg m;

/* --- The transcript ----------------------------------------------------- */

static void transcript_begin(struct transcript *t)
{
	unsigned int i;

	if (!t->memory) {
		t->memory = malloc(MEMORY_MAX);
		for (i = 0; i <= MAX_CONNS; i++)
			t->entries[i] = calloc(ENTRIES_MAX,
					       sizeof(struct entry));
		if (!t->memory || !t->entries[MAX_CONNS])
			bail("no memory");
	}
	memset(t->n, 0, sizeof(t->n));
	t->used = 0;
	t->broken = false;
}

static char *keep(struct transcript *t, const void *bytes, size_t len)
{
	char *copy = t->memory + t->used;

	if (len >= MEMORY_MAX - t->used)
		bail("a transcript is too long");
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	t->used += len + 1;
	return copy;
}

static struct entry *add_entry(struct run *r, unsigned int conn,
			       unsigned int at)
{
	struct transcript *t = r->t;
	struct entry *e = &t->entries[conn][at];

	if (t->n[conn] == ENTRIES_MAX)
		bail("a transcript is too long");
	memmove(e + 1, e, (t->n[conn]++ - at) * sizeof(*e));
	memset(e, 0, sizeof(*e));
	e->step = r->step;
	return e;
}

static struct entry *append(struct run *r, unsigned int conn)
{
	return add_entry(r, conn, r->t->n[conn]);
}

/* No message, but what happened instead; nothing more can be told then. */
static void broken(struct run *r, unsigned int conn, uint32_t uid,
		   const char *what, int err)
{
	struct entry *e = append(r, conn);
	char note[128];

	snprintf(note, sizeof(note), "%s%s%s", what, err ? ": " : "",
		 err ? strerror(err) : "");
	e->uid = uid;
	e->note = keep(r->t, note, strlen(note));
	r->t->broken = true;
}

static bool is_event(const struct entry *e)
{
	return !e->note && e->hdr.type == XS_WATCH_EVENT;
}

static bool same_bytes(const struct entry *a, const struct entry *b)
{
	return a->hdr.len == b->hdr.len &&
	       !memcmp(a->body, b->body, a->hdr.len);
}

/* --- Faults, to see that they are seen ---------------------------------- */

enum fault {
	FAULT_NONE, FAULT_BYTE, FAULT_LENGTH, FAULT_REQ_ID, FAULT_TX_ID,
	FAULT_TYPE, FAULT_LOST_REPLY, FAULT_LOST_EVENT, FAULT_EXTRA_EVENT,
	FAULT_EVENT_FIRST, FAULT_EVENT_TOKEN, FAULT_DEPTH,
};

static bool fault(const struct run *r, enum fault which)
{
	return r->file && (enum fault)options.fault == which;
}

static void spoil_reply(struct run *r, const struct expected *x)
{
	if (fault(r, FAULT_BYTE) && m.hdr.type == XS_READ && m.hdr.len > 900)
		m.body[m.hdr.len - 1] ^= 1;
	if (fault(r, FAULT_LENGTH) && m.hdr.type == XS_DIRECTORY && m.hdr.len)
		m.hdr.len--;
	if (fault(r, FAULT_REQ_ID) && m.hdr.type == XS_GET_PERMS)
		m.hdr.req_id++;
	if (fault(r, FAULT_TX_ID) && m.hdr.type == XS_ERROR && x->tx_id)
		m.hdr.tx_id = 0;
	if (fault(r, FAULT_TYPE) && m.hdr.type == XS_SET_PERMS)
		m.hdr.type = XS_MKDIR;
}

/* --- Transactions ------------------------------------------------------- */

static struct tx *find_tx(struct run *r, uint32_t uid)
{
	unsigned int i;

	for (i = 0; i < r->nr_txs; i++)
		if (r->txs[i].uid == uid)
			return &r->txs[i];
	return NULL;
}

static void end_txs(struct run *r, unsigned int conn)
{
	unsigned int i;

	for (i = 0; i < r->nr_txs; i++)
		if (r->txs[i].conn == conn)
			r->txs[i].open = false;
}

/* --- What came ---------------------------------------------------------- */

static void note_unwanted(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];

	if (c->nr_unwanted == MAX_UNWANTED)
		return;
	c->unwanted[c->nr_unwanted].body = keep(r->t, m.body, m.hdr.len);
	c->unwanted[c->nr_unwanted++].len = m.hdr.len;
}

static void note_event(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];
	const char *path = m.body, *token = path + strlen(path) + 1;
	bool merges = !r->single || !server_is_c() ||
		      watches_alike(c->watches) || is_stock();
	struct entry *list = r->t->entries[conn];
	struct entry *e, event = { .hdr = m.hdr };
	unsigned int i, at = r->t->n[conn];

	if (token >= m.body + m.hdr.len)
		token = "";
	if (options.fault != FAULT_DEPTH && !r->file &&
	    !watches_want(c->watches, path, token)) {
		note_unwanted(r, conn);
		return;
	}
	if (fault(r, FAULT_LOST_EVENT) && *token == 'u')
		return;
	if (fault(r, FAULT_EVENT_TOKEN) && *token == 'v')
		m.body[token - m.body] = 'w';
	event.body = m.body;
	for (i = c->window; merges && i < at; i++)
		if (is_event(&list[i]) && same_bytes(&list[i], &event))
			return;
	if (fault(r, FAULT_EVENT_FIRST) && at > c->window)
		at--;
	e = add_entry(r, conn, at);
	e->hdr = m.hdr;
	e->body = keep(r->t, m.body, m.hdr.len);
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
		memset(&m.hdr, 0, sizeof(m.hdr));
		m.hdr.type = XS_WATCH_EVENT;
		m.hdr.len = len;
		memcpy(m.body, it->body, len);
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

	if (m.hdr.type != XS_TRANSACTION_START || !digits(m.body, m.hdr.len))
		return;
	tx->uid = it->uid;
	tx->id = strtoul(m.body, NULL, 10);
	tx->conn = conn;
	tx->open = tx->id;
	for (i = 0; i < r->nr_txs; i++)
		if (r->txs[i].open && r->txs[i].id == tx->id &&
		    (r->file || r->txs[i].conn == conn))
			tx->open = false;
	if (!tx->open)
		return;
	r->nr_txs++;
	strcpy(m.body, "*");
	m.hdr.len = 2;
}

/* Nodes that were there before this run keep the count that they have. */
static void relative_generation(struct run *r)
{
	size_t len = strlen(m.body) + 1, rest;
	char text[32];
	uint64_t n;

	if (m.hdr.type != XS_DIRECTORY_PART || !digits(m.body, len))
		return;
	n = strtoull(m.body, NULL, 10);
	if (n + RESET_CHANGES < r->generation)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)(n - r->generation));
	rest = m.hdr.len - len;
	memmove(m.body + strlen(text) + 1, m.body + len, rest);
	strcpy(m.body, text);
	m.hdr.len = strlen(text) + 1 + rest;
}

/* What the ABI says, in the place of what the server said */
static void reply_by_abi(const struct expected *x)
{
	m.hdr.type = XS_ERROR;
	m.hdr.req_id = x->it->req_id;
	m.hdr.tx_id = x->tx_id;
	strcpy(m.body, error_name(x->v.error));
	m.hdr.len = strlen(m.body) + 1;
}

static bool reply_is(int err)
{
	return m.hdr.type == XS_ERROR && !strcmp(m.body, error_name(err));
}

/* Where oxenstored and the file each have a way of their own: see abi.c. */
static void other_way(struct run *r, const struct expected *x)
{
	if (server_is_c() || (x->it->type != XS_WATCH &&
			      x->it->type != XS_UNWATCH))
		return;
	if (!r->file && x->tx_id && !m.hdr.tx_id) {
		intended[RULE_TX_ID].seen++;
		intended[RULE_TX_ID].differed++;
		m.hdr.tx_id = x->tx_id;
	}
	if (x->v.rule == RULE_RESERVED && x->it->type == XS_UNWATCH &&
	    reply_is(ENOENT)) {
		strcpy(m.body, error_name(EINVAL));
		m.hdr.len = strlen(m.body) + 1;
	}
}

/* A reply, in m, to @x; or NULL: to nothing that is known */
static void note_reply(struct run *r, unsigned int conn,
		       const struct expected *x)
{
	struct conn *c = &r->conns[conn];
	unsigned int at = r->t->n[conn];
	bool same_tx = x && m.hdr.tx_id == x->tx_id;
	struct entry *e;

	if (x && x->it->type == XS_TRANSACTION_START)
		note_started(r, conn, x->it);
	if (x)
		spoil_reply(r, x);
	relative_generation(r);
	if (x && x->v.error)
		while (at > c->window && is_event(&r->t->entries[conn][at - 1]))
			at--;
	if (fault(r, FAULT_LOST_REPLY) && m.hdr.type == XS_UNWATCH)
		return;
	e = add_entry(r, conn, at);
	e->uid = x ? x->it->uid : 0;
	e->local = x && x->v.error;
	e->hdr = m.hdr;
	if (same_tx && m.hdr.tx_id == x->tx_id)
		e->hdr.tx_id = x->tx_id != 0;
	e->body = keep(r->t, m.body, m.hdr.len);
	if (x && x->it->type == m.hdr.type && m.hdr.type == XS_RESET_WATCHES)
		end_txs(r, conn);
	if (x)
		watches_replied(c->watches, x->it, m.hdr.type == x->it->type);
	if (x && x->it->type == XS_WATCH && m.hdr.type == XS_WATCH)
		reclaim(r, conn, x->it);
}

/* Those that the server was spared */
static void note_withheld(struct run *r, unsigned int conn, struct step *st)
{
	struct expected *x;

	while (st->next < st->n && !st->list[st->next].sent) {
		x = &st->list[st->next++];
		reply_by_abi(x);
		note_reply(r, conn, x);
	}
}

static void note_message(struct run *r, unsigned int conn, struct step *st)
{
	struct expected *x = NULL;
	static struct msg came;

	if (m.hdr.type == XS_WATCH_EVENT) {
		note_event(r, conn);
		return;
	}
	if (st->next < st->n && !st->list[st->next].sent) {
		came = m;
		note_withheld(r, conn, st);
		m = came;
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

/* --- Writing ------------------------------------------------------------ */

/* What is written ends a transaction, even if its reply tells of an error. */
static void expect_ends(struct run *r, const struct item *it, struct tx *tx)
{
	if (it->type == XS_TRANSACTION_END && tx)
		tx->open = false;
	if (it->type == XS_RESET_WATCHES)
		end_txs(r, it->conn);
}

/*
 * The file is told of another's transaction, or one that is over, by its id.
 * The socket is not: there every connection counts for itself.
 */
static bool expect(struct run *r, struct expected *x, const struct item *it)
{
	struct tx *tx = it->tx ? find_tx(r, it->tx) : NULL;
	bool known = !it->tx || (tx && tx->open && tx->conn == it->conn);

	memset(x, 0, sizeof(*x));
	x->it = it;
	x->v = abi_verdict(it, known);
	if (is_stock() && !stock_survives(it, &x->v))
		return false;
	if (it->tx)
		x->tx_id = tx && (known || r->file) ? tx->id : TX_NOBODY;
	x->sent = r->file || !x->v.withheld;
	if (!x->v.error)
		expect_ends(r, it, tx);
	if (!r->file && x->v.rule) {
		intended[x->v.rule].seen++;
		intended[x->v.rule].differed += !x->sent;
	}
	return true;
}

static void cut(struct step *st, size_t at)
{
	size_t i = st->pieces;

	while (i && st->ends[i - 1] > at) {
		st->ends[i] = st->ends[i - 1];
		i--;
	}
	if (i && st->ends[i - 1] == at) {
		memmove(st->ends + i, st->ends + i + 1,
			(st->pieces - i) * sizeof(*st->ends));
		return;
	}
	st->ends[i] = at;
	st->pieces++;
}

static void add_cuts(struct step *st, const struct item *it, size_t from)
{
	size_t i, size = st->len - from;

	for (i = 0; i < it->cuts; i++)
		if (it->cut[i] && it->cut[i] <= size)
			cut(st, from + it->cut[i]);
	for (i = 1; it->bytewise && i < size && i < 60; i++)
		cut(st, from + i);
}

static void add_message(struct run *r, struct step *st,
			const struct expected *x, bool alone)
{
	const struct item *it = x->it;
	size_t from = st->len, len = it->len;

	if (!r->file && x->v.rewritten &&
	    (x->v.rule == RULE_DEPTH || !server_is_c())) {
		len = string_end(it, 2);
		intended[x->v.rule].differed++;
	}
	st->len += msg_build(st->bytes + from, it->type, it->req_id, x->tx_id,
			     it->body, len);
	/* The stock driver loses its place among bytes that it does not want. */
	if (!is_stock() || (alone && st->len <= PAYLOAD_MAX))
		add_cuts(st, it, from);
}

static int write_vector(struct client *c, const struct step *st)
{
	struct iovec iov[MAX_BATCH * (MAX_CUTS + 64) + 1];
	size_t i, at = 0;
	ssize_t n;

	for (i = 0; i <= st->pieces; i++) {
		iov[i].iov_base = (char *)st->bytes + at;
		iov[i].iov_len = (i < st->pieces ? st->ends[i] : st->len) - at;
		at += iov[i].iov_len;
	}
	n = writev(c->fd, iov, st->pieces + 1);
	if (n < 0 && errno != EAGAIN)
		return -errno;
	if (n < 0)
		n = 0;
	return client_raw(c, st->bytes + n, st->len - n);
}

static int write_pieces(struct client *c, const struct step *st)
{
	size_t i, at = 0, end;
	int err;

	for (i = 0; i <= st->pieces; i++) {
		end = i < st->pieces ? st->ends[i] : st->len;
		err = client_raw(c, st->bytes + at, end - at);
		if (err)
			return err;
		at = end;
	}
	return 0;
}

static void add_sync(struct step *st)
{
	st->len += msg_string(st->bytes + st->len, XS_GET_DOMAIN_PATH, SYNC_ID,
			      0, "0");
}

static bool is_sync(void)
{
	return m.hdr.req_id == SYNC_ID && m.hdr.type == XS_GET_DOMAIN_PATH &&
	       m.hdr.len == sizeof(HOME) && !strcmp(m.body, HOME);
}

static int receive(struct run *r, unsigned int conn, int timeout_ms)
{
	int err = client_recv(r->conns[conn].client, &m, timeout_ms);

	return !err && m.hdr.len > PAYLOAD_MAX ? -EMSGSIZE : err;
}

/* --- Steps -------------------------------------------------------------- */

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

static void finish_step(struct run *r, unsigned int conn, struct step *st)
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

static void step_begin(struct step *st)
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

/* Order events by what they say, between one reply and the next. */
static void sort_events(struct run *r, unsigned int conn)
{
	struct entry *list = r->t->entries[conn];
	unsigned int i = r->conns[conn].window, n;

	while (i < r->t->n[conn]) {
		for (n = 0; i + n < r->t->n[conn] && is_event(&list[i + n]); )
			n++;
		qsort(list + i, n, sizeof(*list), by_body);
		i += n + 1;
	}
}

static void begin_windows(struct run *r)
{
	unsigned int i;

	for (i = 0; i < r->s->conns; i++) {
		r->conns[i].window = r->t->n[i];
		r->conns[i].nr_unwanted = 0;
	}
}

static void end_windows(struct run *r, const bool *ambiguous)
{
	unsigned int i;

	for (i = 0; i < r->s->conns; i++)
		if (ambiguous[i] || watches_ambiguous(r->conns[i].watches))
			sort_events(r, i);
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

static void conn_open(struct run *r, unsigned int conn)
{
	struct conn *c = &r->conns[conn];

	memset(c, 0, sizeof(*c));
	c->client = client_open(r->path);
	c->watches = watches_new();
}

static void conn_close(struct run *r, unsigned int conn)
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

static unsigned int run_step(struct run *r, unsigned int at)
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

/* --- The store ---------------------------------------------------------- */

/* It can't be made shorter without a server: say all there is to say. */
__attribute__((noreturn))
static void server_lost(const struct run *r, const struct run *before, int err)
{
	const struct entry *e;
	unsigned int i;

	if (!r->t || !r->t->broken)
		r = before;
	printf("# The server is gone, while this was run over the %s, in step %u:\n",
	       r->file ? "file" : "socket", r->step);
	if (r->s)
		text_print(stdout, "#     ", r->s);
	for (i = 0; r->t && i < MAX_CONNS; i++) {
		e = &r->t->entries[i][r->t->n[i] - 1];
		if (r->t->n[i])
			printf("# Last on connection %u: %s, of item %u\n", i,
			       e->note ? e->note : type_name(e->hdr.type),
			       e->uid);
	}
	bail("the server does not answer: %s", strerror(-err));
}

static size_t put(char *buf, uint32_t type, const char *body, size_t len)
{
	return msg_build(buf, type, SYNC_ID, 0, body, len);
}

#define PUT(type, body) \
	(len += put(buf + len, type, body, sizeof(body) - 1), n++)

/* Make the store what it is at the start of each run. */
static void reset_store(struct run *r)
{
	static struct run before;
	unsigned int n = 0;
	char buf[1024];
	size_t len = 0;
	int err;

	PUT(XS_RM, "/d\0");
	PUT(XS_RM, "d\0");
	if (!server_is_c())	/* takes that for a path */
		PUT(XS_RM, "@foo\0");
	PUT(XS_WRITE, "/d/a\0one");
	PUT(XS_WRITE, "/d/a/b\0");
	PUT(XS_WRITE, "/d/x\0a value");
	PUT(XS_SET_PERMS, "/d/x\0n0\0r1\0");
	PUT(XS_WRITE, "d/a\0three");
	PUT(XS_DIRECTORY_PART, "/d\0000\0");
	err = client_raw(control, buf, len);
	while (n-- && !err)
		err = client_reply(control, &m);
	if (err)
		server_lost(r, &before, err);
	before = *r;
	r->generation = strtoull(m.body, NULL, 10);
	if (m.hdr.type != (server_is_c() ? XS_DIRECTORY_PART : XS_ERROR))
		bail("the store cannot be made: '%s'", m.body);
}

/* ... and look at what it has become. */
static void read_store(struct run *r)
{
	unsigned int n = 0;
	char buf[1024];
	size_t len = 0;
	struct entry *e;
	int err;

	PUT(XS_READ, "/d/a\0");
	PUT(XS_READ, "/d/a/b\0");
	PUT(XS_READ, "/d/x/y\0");
	PUT(XS_GET_PERMS, "/d/x\0");
	PUT(XS_DIRECTORY, "/d\0");
	PUT(XS_DIRECTORY, "/d/x\0");
	PUT(XS_DIRECTORY, "d\0");
	err = client_raw(control, buf, len);
	while (n-- && !err) {
		err = client_reply(control, &m);
		if (err)
			break;
		e = append(r, CONTROL);
		e->hdr = m.hdr;
		e->body = keep(r->t, m.body, m.hdr.len);
	}
	if (err)
		server_lost(r, r, err);
}

/* What comes although everything was read */
static void read_rest(struct run *r, unsigned int conn)
{
	struct step st = { .n = 0 };

	if (r->conns[conn].dead)
		return;
	while (!receive(r, conn, 0))
		note_message(r, conn, &st);
}

void run(const struct sequence *s, bool file, struct transcript *t)
{
	struct run r = {
		.s = s,
		.t = t,
		.file = file && !is_socket(),
		.path = file ? file_path() : socket_path(),
	};
	unsigned int i;

	transcript_begin(t);
	reset_store(&r);
	for (i = 0; i < s->conns; i++)
		conn_open(&r, i);
	for (i = 0; i < s->n && !t->broken; )
		i += run_step(&r, i);
	r.step++;
	begin_windows(&r);
	for (i = 0; i < s->conns; i++)
		read_rest(&r, i);
	if (!t->broken)
		read_store(&r);
	for (i = 0; i < s->conns; i++)
		conn_close(&r, i);
}

/* Generations from before are to be told from those of a run: count some. */
void run_init(void)
{
	struct run r = { .s = NULL };
	unsigned int i;

	control = client_open(socket_path());
	for (i = 0; i < RESET_CHANGES; i++)
		reset_store(&r);
}

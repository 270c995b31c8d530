// SPDX-License-Identifier: GPL-2.0
/*
 * Suspends of the domain: some that are cancelled (a checkpoint), which nobody
 * must see, some with a save and a restore, and a migration, which has both at
 * once, with everything in every state.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "deadline.h"
#include "domu.h"
#include "job.h"
#include "kernel.h"
#include "tap.h"
#include "target.h"

/* Of each kind, in a row */
#define TIMES	5

/* Messages of a series that nobody reads before the suspend */
#define UNREAD	16

/* Opens that hold transactions */
#define HOLDERS	3

/* Opens that wait for one */
#define WAITING	3

/* What becomes of a transaction */
enum {
	FRESH,		/* nothing is done in it before its END */
	WRITTEN,	/* a WRITE before the suspend */
	USED,		/* a WRITE before, and one after */
	ABORTED,	/* a WRITE before, and END F */
	FATES
};

static struct {
	const char *name;	/* what kind of suspend it is; for dom0.sh, too */
	bool restored;
	unsigned int restores;	/* of those */
	char text[48];		/* what to call this one */
	long room;		/* STARTs that worked before the first */

	struct client *control;
	struct client *holders[HOLDERS];
	struct client *leaving;	/* has a transaction, is closed just before */
	struct client *late;	/* the same, but is closed after it */
	struct client *watcher;	/* a watch with no event */
	struct client *unread;	/* replies and an event that nobody has read */
	struct client *blocked;	/* a reader that waits */
	struct client *waiting[WAITING];

	uint32_t tx[CLIENTS];
	unsigned int transactions;	/* of the holders */
	uint32_t unread_id;	/* of its first message */
	struct job job;
	struct transfer transfer;
	struct msg event;	/* what the reader that waits gets */
} s;

/* --- How much there is -------------------------------------------------- */

int all_transactions(void)
{
	long n = file_number("/sys/module/xenfs/parameters/all_transactions");

	return n < 0 ? MANY : n;
}

long module_references(void)
{
	return file_number("/sys/module/xenfs/refcnt");
}

bool module_settles(long references)
{
	long end = now_ms() + DEADLINE_MS;

	while (module_references() > references && now_ms() < end)
		sleep_ms(10);
	if (module_references() <= references)
		return true;
	diag("%ld references to the module, expected %ld", module_references(),
	     references);
	return false;
}

/*
 * How many STARTs work. A refused one must be made good for before a suspend
 * begins, so it waits for that.
 */
static long room(void)
{
	long before = module_references();
	struct client *c = client_new();
	uint32_t tx[MANY];
	int n, i, err, end = 0;

	for (n = 0; n < MANY; n++) {
		err = call_start(c, &tx[n]);
		if (err)
			break;
	}
	for (i = 0; i < n; i++)
		end = end ?: call_end(c, tx[i], false);
	client_close(c);
	if (err == ENOSPC && !end && module_settles(before))
		return n;
	diag("START %d: %d; END: %d", n, err, end);
	return -1;
}

static void same_room(void)
{
	if (is_stock())
		skip("a START that is refused ends all suspends",
		     "[T1, T2] %s: as many STARTs work", s.text);
	else
		is(room(), s.room, "[T1, T2] %s: as many STARTs work", s.text);
}

/* --- Before ------------------------------------------------------------- */

static int watch_now(struct client *c, const char *path)
{
	struct msg m;

	return call_watch(c, XS_WATCH, path, "t") ?:
	       client_event(c, &m, DEADLINE_MS);
}

static void open_all(void)
{
	int err = 0, i;

	s.control = client_new();
	for (i = 0; i < HOLDERS; i++)
		s.holders[i] = client_new();
	s.watcher = client_new();
	err = err ?: watch_now(s.watcher, "data/w");
	err = err ?: watch_now(s.watcher, "data/dropped");
	err = err ?: call_watch(s.watcher, XS_UNWATCH, "data/dropped", "t");
	s.unread = client_new();
	err = err ?: watch_now(s.unread, "data/event");
	s.blocked = client_new();
	err = err ?: watch_now(s.blocked, "data/blocked");
	client_block(s.blocked, true);
	is(err, 0, "[E1, E2] watches before the suspends");
	if (is_stock())
		return;
	s.room = room();
	ok(s.room > 0, "[T1] %ld STARTs work before the suspends", s.room);
}

static void close_all(void)
{
	int i;

	client_close(s.control);
	for (i = 0; i < HOLDERS; i++)
		client_close(s.holders[i]);
	client_close(s.watcher);
	client_close(s.unread);
	client_close(s.blocked);
}

static struct client *holder(unsigned int i)
{
	return s.holders[i % HOLDERS];
}

static char *node(unsigned int i)
{
	static char path[32];

	snprintf(path, sizeof(path), "data/t%u", i);
	return path;
}

/* Two of those that clients may have are for opens that will be closed. */
static void start_transactions(void)
{
	int all = all_transactions(), err = 0;
	unsigned int i;

	s.transactions = (all < CLIENTS ? all : CLIENTS) - 2;
	for (i = 0; i < s.transactions; i++) {
		err = err ?: call_write(s.control, 0, node(i), "outside");
		err = err ?: call_start(holder(i), &s.tx[i]);
		if (i % FATES != FRESH)
			err = err ?: call_write(holder(i), s.tx[i], node(i),
						"before");
	}
	is(err, 0, "[T1] %s: %u transactions", s.text, s.transactions);
}

static struct client *open_with_transaction(void)
{
	struct client *c = client_new();
	uint32_t tx;
	int err;

	err = call_write(s.control, 0, "data/closed", "outside");
	err = err ?: watch_now(c, "data/closed");
	err = err ?: call_start(c, &tx);
	err = err ?: call_write(c, tx, "data/closed", "inside");
	is(err, 0, "[T1] %s: one of an open that will be closed", s.text);
	return c;
}

/*
 * All transactions are taken where the module leaves as many to clients as are
 * held here. Elsewhere the server would refuse some, and who holds all that it
 * allows is in the way of a suspend.
 */
static bool some_wait(void)
{
	return !is_stock() && all_transactions() == CLIENTS;
}

static void wait_in_line(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < WAITING; i++) {
		s.waiting[i] = client_new();
		client_send(s.waiting[i], XS_TRANSACTION_START, 0, "", 1);
		n += client_quiet(s.waiting[i]);
	}
	is(n, WAITING, "[T3] %s: %d opens wait for a transaction", s.text, WAITING);
}

static void stand_in_line(void)
{
	if (some_wait())
		wait_in_line();
	else
		skip("there are more", "[T3] %s: opens wait for a transaction",
		     s.text);
}

static void leave_unread(void)
{
	unsigned int i, sent = 0;
	int err;

	err = call_write(s.control, 0, "data/event", "x");
	s.unread_id = s.unread->next_id + 1;
	/* With stock, requests in flight overwrite each other [W3]. */
	for (i = 0; i < (is_stock() ? 1 : UNREAD); i++)
		sent += numbered_send(s.unread, "data/values", i);
	ok(!err && sent == i, "[W3] %s: requests whose answers are left unread",
	   s.text);
}

static void block_reader(void)
{
	memset(&s.event, 0, sizeof(s.event));
	s.transfer = (struct transfer) {
		.fd = s.blocked->fd,
		.buf = &s.event,
		.len = sizeof(s.event) - 1,
	};
	if (!job_start(&s.job, transfer_read, &s.transfer))
		bail("no thread: %m");
}

/* --- The suspend -------------------------------------------------------- */

static void suspend(void)
{
	load_calm(false);
	dom0_asked(s.control, s.name);
	client_close(s.leaving);
	if (!ok(dom0_done(s.control), "[T2] %s: and it is over", s.text))
		bail("dom0 does not answer");
}

/* --- After -------------------------------------------------------------- */

static int wanted_value(unsigned int i, const char **value)
{
	static const char *const values[] = {
		[FRESH] = "outside",
		[WRITTEN] = "before",
		[USED] = "after",
		[ABORTED] = "outside",
	};

	*value = values[i % FATES];
	return s.restored ? ENOENT : 0;
}

/* Does it end as it should? A restore has made an end of it. */
static bool ends_well(unsigned int i)
{
	struct client *c = holder(i);
	bool commit = i % FATES != ABORTED;
	int lost = s.restored ? EAGAIN : 0;
	int inside = lost, end, again;

	if (i % FATES == USED)
		inside = call_write(c, s.tx[i], node(i), "after");
	end = call_end(c, s.tx[i], commit);
	again = call_end(c, s.tx[i], commit);
	if (inside == lost && end == (commit ? lost : 0) && again == ENOENT)
		return true;
	diag("transaction %u: WRITE %d, END %d, END again %d", i, inside, end,
	     again);
	return false;
}

static bool has_value(unsigned int i)
{
	const char *value;
	int wanted = wanted_value(i, &value), err;
	struct msg m;

	err = call_string(s.control, XS_READ, 0, node(i), &m);
	if (err == wanted && (err || !strcmp(m.body, value)))
		return true;
	diag("transaction %u: READ %d, '%s', expected %d, '%s'", i, err, m.body,
	     wanted, value);
	return false;
}

/*
 * The one that was closed makes room for one. After a restore none is in use any
 * more; else the others wait until some are ended.
 */
static void check_waiting(void)
{
	unsigned int i, n = 0, first = s.restored ? WAITING : 1;
	struct msg m;

	if (!some_wait()) {
		skip("there are more", "[T2, T3] %s: who waited is served", s.text);
		return;
	}
	for (i = 0; i < first; i++)
		n += !client_recv(s.waiting[i], &m, LIMIT_MS) && !msg_error(&m);
	for (; i < WAITING; i++)
		n += client_quiet(s.waiting[i]);
	is(n, WAITING, "[T2, T3] %s: of those who waited %u were served", s.text,
	   first);
}

/* Those that still wait have room now. */
static void serve_waiting(void)
{
	unsigned int i, n = 0, first = s.restored ? WAITING : 1;
	long references = module_references();
	struct msg m;

	if (!some_wait()) {
		skip("there are more", "[T3] %s: all are served", s.text);
		return;
	}
	for (i = first; i < WAITING; i++)
		n += !client_recv(s.waiting[i], &m, LIMIT_MS) && !msg_error(&m);
	for (i = 0; i < WAITING; i++)
		client_close(s.waiting[i]);
	ok(n == WAITING - first && module_settles(references - WAITING),
	   "[T3] %s: all are served", s.text);
}

static void end_transactions(void)
{
	unsigned int i, ended = 0, valued = 0;

	for (i = 0; i < s.transactions; i++)
		ended += ends_well(i);
	is(ended, s.transactions, "[T2] %s: transactions %s", s.text,
	   s.restored ? "are lost: EAGAIN, or OK for F" : "end with OK");
	for (i = 0; i < s.transactions; i++)
		valued += has_value(i);
	is(valued, s.transactions, "[T2] %s: and their values are %s", s.text,
	   s.restored ? "not there" : "there");
}

/* A transaction of now may have the number of one from before a restore. */
static void close_late(void)
{
	struct client *c = client_new();
	uint32_t tx;

	is(call_start(c, &tx), 0, "[T2] %s: START", s.text);
	client_close(s.late);
	is(call_write(c, tx, "data/new", s.text), 0,
	   "[T2] %s: the close of one from before harms none", s.text);
	is(call_end(c, tx, true), 0, "[T2] %s: END T", s.text);
	client_close(c);
}

static void check_closed(void)
{
	struct msg m;
	int err = call_string(s.control, XS_READ, 0, "data/closed", &m);

	if (s.restored)
		is(err, ENOENT, "[T2] %s: nothing of the closed ones", s.text);
	else
		is_str(err ? NULL : m.body, "outside",
		       "[T1, T2] %s: the closed ones are aborted", s.text);
}

static void check_unread(void)
{
	unsigned long lost = 0;
	unsigned int i, good = 0, sent = is_stock() ? 1 : UNREAD;
	struct msg m;

	for (i = 0; i < sent; i++)
		good += !client_reply(s.unread, &m) &&
			m.hdr.req_id == s.unread_id + i &&
			numbered_good(&m, i, &lost);
	is(good, sent, "[W3, T2] %s: the unread answers are there, in order",
	   s.text);
	ok(lost <= s.restored, "[W3, T2] %s: and right", s.text);
	is(client_event(s.unread, &m, DEADLINE_MS), 0,
	   "[T2] %s: so is the unread event", s.text);
	ok(client_quiet(s.unread), "[T2] %s: once", s.text);
}

static void check_blocked(void)
{
	if (!s.restored) {
		ok(!job_done(&s.job, QUIET_MS),
		   "[R1, T2] %s: a reader still waits", s.text);
		call_write(s.control, 0, "data/blocked", "x");
	}
	if (!ok(job_join(&s.job, LIMIT_MS), "[R1, T2] %s: it gets its event",
		s.text))
		bail("a reader waits for ever");
	is_str(s.event.hdr.type == XS_WATCH_EVENT ? event_path(&s.event) : NULL,
	       "data/blocked", "[R1, T2] %s: of its watch", s.text);
	client_block(s.blocked, false);
	ok(client_quiet(s.blocked), "[R1, T2] %s: once", s.text);
	client_block(s.blocked, true);
}

static void check_fired(void)
{
	struct client *c = s.watcher;
	struct msg m;

	if (s.restored) {
		is(client_event(c, &m, LIMIT_MS), 0,
		   "[T2] %s: a watch fires", s.text);
		is_str(event_path(&m), "data/w", "[T2] %s: by its path", s.text);
		is_str(event_token(&m), "t", "[T2] %s: and token", s.text);
	}
	ok(client_quiet(c), "[T2] %s: %s", s.text,
	   s.restored ? "once" : "no watch fires");
}

static void check_watch(void)
{
	struct client *c = s.watcher;
	struct msg m;

	is(call_watch(c, XS_WATCH, "data/w", "t"), EEXIST,
	   "[E1, T2] %s: the watch is known", s.text);
	call_write(s.control, 0, "data/w", "x");
	call_write(s.control, 0, "data/dropped", "x");
	is(client_event(c, &m, DEADLINE_MS), 0, "[T2] %s: and alive", s.text);
	is_str(event_path(&m), "data/w", "[T2] %s: it, not one that was dropped",
	       s.text);
	ok(client_quiet(c), "[T2] %s: nothing else comes", s.text);
	is(call_watch(c, XS_UNWATCH, "data/w", "t"), 0, "[T2] %s: UNWATCH",
	   s.text);
	call_write(s.control, 0, "data/w", "y");
	ok(client_quiet(c), "[T2] %s: no event after it", s.text);
	is(watch_now(c, "data/w"), 0, "[T2] %s: and WATCH again", s.text);
}

static void once(void)
{
	start_transactions();
	s.leaving = open_with_transaction();
	s.late = open_with_transaction();
	stand_in_line();
	leave_unread();
	block_reader();
	suspend();
	ok(load_goes_on(s.restores),
	   "[W3, T2] %s: numbered values, neither lost nor wrong", s.text);
	load_calm(true);
	check_fired();
	check_watch();
	check_unread();
	check_blocked();
	check_waiting();
	end_transactions();
	serve_waiting();
	close_late();
	check_closed();
	same_room();
}

static void row(const char *name, bool restored, unsigned int times)
{
	unsigned int i;

	s.name = name;
	s.restored = restored;
	for (i = 1; i <= times; i++) {
		s.restores += restored;
		snprintf(s.text, sizeof(s.text), "%s %u", name, i);
		once();
	}
}

/* All that the server has, and one that it refuses; two are given back. */
static struct client *refuse_one(void)
{
	struct client *c = client_new();
	uint32_t tx[MANY];
	unsigned int n = 0;
	int err;

	do
		err = call_start(c, &tx[n++]);
	while (!err && n < MANY);
	is(err, ENOSPC, "[T1] %s: there is none", s.text);
	wait_in_line();
	ok(!call_end(c, tx[0], false) && !call_end(c, tx[1], false),
	   "[T1] %s: END of two, which the kernel may need", s.text);
	return c;
}

/*
 * The server has just refused STARTs, which are not made good for yet: that is tried
 * at once, and then once a second. One of them stands in line, and more do.
 */
static void refused(const char *name, bool restored)
{
	long references = module_references();
	unsigned int i, n;
	struct client *c;
	struct msg m;

	s.name = name;
	s.restored = restored;
	s.restores += restored;
	snprintf(s.text, sizeof(s.text), "%s with a refused START", name);
	s.leaving = client_new();
	c = refuse_one();
	suspend();
	ok(load_goes_on(s.restores), "[T1, T2] %s: the domain goes on", s.text);
	load_calm(true);
	/* Some may have been served: the server has more, which is tried meanwhile. */
	if (!restored)
		client_close(c);
	for (i = 0, n = 0; i < WAITING; i++)
		n += !client_recv(s.waiting[i], &m, LIMIT_MS) && !msg_error(&m);
	is(n, WAITING, "[T2, T3] %s: who waited is served", s.text);
	for (i = 0; i < WAITING; i++)
		client_close(s.waiting[i]);
	if (restored)
		client_close(c);
	/* Else a START of what comes next may be refused, too. */
	ok(module_settles(references), "[T1, T2] %s: all are ended", s.text);
}

void suspends(void (*between)(void))
{
	open_all();
	row("checkpoint", false, TIMES);
	between();
	if (!is_stock() && all_transactions() > CLIENTS)
		refused("checkpoint", false);
	row("restore", true, TIMES);
	if (dom0_migrates())
		row("migration", true, 1);
	else
		skip("Xen can't log what a PV guest writes", "[T2] a migration");
	if (dom0_has_quota()) {
		s.restores++;
		poor_restore(s.control);
	}
	/* The last one: nobody looks at the watches after that. */
	if (!is_stock() && all_transactions() > CLIENTS)
		refused("restore", true);
	ok(load_end(), "[W3, T2] the numbered values come to their end");
	close_all();
}

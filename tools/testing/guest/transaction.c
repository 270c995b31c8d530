// SPDX-License-Identifier: GPL-2.0
/* Transactions: T1. (T2, suspend and resume, needs a guest domain.) */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/transaction"

static const char *value_of(const char *path)
{
	const char *value = peek(path);

	return value ? value : "(none)";
}

static void commit(void)
{
	struct client *c = client_new();
	struct msg m;
	uint32_t tx;

	is(call_start(c, &tx), 0, "[T1] START");
	is(call_write(c, tx, ROOT "/commit", "new"), 0, "[T1] WRITE inside");
	is_str(value_of(ROOT "/commit"), "(none)", "[T1] unseen outside");
	is(call_string(c, XS_READ, tx, ROOT "/commit", &m), 0, "[T1] READ inside");
	is_str(m.body, "new", "[T1] sees it");
	is(call_end(c, tx, true), 0, "[T1] END T");
	is_str(value_of(ROOT "/commit"), "new", "[T1] seen outside");
	is(call_write(c, tx, ROOT "/commit", "late"), ENOENT,
	   "[T1] the ended transaction is unknown: ENOENT");
	client_close(c);
}

static void abort_it(void)
{
	struct client *c = client_new();
	uint32_t tx;

	call_start(c, &tx);
	is(call_write(c, tx, ROOT "/abort", "new"), 0, "[T1] WRITE inside");
	is(call_string(c, XS_TRANSACTION_END, tx, "X", NULL), EINVAL,
	   "[T1] END X: EINVAL");
	is(call_write(c, tx, ROOT "/abort", "newer"), 0, "[T1] which ends nothing");
	is(call_end(c, tx, false), 0, "[T1] END F");
	is_str(value_of(ROOT "/abort"), "(none)", "[T1] nothing happened");
	is(call_end(c, tx, false), ENOENT, "[T1] END F again: ENOENT");
	is(call_end(c, 0x7654321, true), ENOENT, "[T1] END T of no transaction: ENOENT");
	client_close(c);
}

static void conflict(void)
{
	struct client *c = client_new(), *other = client_open(socket_path());
	uint32_t tx;

	call_write(other, 0, ROOT "/conflict", "old");
	call_start(c, &tx);
	call_string(c, XS_READ, tx, ROOT "/conflict", NULL);
	call_write(other, 0, ROOT "/conflict", "other");
	is(call_write(c, tx, ROOT "/conflict", "mine"), 0, "[T1] WRITE of what somebody else changed");
	is(call_end(c, tx, true), EAGAIN, "[T1] END T: EAGAIN");
	is_str(value_of(ROOT "/conflict"), "other", "[T1] nothing happened");
	is(call_start(c, &tx), 0, "[T1] START again");
	call_write(c, tx, ROOT "/conflict", "mine");
	is(call_end(c, tx, true), 0, "[T1] now it commits");
	is_str(value_of(ROOT "/conflict"), "mine", "[T1] with effect");
	client_close(other);
	client_close(c);
}

static void side_by_side(void)
{
	struct client *c = client_new();
	uint32_t a, b;

	call_start(c, &a);
	call_start(c, &b);
	ok(a && b && a != b, "[T1] two transactions on one open");
	call_write(c, a, ROOT "/side-a", "a");
	call_write(c, b, ROOT "/side-b", "b");
	is(call_string(c, XS_READ, b, ROOT "/side-a", NULL), ENOENT,
	   "[T1] one does not see the other's changes");
	is(call_end(c, b, true), 0, "[T1] the second one commits");
	is(call_end(c, a, false), 0, "[T1] the first one aborts");
	is_str(value_of(ROOT "/side-b"), "b", "[T1] committed");
	is_str(value_of(ROOT "/side-a"), "(none)", "[T1] aborted");
	client_close(c);
}

#define FLIGHT	16

static unsigned int replies(struct client *c, uint32_t type, uint32_t *ids)
{
	unsigned int i;
	struct msg m;

	for (i = 0; i < FLIGHT; i++) {
		if (client_reply(c, &m) || m.hdr.type != type ||
		    m.hdr.req_id != i)
			break;
		if (ids)
			ids[i] = strtoul(m.body, NULL, 10);
	}
	return i;
}

static void flight_name(char *path, unsigned int i)
{
	sprintf(path, ROOT "/flight-%02u", i);
}

/* Requests of one length at a time, for the stock driver's sake */
static void in_flight(void)
{
	struct client *c = client_new();
	char buf[FLIGHT * 64], path[64];
	uint32_t ids[FLIGHT] = { 0 };
	unsigned int i, good;
	size_t len;

	for (i = 0, len = 0; i < FLIGHT; i++)
		len += msg_string(buf + len, XS_TRANSACTION_START, i, 0, "");
	client_raw(c, buf, len);
	if (!is(replies(c, XS_TRANSACTION_START, ids), FLIGHT,
		"[T1] %d STARTs in one write", FLIGHT))
		goto out;
	for (i = 0, len = 0; i < FLIGHT; i++) {
		flight_name(path, i);
		len += msg_write_req(buf + len, i, ids[i], path, "in-flight");
	}
	client_raw(c, buf, len);
	is(replies(c, XS_WRITE, NULL), FLIGHT, "[T1] a WRITE in each");
	for (i = 0, len = 0; i < FLIGHT; i++)
		len += msg_string(buf + len, XS_TRANSACTION_END, i, ids[i],
				  i & 1 ? "T" : "F");
	client_raw(c, buf, len);
	for (i = 0, good = 0; i < FLIGHT; i++) {
		struct msg m;

		/* Of those that commit, all but the first conflict. */
		if (!client_reply(c, &m) && m.hdr.req_id == i &&
		    m.hdr.tx_id == ids[i])
			good++;
	}
	is(good, FLIGHT, "[T1] an END for each, every other one T");
	is_str(value_of(ROOT "/flight-00"), "(none)", "[T1] the aborted ones did nothing");
	is_str(value_of(ROOT "/flight-01"), "in-flight", "[T1] a committed one did");
out:
	client_close(c);
}

static void two_ends(void)
{
	struct client *c = client_new();
	uint32_t a, b;
	struct msg m;

	call_start(c, &a);
	call_start(c, &b);
	server_stop();
	client_send(c, XS_TRANSACTION_END, a, "F", 2);
	client_send(c, XS_TRANSACTION_END, b, "F", 2);
	server_continue();
	ok(!client_reply(c, &m) && m.hdr.type == XS_TRANSACTION_END &&
	   m.hdr.tx_id == a, "[T1] the END of one, the other in flight behind");
	ok(!client_reply(c, &m) && m.hdr.type == XS_TRANSACTION_END &&
	   m.hdr.tx_id == b, "[T1] and that of the other");
	client_close(c);
}

static void end_behind(void)
{
	struct client *c = client_new();
	char buf[512];
	uint32_t tx;
	struct msg m;
	size_t len;
	int n = 0;

	call_start(c, &tx);
	len = msg_write_req(buf, 0, tx, ROOT "/behind-1", "one");
	len += msg_write_req(buf + len, 1, tx, ROOT "/behind-2", "two");
	len += msg_string(buf + len, XS_TRANSACTION_END, 2, tx, "T");
	len += msg_write_req(buf + len, 3, 0, ROOT "/behind-3", "three");
	client_raw(c, buf, len);
	while (n < 4 && !client_reply(c, &m) && m.hdr.type != XS_ERROR)
		n++;
	is(n, 4, "[T1] two WRITEs, END T and a WRITE outside, in one write");
	is_str(value_of(ROOT "/behind-1"), "one", "[T1] the first");
	is_str(value_of(ROOT "/behind-2"), "two", "[T1] the second");
	is_str(value_of(ROOT "/behind-3"), "three", "[T1] the one outside");
	client_close(c);
}

/* What comes behind its END is too late, even before the END is answered. */
static void use_behind_end(void)
{
	struct client *c = client_new();
	char buf[512];
	uint32_t tx;
	struct msg m;
	size_t len;

	call_start(c, &tx);
	len = msg_string(buf, XS_TRANSACTION_END, 1, tx, "T");
	len += msg_write_req(buf + len, 2, tx, ROOT "/late", "late");
	len += msg_string(buf + len, XS_TRANSACTION_END, 3, tx, "T");
	client_raw(c, buf, len);
	ok(!client_reply(c, &m) && m.hdr.req_id == 1 && !msg_error(&m),
	   "[T1] END T");
	ok(!client_reply(c, &m) && m.hdr.req_id == 2 && msg_error(&m) == ENOENT,
	   "[T1] a WRITE behind it in the same write: ENOENT");
	ok(!client_reply(c, &m) && m.hdr.req_id == 3 && msg_error(&m) == ENOENT,
	   "[T1] END T again: ENOENT");
	client_close(c);
}

#define MOST	32

static void at_most(void)
{
	struct client *c = client_new(), *other = client_new();
	char buf[64];
	uint32_t tx, first = 0;
	struct msg m;
	size_t len;
	int n, err = 0;

	if (is_stock() || is_socket()) {
		skip("it has another bound, or none", "[T1] %d at most", MOST);
		goto out;
	}
	for (n = 0; n < 2 * MOST && !err; n++) {
		err = call_start(c, &tx);
		first = first ? first : tx;
	}
	is(n - 1, MOST, "[T1] as many transactions as an open may have");
	is(err, ENOSPC, "[T1] then ENOSPC");
	is(call_start(other, &tx), 0, "[T1] another open may have some");
	len = msg_string(buf, XS_TRANSACTION_END, 1, first, "T");
	len += msg_string(buf + len, XS_TRANSACTION_START, 2, 0, "");
	client_raw(c, buf, len);
	ok(!client_reply(c, &m) && m.hdr.req_id == 1 && !msg_error(&m),
	   "[T1] END and START in one write: one ends");
	ok(!client_reply(c, &m) && m.hdr.req_id == 2 && !msg_error(&m),
	   "[T1] and makes room for another");
	is(call_start(c, &tx), ENOSPC, "[T1] but not for two");
out:
	client_close(c);
	client_close(other);
}

/* Transactions of this domain's connection; waits for it to come down. */
static long open_transactions(long wanted)
{
	long n = 0;
	int i;

	for (i = 0; i < 60; i++) {
		n = server_count("transactions", 0);
		if (n <= wanted)
			break;
		sleep_ms(50);
	}
	return n;
}

static void close_aborts(void)
{
	long before = server_is_c() ? open_transactions(0) : 0;
	struct client *c = client_new();
	uint32_t tx;
	int i;

	for (i = 0; i < 20; i++) {
		call_start(c, &tx);
		call_write(c, tx, ROOT "/closed", "never");
	}
	client_close(c);
	sleep_ms(100);
	is_str(value_of(ROOT "/closed"), "(none)", "[T1] close() commits nothing");
	if (server_is_c())
		is(open_transactions(before), before, "[T1] close() aborts what is open");
	else
		skip("only xenstored counts them for us", "[T1] close() aborts what is open");
}

static void close_before_reply(void)
{
	long before = server_is_c() ? open_transactions(0) : 0;
	struct client *c[10];
	int i;

	for (i = 0; i < 10; i++)
		c[i] = client_new();
	server_stop();
	for (i = 0; i < 10; i++) {
		client_send(c[i], XS_TRANSACTION_START, 0, "", 1);
		client_close(c[i]);
	}
	server_continue();
	sleep_ms(100);
	if (server_is_c())
		is(open_transactions(before), before,
		   "[T1] close() before the reply to a START: aborted when it comes");
	else
		skip("only xenstored counts them for us",
		     "[T1] close() before the reply to a START");
}

static void close_often(void)
{
	unsigned int i, n = 200;
	struct client *c;
	uint32_t tx;

	for (i = 0; i < n; i++) {
		c = client_new();
		if (i & 1)
			client_send(c, XS_TRANSACTION_START, 0, "", 1);
		else if (call_start(c, &tx))
			break;
		client_close(c);
	}
	is(i, n, "[T1] %u opens that end with an open transaction", n);
}

static void events_at_commit(void)
{
	struct client *c = client_new(), *w = client_new();
	uint32_t tx;
	struct msg m;

	call_watch(w, XS_WATCH, ROOT "/watched", "t");
	client_event(w, &m, DEADLINE_MS);
	call_start(c, &tx);
	call_write(c, tx, ROOT "/watched", "1");
	ok(client_quiet(w), "[T1] no event while the transaction is open");
	call_end(c, tx, true);
	ok(!client_event(w, &m, DEADLINE_MS) &&
	   !strcmp(event_path(&m), ROOT "/watched"), "[T1] it comes with the commit");
	call_start(c, &tx);
	call_write(c, tx, ROOT "/watched", "2");
	call_end(c, tx, false);
	ok(client_quiet(w), "[T1] and not with an abort");
	client_close(c);
	client_close(w);
}

/* The stock driver's mixed bodies become a WRITE of the path "T". */
static void tidy(void)
{
	struct client *c = client_open(socket_path());

	call_string(c, XS_RM, 0, "T", NULL);
	client_close(c);
}

int main(void)
{
	tap_begin(100);
	subtree("transaction");
	commit();
	abort_it();
	conflict();
	side_by_side();
	at_most();
	close_aborts();
	close_before_reply();
	close_often();
	events_at_commit();
	two_ends();
	end_behind();
	use_behind_end();
	in_flight();
	tidy();
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* Two handles in one process */
#include <errno.h>
#include <stdio.h>

#include "lx.h"
#include "tap.h"

#define OPENS	50

/* What one has is nothing to the other. */
static void apart(struct xs_handle *one, struct xs_handle *two)
{
	xs_transaction_t t = xs_transaction_start(one);

	ok(t != XBT_NULL, "[T1] a transaction of one");
	ok(lx_write(one, t, ROOT "/in", "inside"), "[W6] xs_write in it");
	lx_failed(xs_read(two, XBT_NULL, ROOT "/in", NULL), ENOENT,
		  "[T1] the other does not see that");
	lx_failed(xs_read(two, t, ROOT "/in", NULL), ENOENT,
		  "[W6] nor can it use the transaction");
	lx_failed(xs_transaction_end(two, t, false), ENOENT, "[W6] or end it");
	ok(xs_transaction_end(one, t, false), "[T1] its own can");
	ok(lx_reads(two, XBT_NULL, ROOT "/in", "inside"), "[T1] now it is there");
}

static void watched(struct xs_handle *one, struct xs_handle *two)
{
	ok(xs_watch(one, ROOT "/w", "same"), "[E1] a watch of one");
	ok(xs_watch(two, ROOT "/w", "same"), "[E1] the same of the other");
	ok(lx_event(one, ROOT "/w", "same"), "[E2] the first event of one");
	ok(lx_event(two, ROOT "/w", "same"), "[E2] and of the other");
	ok(lx_write(one, XBT_NULL, ROOT "/w/a", "x"), "[W3] one writes");
	ok(lx_event(one, ROOT "/w/a", "same"), "[E4] which it sees itself");
	ok(lx_event(two, ROOT "/w/a", "same"), "[E4] and so does the other");
	ok(xs_unwatch(one, ROOT "/w", "same"), "[E1] xs_unwatch of one");
	ok(lx_write(one, XBT_NULL, ROOT "/w/b", "x"), "[W3] another xs_write");
	ok(lx_event(two, ROOT "/w/b", "same"), "[E1] the other's watch is there still");
	ok(lx_quiet(one), "[E1] one's is not");
}

/* What a handle has is given back with it. */
static void many_opens(struct xs_handle *one)
{
	struct xs_handle *xs;
	int i, good = 0;

	for (i = 0; i < OPENS; i++) {
		xs = xs_open(0);
		if (!xs)
			break;
		good += xs_transaction_start(xs) != XBT_NULL &&
			xs_watch(xs, ROOT "/opens", "open") &&
			lx_write(xs, XBT_NULL, ROOT "/opens", "x");
		xs_close(xs);
	}
	is(good, OPENS, "[I4] xs_open, a transaction, a watch and xs_close, %d times", OPENS);
	ok(lx_reads(one, XBT_NULL, ROOT "/opens", "x"), "[I4] others go on");
}

void handles(void)
{
	struct xs_handle *one = lx_open(), *two = lx_open();

	apart(one, two);
	watched(one, two);
	xs_close(two);
	ok(lx_reads(one, XBT_NULL, ROOT "/in", "inside"), "[I4] when the other is closed");
	many_opens(one);
	xs_close(one);
}

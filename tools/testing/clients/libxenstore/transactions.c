// SPDX-License-Identifier: GPL-2.0
/* Transactions, tried again at EAGAIN */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lx.h"
#include "tap.h"

static void ends(struct xs_handle *xs)
{
	xs_transaction_t t = xs_transaction_start(xs);

	ok(t != XBT_NULL, "[T1] xs_transaction_start");
	ok(lx_write(xs, t, ROOT "/a", "new"), "[W6] xs_write in it");
	ok(lx_reads(xs, t, ROOT "/a", "new"), "[W6] it reads that");
	ok(lx_reads(xs, XBT_NULL, ROOT "/a", "old"), "[T1] others don't");
	ok(xs_transaction_end(xs, t, true), "[T1] its abort");
	ok(lx_reads(xs, XBT_NULL, ROOT "/a", "old"), "[T1] leaves what was");
	t = xs_transaction_start(xs);
	ok(lx_write(xs, t, ROOT "/a", "new"), "[W6] another");
	ok(xs_mkdir(xs, t, ROOT "/dir") && xs_rm(xs, t, ROOT "/gone"),
	   "[W6] xs_mkdir and xs_rm in it");
	ok(xs_transaction_end(xs, t, false), "[T1] its commit");
	ok(lx_reads(xs, XBT_NULL, ROOT "/a", "new") &&
	   lx_reads(xs, XBT_NULL, ROOT "/dir", ""), "[T1] does all");
	lx_failed(xs_read(xs, XBT_NULL, ROOT "/gone", NULL), ENOENT,
		  "[T1] also what it removed");
	lx_failed(lx_write(xs, t, ROOT "/a", "late"), ENOENT, "[W6] it is no more");
}

/* Each turn meets a change by the other handle, and is tried again. */
static void conflicts(struct xs_handle *xs, struct xs_handle *other)
{
	char value[16];
	char *have;
	xs_transaction_t t;
	int i, again = 0, good = 0;

	for (i = 0; i < 20; i++) {
		t = xs_transaction_start(xs);
		have = xs_read(xs, t, ROOT "/counter", NULL);
		snprintf(value, sizeof(value), "%d", have ? atoi(have) + 1 : -1);
		free(have);
		if (i % 2 == 0)
			lx_write(other, XBT_NULL, ROOT "/counter", value);
		if (!lx_write(xs, t, ROOT "/counter", value))
			break;
		if (xs_transaction_end(xs, t, false))
			good++;
		else if (errno == EAGAIN)
			again++;
	}
	is(again, 10, "[T1] a commit behind another's change: EAGAIN");
	is(good, 10, "[T1] tried again it works");
	ok(lx_reads(xs, XBT_NULL, ROOT "/counter", "20"), "[T1] and all are counted");
}

static void many(struct xs_handle *xs)
{
	xs_transaction_t t[8];
	char path[64];
	int i, good = 0;

	for (i = 0; i < 8; i++) {
		t[i] = xs_transaction_start(xs);
		snprintf(path, sizeof(path), ROOT "/many/%d", i);
		good += t[i] != XBT_NULL && lx_write(xs, t[i], path, "x");
	}
	is(good, 8, "[T1] eight at once");
	for (i = 0, good = 0; i < 8; i++)
		good += xs_transaction_end(xs, t[i], true);
	is(good, 8, "[T1] and their ends");
}

void transactions(void)
{
	struct xs_handle *xs = lx_open(), *other = lx_open();

	ok(lx_write(xs, XBT_NULL, ROOT "/a", "old") &&
	   lx_write(xs, XBT_NULL, ROOT "/gone", "x") &&
	   lx_write(xs, XBT_NULL, ROOT "/counter", "0"), "[W3] what is there first");
	ends(xs);
	conflicts(xs, other);
	many(xs);
	xs_close(xs);
	xs_close(other);
}

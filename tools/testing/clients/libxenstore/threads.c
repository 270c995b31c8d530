// SPDX-License-Identifier: GPL-2.0
/* Twelve threads on one handle, then on one each */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "deadline.h"
#include "job.h"
#include "lx.h"
#include "tap.h"

#define THREADS	12
#define ROUNDS	15

struct worker {
	struct xs_handle *xs;
	int number, good;
};

static void write_read(void *arg)
{
	struct worker *w = arg;
	char path[64], value[64];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		snprintf(path, sizeof(path), ROOT "/t/%d/%d", w->number, i);
		snprintf(value, sizeof(value), "%d of %d", i, w->number);
		w->good += lx_write(w->xs, XBT_NULL, path, value) &&
			   lx_reads(w->xs, XBT_NULL, path, value);
	}
}

static void in_transactions(void *arg)
{
	struct worker *w = arg;
	char path[64], value[16];
	xs_transaction_t t;
	int i;

	snprintf(path, sizeof(path), ROOT "/c/%d", w->number);
	for (i = 0; i < ROUNDS / 3; i++) {
		snprintf(value, sizeof(value), "%d", i);
		do {
			t = xs_transaction_start(w->xs);
			if (t == XBT_NULL || !lx_write(w->xs, t, path, value) ||
			    !lx_reads(w->xs, t, path, value))
				return;
			/* Others make directories beside it, which can conflict. */
			errno = 0;
		} while (!xs_transaction_end(w->xs, t, false) && errno == EAGAIN);
		w->good += !errno && lx_reads(w->xs, XBT_NULL, path, value);
	}
}

static void all_at_once(struct xs_handle *xs, void (*fn)(void *), int want,
			const char *what)
{
	struct worker *workers = calloc(THREADS, sizeof(*workers));
	int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].xs = xs ? xs : lx_open();
		workers[i].number = i;
	}
	jobs_run(fn, workers, sizeof(*workers), THREADS, 3 * PATIENCE_MS, what);
	for (i = 0; i < THREADS; i++) {
		is(workers[i].good, want, "[W3, I2] %s, thread %d", what, i);
		if (!xs)
			xs_close(workers[i].xs);
	}
}

void threads(void)
{
	struct xs_handle *xs = lx_open();

	all_at_once(xs, write_read, ROUNDS, "xs_write and xs_read on one handle");
	all_at_once(xs, in_transactions, ROUNDS / 3, "transactions on one handle");
	/* With this one the library reads in a thread of its own. */
	ok(xs_watch(xs, ROOT "/t", "t"), "[E1] a watch");
	ok(lx_event(xs, ROOT "/t", "t"), "[E2] its first event");
	all_at_once(xs, write_read, ROUNDS, "the same beside a watch");
	all_at_once(NULL, write_read, ROUNDS, "a handle each");
	xs_close(xs);
}

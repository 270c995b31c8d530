// SPDX-License-Identifier: GPL-2.0
/* fork(): the child opens its own, and gives up its parent's */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "deadline.h"
#include "lx.h"
#include "process.h"
#include "tap.h"

#define CHILDREN	6
#define ROUNDS		20

/* What a child says by its exit status */
static int in_child(struct xs_handle *parents, int number)
{
	char path[64], value[16];
	struct xs_handle *xs;
	int i;

	xs_daemon_destroy_postfork(parents);
	xs = xs_open(0);
	if (!xs)
		return 1;
	for (i = 0; i < ROUNDS; i++) {
		snprintf(path, sizeof(path), ROOT "/child/%d/%d", number, i);
		snprintf(value, sizeof(value), "%d", i);
		if (!lx_write(xs, XBT_NULL, path, value) ||
		    !lx_reads(xs, XBT_NULL, path, value))
			return 2;
	}
	xs_close(xs);
	return 0;
}

static void children(struct xs_handle *xs)
{
	pid_t pids[CHILDREN];
	char path[64];
	int i;

	for (i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(in_child(xs, i));
	}
	/* Its parent's connection is used meanwhile. */
	for (i = 0; i < ROUNDS; i++)
		if (!lx_write(xs, XBT_NULL, ROOT "/parent", "parent") ||
		    !lx_reads(xs, XBT_NULL, ROOT "/parent", "parent"))
			break;
	is(i, ROUNDS, "[I1] the parent works on");
	for (i = 0; i < CHILDREN; i++) {
		is(child_wait(pids[i], PATIENCE_MS), 0, "[I4] child %d", i);
		snprintf(path, sizeof(path), ROOT "/child/%d/%d", i, ROUNDS - 1);
		ok(lx_reads(xs, XBT_NULL, path, "19"), "[I4] what it wrote is there");
	}
}

/* A child that ends in a transaction, and with a watch, of its own */
static void ends_within(struct xs_handle *xs)
{
	xs_transaction_t t;
	struct xs_handle *own;
	pid_t pid = fork();

	if (!pid) {
		own = xs_open(0);
		t = own ? xs_transaction_start(own) : XBT_NULL;
		_exit(!(t != XBT_NULL && lx_write(own, t, ROOT "/lost", "x") &&
			xs_watch(own, ROOT, "child")));
	}
	is(child_wait(pid, PATIENCE_MS), 0, "[I4] a child that ends in a transaction");
	lx_failed(xs_read(xs, XBT_NULL, ROOT "/lost", NULL), ENOENT,
		  "[I4] what it wrote there is not");
	ok(lx_write(xs, XBT_NULL, ROOT "/parent", "still"), "[I4] and the parent goes on");
}

void forks(void)
{
	struct xs_handle *xs = lx_open();

	ok(xs_watch(xs, ROOT "/child", "parents"), "[E1] the parent watches");
	ok(lx_event(xs, ROOT "/child", "parents"), "[E2] its first event");
	children(xs);
	ok(!lx_quiet(xs), "[I4] the parent's watch is its own still");
	ends_within(xs);
	xs_close(xs);
}

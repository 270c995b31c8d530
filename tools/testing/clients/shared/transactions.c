// SPDX-License-Identifier: GPL-2.0
/* Transactions by many threads of one connection, tried again at a conflict */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared.h"
#include "store.h"
#include "tap.h"

#define COUNTER	ROOT "/counter"
#define THREADS	4
#define TURNS	10
/* All others can be before one, each time. */
#define TRIES	(10 * THREADS * TURNS)

static int start(struct mux *m, uint32_t *tx_id)
{
	struct msg *reply;
	int err = mux_call(m, XS_TRANSACTION_START, 0, "", 1, &reply);

	*tx_id = err ? 0 : strtoul(reply->body, NULL, 10);
	free(reply);
	return err;
}

/* Add one to the counter: 0, or EAGAIN, or what went wrong */
static int add(struct mux *m)
{
	struct msg *reply = NULL;
	char value[16];
	uint32_t tx_id;
	int err = start(m, &tx_id), end;

	if (err)
		return err;
	err = mux_call(m, XS_READ, tx_id, COUNTER, sizeof(COUNTER), &reply);
	if (!err) {
		snprintf(value, sizeof(value), "%d", atoi(reply->body) + 1);
		err = mux_write(m, tx_id, COUNTER, value);
	}
	free(reply);
	end = mux_call(m, XS_TRANSACTION_END, tx_id, err ? "F" : "T", 2, NULL);
	return err ? err : end;
}

static void add_often(void *arg)
{
	struct asker *a = arg;
	int tries, err;

	for (tries = 0; tries < TRIES && a->good < TURNS; tries++) {
		err = add(a->m);
		if (!err) {
			a->good++;
		} else if (err != EAGAIN) {
			complain(a, "a transaction", err, NULL);
			return;
		}
	}
}

void transactions(struct mux *m)
{
	const char *value;

	ok(!mux_write(m, 0, COUNTER, "0"), "[W3] a counter");
	each(m, THREADS, add_often, TURNS, "each transaction is committed in the end");
	value = peek(COUNTER);
	is(value ? atoi(value) : -1, THREADS * TURNS, "[T1, W6] and counted once");
}

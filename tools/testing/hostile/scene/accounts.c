// SPDX-License-Identifier: GPL-2.0
/* What there is in the server and in the kernel's memory: nothing more after a scene */
#include "scene.h"

/* What others do with slabs meanwhile */
#define SLAB_NOISE	(256 * 1024L)

static struct accounts {
	long watches, transactions;	/* 0: the server does not count */
	long slab;
} before;

static long began;

static struct accounts accounts(void)
{
	struct accounts a = {
		.watches = server_is_c() ? server_count("watches", 0) : 0,
		.transactions = server_is_c() ? server_count("transactions", 0) : 0,
		/* All that the module allocates is of these */
		.slab = slab_bytes(OUR_SLABS),
	};

	return a;
}

/*
 * What closed opens had written is carried out first, 1 MiB of it for each client:
 * on a slow kernel that takes more than a request may.
 */
#define CARRIED_OUT_MS	(4 * PATIENCE_MS)

static bool balanced(const struct accounts *now)
{
	return now->watches <= before.watches &&
	       now->transactions <= before.transactions &&
	       now->slab <= before.slab + SLAB_NOISE;
}

void accounts_begin(void)
{
	began = now_ms();
	before = accounts();
}

void accounts_check(const char *what)
{
	long end = now_ms() + CARRIED_OUT_MS, soon = now_ms() + 2000;
	struct accounts now = accounts();

	/* Some is freed after a grace period: see whether it gets less. */
	while (!balanced(&now) ? now_ms() < end :
	       now.slab > before.slab + SLAB_NOISE / 4 && now_ms() < soon) {
		sleep_ms(100);
		now = accounts();
	}
	if (server_is_c()) {
		is(now.watches, before.watches, "[I4] %s: no watch is left", what);
		is(now.transactions, before.transactions,
		   "[I4] %s: no transaction is left", what);
	} else {
		skip("this server does not count", "[I4] %s: watches, transactions", what);
	}
	ok(now.slab <= before.slab + SLAB_NOISE, "[I3] %s: no memory is left", what);
	diag("slabs: %+ld KiB; %ld ms", (now.slab - before.slab) / 1024,
	     now_ms() - began);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Do the file's opens share watches, as they should? Nothing that comes back tells,
 * so the server is asked how many it has, at the end of each sequence in which
 * several are of one path.
 */
#include "deadline.h"
#include "run.h"
#include "server.h"
#include "tap.h"
#include "target.h"

/* The kernel's one that stands for all of ours */
#define CARRIER	1

/* What the server counts for dom0 without any; -1: it does not say, or no more */
static long before = -1;

static struct {
	unsigned long sequences, watches, at_server;
	bool wrong;
} total;

void shared_init(void)
{
	if (server_is_c() && !is_stock() && !is_socket())
		before = server_count("watches", 0);
}

/* What was closed gives back what it had a little later. */
static bool count_becomes(long wanted)
{
	long end = now_ms() + DEADLINE_MS, count;

	while ((count = server_count("watches", 0)) != wanted && now_ms() < end)
		sleep_ms(5);
	if (count != wanted)
		diag("the server has %ld watches, expected %ld", count, wanted);
	return count == wanted;
}

void shared_check(const struct run *r)
{
	const char *paths[MAX_CONNS * MAX_ITEMS];
	unsigned int i, watches = 0, n = 0;

	if (before < 0 || !r->file)
		return;
	for (i = 0; i < r->s->conns; i++) {
		if (r->conns[i].dead)
			continue;
		watches += watches_count(r->conns[i].watches);
		n = watches_paths(r->conns[i].watches, paths, n);
	}
	if (watches == n)
		return;
	total.sequences++;
	total.watches += watches;
	total.at_server += n;
	if (count_becomes(before + CARRIER + n))
		return;
	/* Once is enough. */
	total.wrong = true;
	before = -1;
}

void shared_tell(void)
{
	if (before < 0 && !total.wrong) {
		skip("this server does not say", "[I3] how many watches it has");
		return;
	}
	diag("At the end of %lu sequences there were %lu watches, for %lu at the server",
	     total.sequences, total.watches, total.at_server);
	ok(total.sequences && !total.wrong, "[E1, I3] opens share watches, one for each path");
}

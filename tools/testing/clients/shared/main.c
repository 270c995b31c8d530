// SPDX-License-Identifier: GPL-2.0
/*
 * shared.test blocking|poller|stubborn: one connection, a thread that reads, many
 * that write, with the input and output that the argument names (mux.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "job.h"
#include "shared.h"
#include "store.h"
#include "tap.h"

void complain(struct asker *a, const char *what, int err, const struct msg *reply)
{
	if (a->wrong[0])
		return;
	if (err)
		snprintf(a->wrong, sizeof(a->wrong), "%s: %s", what, strerror(abs(err)));
	else
		snprintf(a->wrong, sizeof(a->wrong), "%s: '%.40s'", what,
			 reply ? reply->body : "");
}

void each(struct mux *m, int askers, void (*fn)(void *asker), long want,
	  const char *what)
{
	/* A thread that is never done may still use them. */
	struct asker *all = calloc(askers, sizeof(*all));
	int i;

	for (i = 0; i < askers; i++) {
		all[i].m = m;
		all[i].number = i;
	}
	jobs_run(fn, all, sizeof(*all), askers, 3 * PATIENCE_MS, what);
	for (i = 0; i < askers; i++) {
		if (!is(all[i].good, want, "[W3, I2] %s, thread %d", what, i))
			diag("%s", all[i].wrong);
	}
}

int main(int argc, char **argv)
{
	static const struct mux_io * const kinds[] = {
		&io_blocking, &io_poller, &io_stubborn
	};
	const struct mux_io *io = NULL;
	struct mux *m;
	size_t i;

	tap_begin(140);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (argc == 2 && !strcmp(argv[1], kinds[i]->name))
			io = kinds[i];
	if (!io)
		bail("usage: shared blocking|poller|stubborn");
	subtree("clients");
	m = mux_open(io, false);
	requests(m);
	transactions(m);
	watches(m);
	is(m->strange, 0, "[W3] no reply came that nobody asked for");
	is(m->overtaken, 0, "[W3] none came before one that was asked for earlier");
	flood(io);
	return tap_end();
}

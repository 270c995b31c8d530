// SPDX-License-Identifier: GPL-2.0
/* Watches of a connection on which others write meanwhile */
#include <stdio.h>
#include <string.h>

#include "deadline.h"
#include "shared.h"
#include "tap.h"

#define WATCHED	ROOT "/watched"
#define THREADS	4
#define KEYS	8

static void write_keys(void *arg)
{
	struct asker *a = arg;
	char path[64];
	int i, err;

	for (i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), WATCHED "/%d-%d", a->number, i);
		err = mux_write(a->m, 0, path, "x");
		if (err)
			complain(a, path, err, NULL);
		else
			a->good++;
	}
}

static int seen_keys(struct mux *m, const char *token)
{
	static struct msg event;
	bool seen[THREADS][KEYS] = { 0 };
	int i, j, count = 0;

	while (count < THREADS * KEYS && mux_event(m, &event, DEADLINE_MS)) {
		if (strcmp(event_token(&event), token) ||
		    sscanf(event_path(&event), WATCHED "/%d-%d", &i, &j) != 2 ||
		    i < 0 || i >= THREADS || j < 0 || j >= KEYS || seen[i][j])
			continue;
		seen[i][j] = true;
		count++;
	}
	return count;
}

void watches(struct mux *m)
{
	static struct msg event;

	ok(!mux_watch(m, XS_WATCH, WATCHED, "token"), "[E1] WATCH");
	if (ok(mux_event(m, &event, DEADLINE_MS), "[E2] its first event")) {
		is_str(event_path(&event), WATCHED, "[E2] is of its own path");
		is_str(event_token(&event), "token", "[E2] with its token");
	} else {
		ok(false, "[E2] is of its own path");
		ok(false, "[E2] with its token");
	}
	each(m, THREADS, write_keys, KEYS, "WRITEs below a watch");
	is(seen_keys(m, "token"), THREADS * KEYS, "[E4] each key has its event");
	ok(!mux_watch(m, XS_UNWATCH, WATCHED, "token"), "[E1] UNWATCH");
	while (mux_event(m, &event, 0)) /* from before it */
		;
	ok(!mux_write(m, 0, WATCHED "/after", "x"), "[W3] a WRITE after it");
	ok(!mux_event(m, &event, QUIET_MS), "[E2] has no event");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A program that watches with one connection, in a thread of its own, and asks with
 * another: a guest agent.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "job.h"
#include "mux.h"
#include "store.h"
#include "tap.h"

#define WATCHED	"/test/clients/monitored"
#define KEYS	40

/* What the monitor saw: of each key, what it read once it had its event */
struct monitor {
	struct mux *m;
	bool seen[KEYS];
	int count, wrong;
};

static void look(struct monitor *mon, int key)
{
	char path[64], want[16];
	struct msg *reply;

	snprintf(path, sizeof(path), WATCHED "/%d", key);
	snprintf(want, sizeof(want), "%d", key);
	if (mux_read(mon->m, path, &reply) || strcmp(reply->body, want))
		mon->wrong++;
	free(reply);
}

static void monitor(void *arg)
{
	static struct msg event;
	struct monitor *mon = arg;
	int key;

	while (mon->count < KEYS && mux_event(mon->m, &event, PATIENCE_MS)) {
		if (strcmp(event_token(&event), "all"))
			mon->wrong++;
		if (sscanf(event_path(&event), WATCHED "/%d", &key) != 1 ||
		    key < 0 || key >= KEYS || mon->seen[key])
			continue;
		mon->seen[key] = true;
		mon->count++;
		look(mon, key);
	}
}

static void write_keys(struct mux *m)
{
	char path[64], value[16];
	int i, good = 0;

	for (i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), WATCHED "/%d", i);
		snprintf(value, sizeof(value), "%d", i);
		good += !mux_write(m, 0, path, value);
	}
	is(good, KEYS, "[W3] WRITEs, while a monitor has their events");
}

static bool event_is(struct mux *m, const char *path, const char *token)
{
	static struct msg event;

	if (!mux_event(m, &event, DEADLINE_MS)) {
		diag("no event");
		return false;
	}
	if (!strcmp(event_path(&event), path) && !strcmp(event_token(&event), token))
		return true;
	diag("the event is %s %s", event_path(&event), event_token(&event));
	return false;
}

static void first_events(struct mux *m)
{
	static struct msg event;

	ok(!mux_watch(m, XS_WATCH, WATCHED, "one"), "[E1] a watch");
	ok(event_is(m, WATCHED, "one"), "[E2] its first event");
	is(mux_watch(m, XS_WATCH, WATCHED, "one"), EEXIST, "[E1] it is there already");
	ok(!mux_event(m, &event, QUIET_MS), "[E2] which makes no event");
	ok(!mux_watch(m, XS_WATCH, "relative", "rel"), "[E1] a relative path");
	ok(event_is(m, "relative", "rel"), "[E1] whose event is relative");
	ok(!mux_watch(m, XS_UNWATCH, "relative", "rel"), "[E1] UNWATCH of it");
	ok(!mux_watch(m, XS_WATCH, "@introduceDomain", "special"), "[E1] a special one");
	ok(event_is(m, "@introduceDomain", "special"), "[E2] its first event");
	is(mux_watch(m, XS_UNWATCH, WATCHED, "two"), ENOENT,
	   "[E1] UNWATCH of an unknown token");
	ok(!mux_watch(m, XS_UNWATCH, WATCHED, "one"), "[E1] UNWATCH of the first");
}

static void last_events(struct mux *asks, struct mux *m)
{
	static struct msg event;

	ok(!mux_watch(m, XS_UNWATCH, WATCHED, "all"), "[E1] the monitor's UNWATCH");
	while (mux_event(m, &event, 0))
		;
	ok(!mux_write(asks, 0, WATCHED "/after", "x"), "[W3] a WRITE after it");
	ok(!mux_event(m, &event, QUIET_MS), "[E2] has no event");
}

int main(void)
{
	static struct monitor mon;
	static struct job job;
	struct mux *asks;

	tap_begin(140);
	subtree("clients");
	mon.m = mux_open(&io_blocking, false);
	asks = mux_open(&io_blocking, false);
	first_events(mon.m);
	ok(!mux_watch(mon.m, XS_WATCH, WATCHED, "all"), "[E1] the monitor's watch");
	if (!job_start(&job, monitor, &mon))
		bail("no thread");
	write_keys(asks);
	ok(job_join(&job, PATIENCE_MS + DEADLINE_MS), "[E2] the monitor is done");
	is(mon.count, KEYS, "[E4] it has seen each key");
	is(mon.wrong, 0, "[I1] and read it, at its event");
	last_events(asks, mon.m);
	is(mon.m->strange + asks->strange, 0, "[W3] no reply that nobody asked for");
	return tap_end();
}

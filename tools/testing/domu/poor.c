// SPDX-License-Identifier: GPL-2.0
/*
 * A restore at a server that has fewer watches for a guest than the old one gave:
 * who has lost a watch gets an event, and the watch is set again when there is room
 * for it (contract T2).
 */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "deadline.h"
#include "domu.h"
#include "tap.h"

/* What dom0.sh makes the server's bound, and more than that */
#define BOUND	20
#define WATCHES	40

static struct client *watcher;

static char *node(unsigned int i)
{
	static char path[32];

	snprintf(path, sizeof(path), "data/poor%u", i);
	return path;
}

static void watch_all(void)
{
	unsigned int i;
	struct msg m;
	int err = 0;

	watcher = client_new();
	for (i = 0; i < WATCHES; i++) {
		err = err ?: call_watch(watcher, XS_WATCH, node(i), "t");
		err = err ?: client_event(watcher, &m, DEADLINE_MS);
	}
	is(err, 0, "[E1, E2] %d watches, where there will be %d", WATCHES, BOUND);
}

/* One event for each, whether the server took it or not */
static void all_look(void)
{
	bool seen[WATCHES] = { };
	unsigned int i, n = 0;
	struct msg m;

	while (n < WATCHES && !client_event(watcher, &m, LIMIT_MS)) {
		if (sscanf(event_path(&m), "data/poor%u", &i) == 1 && i < WATCHES &&
		    !seen[i]) {
			seen[i] = true;
			n++;
		}
	}
	is(n, WATCHES, "[T2] each watch has an event, those that were refused, too");
}

/*
 * How many of the watches see a WRITE below their node? An event for the node itself
 * only says that events were missed. When the READ is answered all have come.
 */
static unsigned int alive(struct client *c)
{
	char path[40];
	unsigned int i, n = 0;
	struct msg m;

	for (i = 0; i < WATCHES; i++) {
		snprintf(path, sizeof(path), "%s/x", node(i));
		call_write(c, 0, path, "x");
	}
	call_string(c, XS_READ, 0, "domid", &m);
	while (!client_event(watcher, &m, 0))
		n += !!strstr(event_path(&m), "/x");
	return n;
}

static bool all_come_back(struct client *c)
{
	long end = now_ms() + LIMIT_MS;
	unsigned int n;

	while ((n = alive(c)) != WATCHES && now_ms() < end)
		sleep_ms(200);
	return n == WATCHES;
}

void poor_restore(struct client *c)
{
	unsigned int n;

	watch_all();
	dom0_asked(c, "poor");
	if (!ok(dom0_done(c), "[T2] a restore where only %d are allowed", BOUND))
		bail("dom0 does not answer");
	all_look();
	n = alive(c);
	ok(n < WATCHES, "[T2] the server did refuse some: %u are alive", n);
	dom0_asked(c, "rich");
	ok(dom0_done(c), "[T2] then as many are allowed as before");
	ok(all_come_back(c), "[T2] all are alive when it has room for them");
	client_close(watcher);
}

// SPDX-License-Identifier: GPL-2.0
/* Watches: by poll, by epoll, by a thread that waits in xs_read_watch() */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "deadline.h"
#include "job.h"
#include "lx.h"
#include "tap.h"

#define KEYS	30

static void by_poll(struct xs_handle *xs)
{
	ok(xs_watch(xs, ROOT "/w", "one"), "[E1] xs_watch");
	ok(lx_event(xs, ROOT "/w", "one"), "[E2] its first event, by poll");
	ok(lx_quiet(xs), "[E2] and no other");
	lx_failed(xs_watch(xs, ROOT "/w", "one"), EEXIST, "[E1] the same again");
	ok(xs_watch(xs, ROOT "/w", "two"), "[E1] another token");
	ok(lx_event(xs, ROOT "/w", "two"), "[E2] has its first event");
	ok(xs_unwatch(xs, ROOT "/w", "two"), "[E1] xs_unwatch of it");
	ok(lx_write(xs, XBT_NULL, ROOT "/w/a", "x"), "[W3] a change");
	ok(lx_event(xs, ROOT "/w/a", "one"), "[E4] is seen");
	ok(lx_quiet(xs), "[E1] by one token only");
	ok(xs_rm(xs, XBT_NULL, ROOT "/w/a"), "[W3] xs_rm");
	ok(lx_event(xs, ROOT "/w/a", "one"), "[E4] is seen");
	errno = 0;
	ok(!xs_check_watch(xs) && errno == EAGAIN, "[E2] xs_check_watch: EAGAIN");
	ok(xs_watch(xs, "relative", "rel"), "[E1] a relative path");
	ok(lx_event(xs, "relative", "rel"), "[E1] has a relative event");
	ok(xs_watch(xs, "@releaseDomain", "special"), "[E1] a special one");
	ok(lx_event(xs, "@releaseDomain", "special"), "[E2] has its first event");
	ok(xs_unwatch(xs, "@releaseDomain", "special") &&
	   xs_unwatch(xs, "relative", "rel") &&
	   xs_unwatch(xs, ROOT "/w", "one"), "[E1] xs_unwatch of all");
}

static int in_set(int set)
{
	struct epoll_event event;
	int n;

	do {
		n = epoll_wait(set, &event, 1, DEADLINE_MS);
	} while (n < 0 && errno == EINTR);
	return n;
}

static void by_epoll(struct xs_handle *xs, struct xs_handle *other)
{
	struct epoll_event event = { .events = EPOLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC), i, good = 0;
	char path[64];

	ok(!epoll_ctl(set, EPOLL_CTL_ADD, xs_fileno(xs), &event), "[R3] epoll takes it");
	ok(xs_watch(xs, ROOT "/e", "epoll"), "[E1] xs_watch");
	ok(in_set(set) == 1 && lx_event(xs, ROOT "/e", "epoll"),
	   "[E2] its first event, by epoll");
	for (i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), ROOT "/e/%d", i);
		good += lx_write(other, XBT_NULL, path, "x") && in_set(set) == 1 &&
			lx_event(xs, path, "epoll");
	}
	is(good, KEYS, "[E4, R3] changes by another handle, one at a time");
	ok(xs_unwatch(xs, ROOT "/e", "epoll"), "[E1] xs_unwatch");
	close(set);
}

struct watcher {
	struct xs_handle *xs;
	bool seen[KEYS];
	int count, wrong;
};

static void read_watches(void *arg)
{
	struct watcher *w = arg;
	unsigned int num;
	char **event;
	int key;

	while (w->count < KEYS) {
		event = xs_read_watch(w->xs, &num);
		if (!event)
			return;
		if (num < 2 || strcmp(event[XS_WATCH_TOKEN], "thread"))
			w->wrong++;
		if (sscanf(event[XS_WATCH_PATH], ROOT "/r/%d", &key) == 1 &&
		    key >= 0 && key < KEYS && !w->seen[key]) {
			w->seen[key] = true;
			w->count++;
		}
		free(event);
	}
}

static void by_thread(struct xs_handle *other)
{
	static struct watcher w;
	static struct job job;
	char path[64];
	int i, good = 0;

	/* One that nobody has called xs_fileno() of */
	w.xs = lx_open();
	ok(xs_watch(w.xs, ROOT "/r", "thread"), "[E1] a watch for a thread");
	if (!job_start(&job, read_watches, &w))
		bail("no thread");
	for (i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), ROOT "/r/%d", i);
		/* The thread's handle is asked, too. */
		good += lx_write(i % 2 ? other : w.xs, XBT_NULL, path, "x");
	}
	is(good, KEYS, "[W3] changes, while a thread waits in xs_read_watch()");
	if (!ok(job_join(&job, PATIENCE_MS), "[E4] it has seen them all"))
		diag("%d of %d", w.count, KEYS);
	is(w.wrong, 0, "[E2] with their token");
}

void watches(void)
{
	struct xs_handle *xs = lx_open(), *other = lx_open();

	by_poll(xs);
	by_epoll(xs, other);
	by_thread(other);
	xs_close(xs);
	xs_close(other);
}

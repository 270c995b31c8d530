// SPDX-License-Identifier: GPL-2.0
/*
 * Opens that watch the same: to each it is as if it had a watch of its own, and the
 * server has one for all: E1, E2, E3, I3, I4, W7
 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "process.h"
#include "server.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

#define OPENS	30
#define PATH	ROOT "/shared"

/* What the server counted for dom0 at the beginning; -1 where it does not say */
static long before = -1;

static void count_watches(void)
{
	long count;

	if (!server_is_c() || server_is_remote() || is_stock())
		return;
	/* What was closed gives back what it had. */
	for (before = LONG_MAX; (count = server_count("watches", 0)) < before;) {
		before = count;
		sleep_ms(300);
	}
}

/* A result: the server has so many more than before, perhaps in a while */
static void more_at_server(long more, const char *when)
{
	long end = now_ms() + DEADLINE_MS, count;

	if (before < 0) {
		skip("not counted, or not shared", "[I3] %s: %ld at the server", when,
		     more);
		return;
	}
	do {
		sleep_ms(50);
		count = server_count("watches", 0) - before;
	} while (count != more && now_ms() < end);
	is(count, more, "[I3] %s: %ld at the server", when, more);
}

static char *token(int i)
{
	static char text[16];

	snprintf(text, sizeof(text), "t%d", i);
	return text;
}

/* How many of them have exactly one event now, of that path */
static int told(struct client **c, int n, const char *path)
{
	struct msg m;
	int i, good = 0;

	for (i = 0; i < n; i++)
		if (c[i] && !client_event(c[i], &m, DEADLINE_MS))
			good += is_event(&m, path, token(i));
	return good;
}

/* One after another they would be waited for long. */
static int quiet(struct client **c, int n)
{
	int i, good = 0;

	sleep_ms(QUIET_MS);
	for (i = 0; i < n; i++)
		good += c[i] && !c[i]->nr_events && !c[i]->have &&
			!poll_now(c[i]->fd, POLLIN);
	return good;
}

static void one_for_all(void)
{
	struct client *c[OPENS];
	int i, good = 0, again = 0;

	for (i = 0; i < OPENS; i++) {
		c[i] = client_new();
		good += watch_and_initial(c[i], PATH, token(i));
	}
	is(good, OPENS, "[E2] %d opens watch the same: OK, and then the initial event",
	   OPENS);
	is(quiet(c, OPENS), OPENS, "[E2] once");
	more_at_server(1, "watched by all");
	for (i = 0; i < OPENS; i++)
		again += call_watch(c[i], XS_WATCH, PATH, token(i)) == EEXIST;
	is(again, OPENS, "[E1] once more: EEXIST for each");
	touch(PATH);
	is(told(c, OPENS, PATH), OPENS, "[E2] a change: each has its event");
	is(quiet(c, OPENS), OPENS, "[E2] once");

	/* Every other one goes, one way or the other. */
	good = 0;
	for (i = 0; i < OPENS; i += 2) {
		if (i % 6 == 0)
			good += !call_watch(c[i], XS_UNWATCH, PATH, token(i)) &&
				call_watch(c[i], XS_UNWATCH, PATH, token(i)) == ENOENT;
		else if (i % 6 == 2)
			good += !call(c[i], XS_RESET_WATCHES, 0, "", 1, NULL);
		else
			good++;
	}
	is(good, OPENS / 2, "[E1, W7] half of them UNWATCH, RESET_WATCHES, or");
	for (i = 4; i < OPENS; i += 6) {
		client_close(c[i]);
		c[i] = NULL;
	}
	more_at_server(1, "watched by half of them");
	touch(PATH);
	for (i = 0, good = 0; i < OPENS; i++)
		if (c[i])
			good += i % 2 ? told(&c[i], 1, PATH) != 1 || 1 : client_quiet(c[i]);
	is(good, OPENS - OPENS / 6, "[E2, I4] close: no event for those");
	for (i = 0; i < OPENS; i++)
		if (c[i])
			client_close(c[i]);
	more_at_server(0, "watched by none");
}

/* Each with a depth of its own */
static void own_depths(void)
{
	struct client *c[3];
	static const char *const depths[] = { "0", "1", NULL };
	char body[64];
	struct msg m;
	int i, len, good = 0;

	for (i = 0; i < 3; i++) {
		c[i] = client_new();
		len = snprintf(body, sizeof(body), PATH "%c%s", 0, token(i)) + 1;
		if (depths[i])
			len += snprintf(body + len, sizeof(body) - len, "%s",
					depths[i]) + 1;
		good += !call(c[i], XS_WATCH, 0, body, len, NULL) &&
			!client_event(c[i], &m, DEADLINE_MS);
	}
	is(good, 3, "[E3] three depths");
	touch(PATH "/a");
	for (i = 1, good = 0; i < 3; i++)
		good += !client_event(c[i], &m, DEADLINE_MS) &&
			is_event(&m, PATH "/a", token(i));
	ok(client_quiet(c[0]) && good == 2, "[E3] a child: not for depth 0");
	touch(PATH "/a/b");
	ok(client_quiet(c[0]) && client_quiet(c[1]), "[E3] its child: not for depth 1");
	ok(!client_event(c[2], &m, DEADLINE_MS) && is_event(&m, PATH "/a/b", "t2"),
	   "[E3] but without a depth");
	for (i = 0; i < 3; i++)
		client_close(c[i]);
}

/* In its place among the requests of its open, although others have it. */
static void in_its_place(void)
{
	struct client *other = client_new(), *c = client_new();
	char buf[512], body[64];
	struct msg m[6];
	size_t len, n;
	int i;

	if (is_stock()) {
		skip("it loses pipelined requests", "[E2, E5] WATCH and UNWATCH pipelined");
		return;
	}
	ok(watch_and_initial(other, PATH, "other"), "[E2] another open watches");
	n = pair(body, PATH, "t") + 1;
	body[n - 1] = '\0';
	len = msg_write_req(buf, 1, 0, PATH, "before");
	len += msg_build(buf + len, XS_WATCH, 2, 0, body, n);
	len += msg_write_req(buf + len, 3, 0, PATH "/x", "within");
	len += msg_build(buf + len, XS_UNWATCH, 4, 0, body, n);
	len += msg_write_req(buf + len, 5, 0, PATH, "after");
	is(write(c->fd, buf, len), len, "[E5] WRITE, WATCH, WRITE, UNWATCH, WRITE");
	for (i = 0; i < 7; i++)
		if (client_recv(c, &m[i % 6], i < 6 ? DEADLINE_MS : 100))
			break;
		else if (m[i % 6].hdr.type == XS_WATCH_EVENT)
			diag("%d: event %s", i, event_path(&m[i % 6]));
		else
			diag("%d: reply %u", i, m[i % 6].hdr.req_id);
	is(i, 7, "[E2] five replies and two events");
	client_close(c);
	client_close(other);
}

/* Watch, and give it back, with others at it */
static void churn_main(int which)
{
	struct client *c = client_new();
	int i;

	for (i = 0; i < 100; i++) {
		if (!watch_and_initial(c, PATH, token(which)))
			_exit(1);
		if (i % 3 == 0) {
			client_close(c);
			c = client_new();
		} else if (i % 3 == 1 ?
			   call_watch(c, XS_UNWATCH, PATH, token(which)) :
			   call(c, XS_RESET_WATCHES, 0, "", 1, NULL)) {
			_exit(2);
		}
		c->nr_events = 0;
	}
	client_close(c);
	_exit(0);
}

#define CHURNS	6

static void churn(void)
{
	struct client *stays = client_new();
	pid_t pids[CHURNS];
	int i, good = 0;
	struct msg m;

	for (i = 0; i < CHURNS; i++) {
		fflush(stdout);
		pids[i] = fork();
		if (!pids[i])
			churn_main(i);
	}
	for (i = 0; i < 50; i++) {
		good += watch_and_initial(stays, PATH, "stays");
		touch(PATH);
		good += !client_event(stays, &m, DEADLINE_MS) &&
			is_event(&m, PATH, "stays");
		good += !call_watch(stays, XS_UNWATCH, PATH, "stays");
		stays->nr_events = 0;
	}
	is(good, 150, "[E1, E2] 50 times, beside %d that come and go: all events",
	   CHURNS);
	for (i = 0, good = 0; i < CHURNS; i++)
		good += child_wait(pids[i], 4 * DEADLINE_MS) == 0;
	is(good, CHURNS, "[E1, E2] and those saw what they should");
	client_close(stays);
	more_at_server(0, "after all that");
}

void shared(void)
{
	struct client *other = client_new();

	/* The kernel's one watch that stands for all is there meanwhile. */
	ok(watch_and_initial(other, ROOT "/other", "t"), "[E2] a watch of another path");
	count_watches();
	touch(PATH);
	one_for_all();
	own_depths();
	in_its_place();
	if (is_stock())
		skip("it hangs", "[E1, E2] many that come and go");
	else
		churn();
	client_close(other);
}

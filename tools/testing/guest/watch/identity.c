// SPDX-License-Identifier: GPL-2.0
/* Which watch is which, and which can't be: E1; and its end: I4 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "deadline.h"
#include "server.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

static void basics(void)
{
	struct client *c = client_new();

	is(call_watch(c, XS_WATCH, ROOT "/a", "token"), 0, "[E1] WATCH");
	ok(expect_event(c, ROOT "/a", "token"), "[E2] the initial event");
	ok(client_quiet(c), "[E2] comes once");
	touch(ROOT "/a");
	ok(expect_event(c, ROOT "/a", "token"), "[E2] an event of the node itself");
	touch(ROOT "/a/b/c");
	ok(expect_event(c, ROOT "/a/b/c", "token"), "[E2] an event from below");
	touch(ROOT "/b");
	ok(client_quiet(c), "[E2] none from elsewhere");
	is(call_watch(c, XS_UNWATCH, ROOT "/a", "token"), 0, "[E1] UNWATCH");
	touch(ROOT "/a");
	ok(client_quiet(c), "[E2] and no event after it");
	client_close(c);
}

static void duplicates(void)
{
	struct client *c = client_new();

	is(call_watch(c, XS_WATCH, ROOT "/dup", "t"), 0, "[E1] WATCH");
	is(call_watch(c, XS_WATCH, ROOT "/dup", "t"), EEXIST,
	   "[E1] the same again: EEXIST");
	is(call_watch(c, XS_WATCH, ROOT "/dup", "u"), 0, "[E1] with another token");
	is(call_watch(c, XS_WATCH, ROOT "/dup2", "t"), 0, "[E1] with another path");
	client_close(c);

	c = client_new();
	watch_and_initial(c, ROOT "/dup", "t");
	call_watch(c, XS_WATCH, ROOT "/dup", "t");
	touch(ROOT "/dup");
	ok(expect_event(c, ROOT "/dup", "t") && client_quiet(c),
	   "[E1] a refused WATCH adds no events");
	is(call_watch(c, XS_UNWATCH, ROOT "/dup", "t"), 0, "[E1] UNWATCH");
	ok(watch_and_initial(c, ROOT "/dup", "t"), "[E1] and it may be watched again");
	client_close(c);
}

static void unknown(void)
{
	struct client *c = client_new();

	is(call_watch(c, XS_UNWATCH, ROOT "/none", "t"), ENOENT,
	   "[E1] UNWATCH of an unknown path: ENOENT");
	call_watch(c, XS_WATCH, ROOT "/none", "t");
	is(call_watch(c, XS_UNWATCH, ROOT "/none", "u"), ENOENT,
	   "[E1] of an unknown token: ENOENT");
	is(call_watch(c, XS_UNWATCH, ROOT "/none", "t"), 0, "[E1] of a known one");
	is(call_watch(c, XS_UNWATCH, ROOT "/none", "t"), ENOENT,
	   "[E1] the same again: ENOENT");
	client_close(c);
}

/* XENSTORE_ABS_PATH_MAX */
#define ABS_PATH_MAX	3072

static void refused(const char *path, const char *what)
{
	struct client *sock = client_open(socket_path()), *c = client_new();
	int want = call_watch(sock, XS_WATCH, path, "t");

	/* oxenstored sets no limit here; the protocol does, and so do we. */
	if (!is_socket() && strlen(path) > ABS_PATH_MAX)
		want = EINVAL;
	client_close(sock);
	is(call_watch(c, XS_WATCH, path, "t"), want,
	   "[E1] WATCH of %s: as on the socket", what);
	client_close(c);
	c = client_new();
	if (want)
		is(call_watch(c, XS_WATCH, path, "t"), want, "[E1] and again");
	ok(watch_and_initial(c, ROOT "/fine", "t"), "[E1] and the open goes on");
	client_close(c);
}

static void refusals(void)
{
	static char longest[3500], all[PAYLOAD_MAX - 2];

	if (!can_compare("[E1] WATCH of a path that can't be"))
		return;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[0] = '/';
	memset(all, 'x', sizeof(all) - 1);
	all[0] = '/';
	refused("/test//x", "an invalid path");
	refused("/test/x/", "a path that ends in /");
	refused("/test/%", "a path with a bad letter");
	refused(longest, "a path that is too long");
	refused(all, "a path that fills the payload");
}

void closed_watches(void)
{
	struct client *c;
	long before, after;
	int i;

	if (!server_is_c()) {
		skip("only xenstored counts them for us", "[I4] no watch is left");
		return;
	}
	sleep_ms(300);
	before = server_count("watches", 0);
	c = client_new();
	for (i = 0; i < 20; i++) {
		char token[8];

		sprintf(token, "%d", i);
		call_watch(c, XS_WATCH, ROOT "/leak", token);
	}
	client_close(c);
	for (i = 0; i < 50; i++) {
		after = server_count("watches", 0);
		if (after <= before)
			break;
		sleep_ms(50);
	}
	is(after, before, "[I4] close() takes its watches along");
}

void identity(void)
{
	basics();
	duplicates();
	unknown();
	refusals();
}

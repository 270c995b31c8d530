// SPDX-License-Identifier: GPL-2.0
/* Paths and tokens of every kind, on one open and on two: E1, E2, I5 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

#define HUNDRED	100

static void watch_name(char *path, char *token, unsigned int i)
{
	sprintf(path, ROOT "/many/%u", i);
	sprintf(token, "token-%u", i);
}

static void many(void)
{
	struct client *c = client_new();
	char path[64], token[32];
	unsigned int i, good = 0;

	for (i = 0; i < HUNDRED; i++) {
		watch_name(path, token, i);
		good += watch_and_initial(c, path, token);
	}
	is(good, HUNDRED, "[E1] %d watches on one open", HUNDRED);
	for (i = 0, good = 0; i < HUNDRED; i++) {
		watch_name(path, token, i);
		touch(path);
		good += expect_event(c, path, token);
	}
	is(good, HUNDRED, "[E2] each has its own path and token");
	for (i = 0, good = 0; i < HUNDRED; i++) {
		watch_name(path, token, i);
		good += !call_watch(c, XS_UNWATCH, path, token);
	}
	is(good, HUNDRED, "[E1] and its own end");
	client_close(c);
}

static void two_opens(void)
{
	struct client *a = client_new(), *b = client_new();

	ok(watch_and_initial(a, ROOT "/two", "t") &&
	   watch_and_initial(b, ROOT "/two", "t"),
	   "[I5] the same path and token on two opens");
	touch(ROOT "/two");
	ok(expect_event(a, ROOT "/two", "t") && expect_event(b, ROOT "/two", "t"),
	   "[I5] both get the event");
	is(call_watch(a, XS_UNWATCH, ROOT "/two", "t"), 0, "[I5] one ends its own");
	touch(ROOT "/two");
	ok(expect_event(b, ROOT "/two", "t"), "[I5] the other goes on");
	ok(client_quiet(a), "[I5] the one is quiet");
	call_watch(a, XS_WATCH, ROOT "/two", "t");
	client_close(a);
	touch(ROOT "/two");
	ok(expect_event(b, ROOT "/two", "t"), "[I5] and after the other's close");
	client_close(b);
}

static void tokens(void)
{
	static char longest[1001];
	static const char * const list[] = {
		"", "0", "ffff888004a1b2c0", "a b/c\t!", longest
	};
	static const char * const what[] = {
		"an empty token", "the token 0", "a token like a pointer",
		"a token of odd letters", "a token of 1000 bytes"
	};
	struct client *c;
	unsigned int i;

	memset(longest, 'T', sizeof(longest) - 1);
	for (i = 0; i < 5; i++) {
		c = client_new();
		ok(watch_and_initial(c, ROOT "/tok", list[i]), "[E2] %s comes back", what[i]);
		client_close(c);
	}
}

#define REL	"test-relative"

static void relative(void)
{
	struct client *c = client_new();
	char path[128];

	snprintf(path, sizeof(path), "%s/" REL "/y", home_path());
	ok(watch_and_initial(c, REL, "t"), "[E2] a relative path: the initial event has it");
	call_write(c, 0, REL "/x", "1");
	ok(expect_event(c, REL "/x", "t"), "[E2] and so have the others");
	touch(path);
	ok(expect_event(c, REL "/y", "t"), "[E2] whoever made them");
	*strrchr(path, '/') = '\0';
	is(call_watch(c, XS_WATCH, path, "t"), EEXIST,
	   "[E1] the same node by its absolute path: EEXIST");
	is(call_watch(c, XS_UNWATCH, REL, "t"), 0, "[E1] UNWATCH of a relative path");
	call_string(c, XS_RM, 0, REL, NULL);
	client_close(c);
}

static void special(void)
{
	struct client *c = client_new();

	ok(watch_and_initial(c, "@introduceDomain", "i"), "[E2] @introduceDomain");
	ok(watch_and_initial(c, "@releaseDomain", "r"), "[E2] @releaseDomain");
	is(call_watch(c, XS_UNWATCH, "@introduceDomain", "i"), 0,
	   "[E1] UNWATCH @introduceDomain");
	is(call_watch(c, XS_UNWATCH, "@releaseDomain", "r"), 0,
	   "[E1] UNWATCH @releaseDomain");
	client_close(c);
}

void names(void)
{
	many();
	two_opens();
	tokens();
	relative();
	special();
}

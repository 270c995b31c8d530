// SPDX-License-Identifier: GPL-2.0
/* Watches: E1 to E5 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/watch"

static bool is_event(const struct msg *m, const char *path, const char *token)
{
	return m->hdr.type == XS_WATCH_EVENT && !strcmp(event_path(m), path) &&
	       !strcmp(event_token(m), token);
}

static bool expect_event(struct client *c, const char *path, const char *token)
{
	struct msg m;
	int err = client_event(c, &m, DEADLINE_MS);

	if (err) {
		diag("no event of %.60s: %s", path, strerror(-err));
		return false;
	}
	if (is_event(&m, path, token))
		return true;
	diag("expected an event of %.60s (%.60s), got %.60s (%.60s)", path,
	     token, event_path(&m), event_token(&m));
	return false;
}

static void touch(const char *path)
{
	struct client *c = client_open(socket_path());

	call_write(c, 0, path, "touched");
	client_close(c);
}

static bool watch_and_initial(struct client *c, const char *path,
			      const char *token)
{
	int err = call_watch(c, XS_WATCH, path, token);

	if (err)
		diag("WATCH %.60s: %d", path, err);
	return !err && expect_event(c, path, token);
}

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

static void order(void)
{
	struct client *c = client_new();
	unsigned int i, n = 50;
	struct msg a, b;
	char body[128];
	size_t len;

	for (i = 0; i < n; i++) {
		len = pair(body, ROOT "/order", "t") + 1;
		body[len - 1] = '\0';
		client_send(c, XS_WATCH, 0, body, len);
		if (client_recv(c, &a, DEADLINE_MS) ||
		    client_recv(c, &b, DEADLINE_MS) ||
		    a.hdr.type != XS_WATCH || b.hdr.type != XS_WATCH_EVENT)
			break;
		if (call_watch(c, XS_UNWATCH, ROOT "/order", "t") || c->nr_events)
			break;
	}
	is(i, n, "[E2] %u times: the OK, then one initial event", n);
	if (i < n)
		diag("round %u: first type %u, then %u, %u events left", i,
		     a.hdr.type, b.hdr.type, c->nr_events);
	client_close(c);
}

static volatile bool stop_firing;

static void fire(void *arg)
{
	struct client *c = client_open(socket_path());

	while (!stop_firing) {
		call_write(c, 0, arg, "fire");
		sleep_ms(1);
	}
	client_close(c);
}

static bool watch_under_fire(struct client *c)
{
	struct msg m;

	if (call_watch(c, XS_WATCH, ROOT "/fire", "t") || c->nr_events) {
		diag("WATCH failed or %u events came first", c->nr_events);
		return false;
	}
	if (client_event(c, &m, DEADLINE_MS) ||
	    !is_event(&m, ROOT "/fire", "t")) {
		diag("no event");
		return false;
	}
	if (call_watch(c, XS_UNWATCH, ROOT "/fire", "t"))
		return false;
	c->nr_events = 0;
	if (client_recv(c, &m, 30) == 0) {
		diag("type %u after the OK of UNWATCH", m.hdr.type);
		return false;
	}
	return true;
}

static void under_fire(void)
{
	struct client *c = client_new();
	static char path[] = ROOT "/fire";
	unsigned int i, n = 30;
	struct job job;

	stop_firing = false;
	job_start(&job, fire, path);
	for (i = 0; i < n; i++)
		if (!watch_under_fire(c))
			break;
	stop_firing = true;
	job_join(&job, DEADLINE_MS);
	is(i, n, "[E2] %u times under fire: OK first, nothing after UNWATCH", n);
	client_close(c);
}

static void pipelined(void)
{
	struct client *c = client_new();
	bool initial = false, changed = false;
	char buf[256], body[64];
	struct msg m[4];
	size_t len;
	int i;

	len = pair(body, ROOT "/pipe", "t") + 1;
	body[len - 1] = '\0';
	len = msg_build(buf, XS_WATCH, 1, 0, body, len);
	len += msg_write_req(buf + len, 2, 0, ROOT "/pipe/x", "1");
	is(write(c->fd, buf, len), len, "[E5] WATCH and WRITE in one write");
	for (i = 0; i < 4; i++)
		if (client_recv(c, &m[i], DEADLINE_MS))
			break;
	is(i, 4, "[E5] two replies and two events come");
	ok(i == 4 && m[0].hdr.type == XS_WATCH && m[0].hdr.req_id == 1,
	   "[E5] first the OK of the WATCH");
	while (i-- > 0) {
		initial |= is_event(&m[i], ROOT "/pipe", "t");
		changed |= is_event(&m[i], ROOT "/pipe/x", "t");
	}
	ok(initial && changed, "[E5] the initial event and that of the WRITE");
	client_close(c);
}

/*
 * The stock driver waits for the server with its mutex held, which the reply
 * to the request before it takes in the xenbus thread: a deadlock, for good.
 */
static void among_requests(void)
{
	struct client *c;
	struct msg m;

	if (is_stock()) {
		skip("it would stop the whole domain", "[W3] WATCH among requests in flight");
		return;
	}
	c = client_new();
	ok(watch_and_initial(c, ROOT "/x", "t"), "[W3] WATCH");
	client_send(c, XS_WATCH, 0, ROOT "/y\0t", sizeof(ROOT "/y\0t"));
	client_send(c, XS_READ, 0, ROOT, sizeof(ROOT));
	client_send(c, XS_UNWATCH, 0, ROOT "/x\0t", sizeof(ROOT "/x\0t"));
	ok(!client_reply(c, &m) && m.hdr.type == XS_WATCH &&
	   !client_reply(c, &m) && m.hdr.type == XS_READ &&
	   !client_reply(c, &m) && m.hdr.type == XS_UNWATCH,
	   "[W3] WATCH, READ, UNWATCH in flight: replies in that order");
	client_close(c);
}

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

/* The same events as on the socket, operation by operation */
#define Y	ROOT "/yard"
static const struct {
	uint32_t type;
	const char *body;
	size_t len;
	const char *what;
} ops[] = {
	{ XS_WRITE, Y "/dir/a\0001", sizeof(Y) + 7, "WRITE below" },
	{ XS_WRITE, Y "/dir/a\0002", sizeof(Y) + 7, "WRITE again" },
	{ XS_WRITE, Y "/dir\0003", sizeof(Y) + 5, "WRITE of the node" },
	{ XS_WRITE, Y "/director\0004", sizeof(Y) + 10, "WRITE of a longer name" },
	{ XS_MKDIR, Y "/dir/b/c", sizeof(Y) + 8, "MKDIR of two levels" },
	{ XS_SET_PERMS, Y "/dir/b\0n0", sizeof(Y) + 9, "SET_PERMS" },
	{ XS_RM, Y "/dir/b", sizeof(Y) + 6, "RM of a tree below" },
	{ XS_RM, Y, sizeof(Y), "RM of the parent" },
	{ XS_MKDIR, Y "/dir", sizeof(Y) + 4, "MKDIR of the node" },
};

static size_t collect(struct client *c, char *text, size_t size)
{
	size_t len = 0;
	struct msg m;

	text[0] = '\0';
	while (!client_event(c, &m, 80))
		len += snprintf(text + len, size - len, "%.100s=%.40s ",
				event_path(&m), event_token(&m));
	return len;
}

static void yardstick(void)
{
	struct client *sock, *c, *doer;
	static char want[2048], got[2048];
	unsigned int i;

	if (!can_compare("[E2] events as on the socket"))
		return;
	sock = client_open(socket_path());
	doer = client_open(socket_path());
	c = client_new();
	call_watch(sock, XS_WATCH, Y "/dir", "t");
	call_watch(c, XS_WATCH, Y "/dir", "t");
	collect(sock, want, sizeof(want));
	collect(c, got, sizeof(got));
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		call(doer, ops[i].type, 0, ops[i].body, ops[i].len, NULL);
		collect(sock, want, sizeof(want));
		collect(c, got, sizeof(got));
		is_str(got, want, "[E2] %s: the same events as on the socket", ops[i].what);
	}
	client_close(sock);
	client_close(doer);
	client_close(c);
}

/* The first event or events, as one string */
static const char *events_now(struct client *c)
{
	static char text[2048];

	collect(c, text, sizeof(text));
	return text;
}

static void depths(void)
{
	struct client *c;

	if (is_stock() || is_socket()) {
		skip("an extension", "[E3] watches with a depth");
		return;
	}
	c = client_new();
#define D	ROOT "/depth"
	is(call(c, XS_WATCH, 0, D "\0t\0001", sizeof(D) + 4, NULL), 0,
	   "[E3] WATCH with depth 1");
	is_str(events_now(c), D "=t ", "[E3] the initial event");
	touch(D);
	is_str(events_now(c), D "=t ", "[E3] an event of the node itself");
	touch(D "/a");
	is_str(events_now(c), D "/a=t ", "[E3] an event of a child");
	touch(D "/a/b");
	is_str(events_now(c), "", "[E3] none from further below");
	is(call_watch(c, XS_UNWATCH, D, "t"), 0, "[E3] UNWATCH");
	is(call(c, XS_WATCH, 0, D "\0t\0000", sizeof(D) + 4, NULL), 0,
	   "[E3] WATCH with depth 0");
	events_now(c);
	touch(D "/a");
	is_str(events_now(c), "", "[E3] none from below");
	touch(D);
	is_str(events_now(c), D "=t ", "[E3] but from the node itself");
	is(call(c, XS_WATCH, 0, D "\0u\0x", sizeof(D) + 4, NULL), EINVAL,
	   "[E3] a depth that is no number: EINVAL");
	client_close(c);
}

static void merged(void)
{
	struct client *c;
	struct msg m;
	int i, n = 0;

	if (is_socket()) {
		skip("the socket has a buffer before the server's", "[E4] merging");
		return;
	}
	c = client_new();
	watch_and_initial(c, ROOT "/merge", "t");
	for (i = 0; i < 50; i++)
		touch(ROOT "/merge");
	sleep_ms(200);
	while (!client_event(c, &m, QUIET_MS))
		n++;
	is(n, 1, "[E4] 50 equal events that nobody read are one");
	touch(ROOT "/merge");
	ok(expect_event(c, ROOT "/merge", "t"), "[E4] the next one is new again");
	client_close(c);
}

#define FLOOD		700
#define FLOOD_NAME	800

static void flood(void)
{
	struct client *c = client_open(socket_path());
	char path[FLOOD_NAME + 100];
	int i, len = sprintf(path, ROOT "/flood/");

	memset(path + len, 'n', FLOOD_NAME);
	for (i = 0; i < FLOOD; i++) {
		sprintf(path + len + FLOOD_NAME, "%d", i);
		call_write(c, 0, path, "");
	}
	client_close(c);
}

static void bounded(void)
{
	struct client *c;
	bool collapsed = false;
	size_t bytes = 0;
	struct msg m;
	int n = 0;

	if (is_socket()) {
		skip("the server's quota", "[E4] a bound on unread events");
		return;
	}
	c = client_new();
	watch_and_initial(c, ROOT "/flood", "t");
	flood();
	sleep_ms(200);
	while (!client_event(c, &m, QUIET_MS)) {
		n++;
		bytes += HEADER + m.hdr.len;
		collapsed |= is_event(&m, ROOT "/flood", "t");
	}
	ok(bytes < 256 * 1024, "[E4] %d events that nobody reads stay under 256 KiB", FLOOD);
	diag("%d events, %zu bytes", n, bytes);
	ok(collapsed || n == FLOOD, "[E4] what did not fit became one event of the watch's own path");
	touch(ROOT "/flood/x");
	ok(expect_event(c, ROOT "/flood/x", "t"), "[E4] once read, events are exact again");
	client_close(c);
}

static void no_leak(void)
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

int main(void)
{
	tap_begin(100);
	subtree("watch");
	basics();
	duplicates();
	unknown();
	refusals();
	order();
	under_fire();
	pipelined();
	among_requests();
	many();
	two_opens();
	tokens();
	relative();
	special();
	yardstick();
	depths();
	merged();
	bounded();
	no_leak();
	return tap_end();
}

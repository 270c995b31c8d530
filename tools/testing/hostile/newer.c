// SPDX-License-Identifier: GPL-2.0
/*
 * A server that is newer than those there are to test with: it says in the store's
 * page that it knows the depth of a WATCH, and gets it, so that it can tell which
 * domain has gone: E3. What only it knows is passed on: I1.
 *
 * No such server is packaged yet, so the test is it, for these requests.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hostile.h"

#define SPECIAL		"@releaseDomain"
#define FEATURE_DEPTH	4
#define GET_FEATURE	23
#define MAX_REQUESTS	3

/* What a WATCH or UNWATCH says: path, token, and perhaps a depth */
struct said {
	struct msg m;
	const char *token;
	const char *depth;
};

/* Does a request come that says so, and nothing else? */
static bool hear(struct said *s, uint32_t type, const char *path)
{
	const char *p, *end;

	if (!pretend_receive(&s->m) || s->m.hdr.type != type)
		return false;
	end = s->m.body + s->m.hdr.len;
	s->token = s->m.body + strlen(path) + 1;
	if (s->token >= end || strcmp(s->m.body, path))
		return false;
	p = s->token + strnlen(s->token, end - s->token) + 1;
	s->depth = p < end ? p : "none";
	if (p < end)
		p += strnlen(p, end - p) + 1;
	return p == end;
}

static void say_ok(const struct said *s)
{
	pretend_send(s->m.hdr.type, &s->m, "OK", sizeof("OK"));
}

static void say_event(const struct said *s, const char *path)
{
	char body[128];

	pretend_send(XS_WATCH_EVENT, NULL, body,
		     snprintf(body, sizeof(body), "%s%c%s", path, 0, s->token) + 1);
}

static void ask_watch(struct client *c, uint32_t type, const char *path,
		      const char *depth)
{
	char body[64];
	int len;

	len = snprintf(body, sizeof(body), "%s%ct", path, 0) + 1;
	if (depth)
		len += snprintf(body + len, sizeof(body) - len, "%s", depth) + 1;
	client_send(c, type, 0, body, len);
}

static void came(struct client *c, uint32_t type, const char *path, const char *what)
{
	static struct msg m;

	if (!ok(!client_recv(c, &m, PATIENCE_MS) && m.hdr.type == type,
		"[E3] %s: a message of type %u", what, type))
		return;
	if (type == XS_WATCH_EVENT) {
		is_str(event_path(&m), path, "[E3] %s: its path", what);
		is_str(event_token(&m), "t", "[E3] %s: its token", what);
	} else {
		is(msg_error(&m), 0, "[E3] %s: OK", what);
	}
}

/* Give it back, so that the server and the module think alike again. */
static void give_back(struct client *c, struct client *other, const char *path)
{
	static struct said s;

	pretend_begin();
	ask_watch(c, XS_UNWATCH, path, NULL);
	ok(hear(&s, XS_UNWATCH, path) && !strcmp(s.depth, "none"),
	   "[E3] an UNWATCH of %s has no depth", path);
	say_ok(&s);
	pretend_goes_on(other, "UNWATCH");
	came(c, XS_UNWATCH, NULL, "UNWATCH");
}

/* Begin to be the server, which gets a WATCH and says OK. */
static void watched(struct said *s, struct client *c, const char *path,
		    const char *depth, const char *wanted, const char *what)
{
	pretend_begin();
	ask_watch(c, XS_WATCH, path, depth);
	ok(hear(s, XS_WATCH, path), "[E3] %s: a WATCH comes", what);
	is_str(s->depth, wanted, "[E3] %s: with this depth", what);
	say_ok(s);
}

static void which_domain(struct client *c, struct client *other)
{
	static struct said s;

	watched(&s, c, SPECIAL, "1", "1", "which domain");
	say_event(&s, SPECIAL);
	say_event(&s, SPECIAL "/7");
	pretend_goes_on(other, "depth");
	came(c, XS_WATCH, NULL, "WATCH");
	came(c, XS_WATCH_EVENT, SPECIAL, "the initial event");
	came(c, XS_WATCH_EVENT, SPECIAL "/7", "a domain has gone");
	give_back(c, other, SPECIAL);
}

static void one_domain(struct client *c, struct client *other)
{
	static struct said s;

	watched(&s, c, SPECIAL "/7", NULL, "none", "one domain");
	say_event(&s, SPECIAL "/7");
	pretend_goes_on(other, "one domain");
	came(c, XS_WATCH, NULL, "WATCH");
	came(c, XS_WATCH_EVENT, SPECIAL "/7", "this domain has gone");
	give_back(c, other, SPECIAL "/7");
}

/* The kernel looks at the ring, which stays the test's. */
static void look_on(struct client *other)
{
	static struct msg m;

	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	ok(pretend_receive(&m) && m.hdr.type == XS_READ, "[I1] another's READ comes");
	pretend_send(XS_READ, &m, VALUE, strlen(VALUE));
}

/* Two depths of one watch: the second waits for what the server says of the first. */
static void two_depths(struct client *c, struct client *other, const char *error)
{
	static struct said s[2];
	static struct msg m;

	pretend_begin();
	ask_watch(c, XS_WATCH, KEY, "1");
	ask_watch(c, XS_WATCH, KEY, "22");
	ok(hear(&s[0], XS_WATCH, KEY) && !strcmp(s[0].depth, "1"),
	   "[E3] the first of two depths comes");
	look_on(other);
	if (error)
		pretend_send(XS_ERROR, &s[0].m, error, strlen(error) + 1);
	else
		say_ok(&s[0]);
	look_on(other);
	ok(hear(&s[1], XS_WATCH, KEY), "[E3] then the second WATCH");
	is_str(s[1].depth, error ? "22" : "1", "[E3] with the depth of the watch that is there");
	if (error)
		say_ok(&s[1]);
	else
		pretend_send(XS_ERROR, &s[1].m, "EEXIST", sizeof("EEXIST"));
	pretend_goes_on(other, "two depths");
	ok(!client_recv(other, &m, PATIENCE_MS) && !client_recv(other, &m, PATIENCE_MS),
	   "[I1] the others' READs are answered");
	ok(!client_recv(c, &m, PATIENCE_MS) && !!msg_error(&m) == !!error,
	   "[E1] the first is %s", error ?: "OK");
	ok(!client_recv(c, &m, PATIENCE_MS) && msg_error(&m) == (error ? 0 : EEXIST),
	   "[E1] the second is %s", error ? "OK" : "EEXIST");
	give_back(c, other, KEY);
}

/* It is asked for again, deeper, while it leaves. */
static void deeper_again(struct client *c, struct client *other)
{
	static struct said s[MAX_REQUESTS];

	watched(&s[0], c, SPECIAL, "0", "0", "depth 0");
	pretend_goes_on(other, "depth 0");
	came(c, XS_WATCH, NULL, "depth 0");

	pretend_begin();
	ask_watch(c, XS_UNWATCH, SPECIAL, NULL);
	ask_watch(c, XS_WATCH, SPECIAL, "1");
	ok(hear(&s[1], XS_UNWATCH, SPECIAL) && hear(&s[2], XS_WATCH, SPECIAL),
	   "[E3] UNWATCH and WATCH come");
	is_str(s[2].depth, "1", "[E3] with the new depth");
	say_ok(&s[1]);
	say_ok(&s[2]);
	say_event(&s[2], SPECIAL "/7");
	pretend_goes_on(other, "depth 1");
	came(c, XS_UNWATCH, NULL, "UNWATCH");
	came(c, XS_WATCH, NULL, "WATCH again");
	came(c, XS_WATCH_EVENT, SPECIAL "/7", "what depth 0 would not have shown");
	give_back(c, other, SPECIAL);
}

/* A server from before that would answer EINVAL. */
static void older(struct client *c, struct client *other)
{
	static struct said s;

	watched(&s, c, SPECIAL, "1", "none", "an older server");
	pretend_goes_on(other, "older");
	came(c, XS_WATCH, NULL, "WATCH");
	give_back(c, other, SPECIAL);
}

static void unknown_type(struct client *c, struct client *other)
{
	static struct msg m;

	pretend_begin();
	client_send(c, GET_FEATURE, 0, "", 1);
	ok(pretend_receive(&m) && m.hdr.type == GET_FEATURE,
	   "[I1] GET_FEATURE is passed on");
	pretend_send(GET_FEATURE, &m, "7", sizeof("7"));
	pretend_goes_on(other, "GET_FEATURE");
	ok(!client_recv(c, &m, PATIENCE_MS) && m.hdr.type == GET_FEATURE &&
	   !strcmp(m.body, "7"), "[I1] and its answer comes");
}

int main(void)
{
	struct client *c, *other, *keeper;
	static struct msg m;

	hostile_begin(120);
	if (!can_pretend("[E3] a newer server"))
		return tap_end();
	module_unload("kuser");
	c = client_new();
	/* By the kernel's own door: ours lets a client have two at the server. */
	other = client_open(stock_path());
	keeper = client_new();
	/* So that the module has asked the server itself whatever it asks. */
	is(call_watch(keeper, XS_WATCH, ROOT, "keeper"), 0, "[E1] a watch");
	is(client_event(keeper, &m, PATIENCE_MS), 0, "[E2] and its event");

	pretend_features(FEATURE_DEPTH);
	which_domain(c, other);
	one_domain(c, other);
	two_depths(c, other, NULL);
	two_depths(c, other, "E2BIG");
	deeper_again(c, other);
	unknown_type(c, other);
	pretend_features(0);
	older(c, other);
	client_close(c);
	client_close(other);
	client_close(keeper);
	ok(server_alive(), "[I4] the server lives");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* What one can see of an open: fdinfo and tracepoints: F3 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "fdinfo.h"
#include "kernel.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/inside"
#define KEY	ROOT "/key"
#define MANY	ROOT "/many"
#define TRACING	"/sys/kernel/tracing"

/* A line of it, without its name; NULL if there is none */
static const char *line(struct client *c, const char *name)
{
	static char value[8192];
	struct fdinfo info;

	fdinfo_read(&info, getpid(), c->fd);
	return fdinfo_line(&info, name, value, sizeof(value));
}

/*
 * What the line says in the end: an event comes by the ring, and may come after the
 * reply by the socket to what caused it.
 */
static const char *line_becomes(struct client *c, const char *name, const char *part)
{
	long end = now_ms() + DEADLINE_MS;
	const char *value;

	while (!(value = line(c, name)) || !strstr(value, part)) {
		if (now_ms() > end)
			break;
		sleep_ms(10);
	}
	return value;
}

static long number(struct client *c, const char *name)
{
	return held(getpid(), c->fd, name);
}

static void write_by_socket(const char *path, const char *value)
{
	static struct client *socket;

	if (!socket)
		socket = client_open(socket_path());
	if (call_write(socket, 0, path, value))
		bail("no %s", path);
}

static void counts(void)
{
	struct client *c = client_new(), *other = client_new();
	struct msg m;
	int i;

	ok(number(c, "open") > 0 && number(c, "open") != number(other, "open"),
	   "[F3] each open has a number");
	for (i = 0; i < 3; i++)
		call_string(c, XS_READ, 0, KEY, &m);
	is(number(c, "requests"), 3, "[F3] requests, in all");
	is(number(other, "requests"), 0, "[F3] another's are another's");
	ok(!line(c, "waits-for"), "[F3] who has asked for nothing waits for nothing");
	client_close(other);
	client_close(c);
}

static void watch(void)
{
	struct client *c = client_new();
	struct msg m;
	int i;

	call_watch(c, XS_WATCH, KEY, "a token\\\n");
	client_event(c, &m, DEADLINE_MS);
	is_str(line(c, "watch"), "- 0 0 a\\040token\\134\\012 " KEY,
	       "[F3] a watch: depth, merged, collapsed, token, path; a word each");
	for (i = 0; i < 3; i++)
		write_by_socket(KEY, "value");
	is_str(line_becomes(c, "watch", "- 2 "), "- 2 0 a\\040token\\134\\012 " KEY,
	       "[F3] of three events that are equal, two are merged");
	is(number(c, "events"), 2, "[F3] events that were to be read, in all");
	client_close(c);
}

static void collapsed(void)
{
	struct client *c = client_new();
	char path[64];
	struct msg m;
	int i;

	call_watch(c, XS_WATCH, MANY, "t");
	client_event(c, &m, DEADLINE_MS);
	for (i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), MANY "/%d", i);
		write_by_socket(path, "value");
	}
	/* When it has collapsed all that follows is merged with it. */
	ok(strstr(line_becomes(c, "watch", " 1 t ") ?: "", " 1 t " MANY),
	   "[F3] events for which there is no room: one has collapsed");
	client_close(c);
}

static void waits_for(void)
{
	static char value[2000];
	struct client *c = client_new();
	char buf[128];
	size_t len = msg_string(buf, XS_READ, 1, 0, KEY);

	server_stop();
	client_raw(c, buf, len);
	is_str(line_becomes(c, "waits-for", "xenstored"), "xenstored", "[F3] a server that stands still");
	server_continue();
	memset(value, 'v', sizeof(value) - 1);
	write_by_socket(KEY, value);
	while (write(c->fd, buf, len) == (ssize_t)len)
		;
	is_str(line_becomes(c, "waits-for", "reader"), "reader", "[F3] replies that nobody reads");
	write_by_socket(KEY, "value");
	client_close(c);
}

/* --- Tracepoints -------------------------------------------------------- */

/* Where in the trace something about this open is; NULL: nowhere, behind @from */
static const char *traced(const char *from, const char *event, long open, const char *rest)
{
	char what[256];

	if (!from)
		return NULL;
	snprintf(what, sizeof(what), " %s: open=%ld %s", event, open, rest);
	return strstr(from, what);
}

/*
 * Without the names of processes, for which the kernel patches its scheduler: a
 * processor that runs into that at the same moment may never get out in QEMU 7.2,
 * which has translated what was there for an instant.
 */
static void trace_begin(void)
{
	file_put(TRACING "/options/record-cmd", "0");
	close(open(TRACING "/trace", O_WRONLY | O_TRUNC));
	if (!file_put(TRACING "/events/xenfs/enable", "1"))
		bail("tracepoints can't be enabled");
}

static const char *trace_end(void)
{
	static char text[4 * 1024 * 1024];

	file_put(TRACING "/events/xenfs/enable", "0");
	return file_text(TRACING "/trace", text, sizeof(text));
}

static void trace_requests(void)
{
	struct client *c = client_new();
	long open = number(c, "open");
	const char *trace, *p;
	char buf[128];
	struct msg m;

	trace_begin();
	client_raw(c, buf, msg_string(buf, XS_READ, 77, 0, KEY));
	client_reply(c, &m);
	call(c, XS_MKDIR, 0, "x", 1, &m);
	trace = trace_end();
	p = traced(trace, "xenfs_request", open, "type=READ req_id=77 tx_id=0");
	p = traced(p, "xenfs_sent", open, "type=READ req_id=77 tx_id=0");
	p = traced(p, "xenfs_reply", open, "type=READ req_id=77 tx_id=0 len=5");
	ok(p, "[F3] a READ is written, sent, and answered");
	p = traced(p, "xenfs_request", open, "type=MKDIR");
	p = traced(p, "xenfs_refused", open, "type=MKDIR");
	ok(p && strstr(p, "error=-22"), "[F3] a bad MKDIR is refused");
	ok(traced(p, "xenfs_reply", open, "type=ERROR"), "[F3] and answered");
	if (!p)
		diag("%.2000s", trace);
	client_close(c);
}

static void trace_events(void)
{
	struct client *c = client_new();
	long open = number(c, "open");
	const char *trace, *p;
	char path[64];
	struct msg m;
	int i;

	call_watch(c, XS_WATCH, MANY, "t");
	client_event(c, &m, DEADLINE_MS);
	trace_begin();
	for (i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), MANY "/%d", i / 2);
		write_by_socket(path, "value");
	}
	trace = trace_end();
	p = traced(trace, "xenfs_event", open, "path=" MANY "/0\n");
	ok(p, "[F3] an event");
	ok(traced(p, "xenfs_event_merged", open, "path=" MANY "/0\n"),
	   "[F3] the same once more is merged");
	ok(traced(p, "xenfs_event_collapsed", open, "path=" MANY "\n"),
	   "[F3] and there is no room in the end");
	client_close(c);
}

static void trace_throttled(void)
{
	struct client *c = client_new();
	long open = number(c, "open");
	char buf[128];
	size_t len = msg_string(buf, XS_READ, 1, 0, KEY);
	const char *trace;

	server_stop();
	trace_begin();
	while (write(c->fd, buf, len) == (ssize_t)len)
		;
	trace = trace_end();
	server_continue();
	ok(traced(trace, "xenfs_throttled", open, "waits-for=room"),
	   "[F3] a writer finds no room");
	client_close(c);
}

/* What others than the kernel have to know of a tracepoint, to tell it */
static const char *format(const char *event)
{
	static char text[8 * 1024];
	char path[128];

	snprintf(path, sizeof(path), TRACING "/events/xenfs/%s/format", event);
	return file_text(path, text, sizeof(text));
}

static void trace_formats(void)
{
	const char *text = format("xenfs_request");

	ok(strstr(text, "{ 2, \"READ\" }") && !strstr(text, "XS_"),
	   "[F3] types have their numbers and names in the tracepoint's format");
	text = format("xenfs_refused");
	ok(strstr(text, "{ 11, \"WRITE\" }") && !strstr(text, "XS_"),
	   "[F3] also of those that are refused");
	ok(strstr(format("xenfs_throttled"), "char[] waits_for;"),
	   "[F3] what an open waits for is a word");
}

static bool can_trace(void)
{
	if (access(TRACING "/events", F_OK) &&
	    mount("none", TRACING, "tracefs", 0, NULL))
		diag("%s: %s", TRACING, strerror(errno));
	return !access(TRACING "/events/xenfs", F_OK);
}

int main(void)
{
	tap_begin(100);
	if (is_stock() || is_socket()) {
		skip("it shows nothing", "[F3] fdinfo and tracepoints");
		return tap_end();
	}
	subtree("inside");
	write_by_socket(KEY, "value");
	counts();
	watch();
	collapsed();
	waits_for();
	if (can_trace()) {
		trace_requests();
		trace_events();
		trace_throttled();
		trace_formats();
	} else {
		skip("this kernel has none", "[F3] tracepoints");
	}
	return tap_end();
}

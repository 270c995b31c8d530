// SPDX-License-Identifier: GPL-2.0
/* Which changes make an event: E2, E3 */
#include <errno.h>
#include <stdio.h>

#include "call.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

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

void yardstick(void)
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

void depths(void)
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

// SPDX-License-Identifier: GPL-2.0
/* Events that nobody reads: E4 */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "deadline.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

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

/* Names so long below one node would make the server copy half a megabyte each time. */
static void flood(void)
{
	struct client *c = client_open(socket_path());
	char path[FLOOD_NAME + 100], name[FLOOD_NAME + 1];
	int i;

	memset(name, 'n', FLOOD_NAME);
	name[FLOOD_NAME] = '\0';
	for (i = 0; i < FLOOD; i++) {
		sprintf(path, ROOT "/flood/%d/%s", i, name);
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

void unread(void)
{
	merged();
	bounded();
}

// SPDX-License-Identifier: GPL-2.0
/* What the xenbus thread does: replies and events come */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

/* The thread has some for each reply. */
#define THREAD_FAULTS	12
/* And for an event; the last one is the module's, if no other message comes between. */
#define EVENT_FAULTS	4
#define EVENTS_MAX	400

static bool answered(int err)
{
	if (!err || err == ENOMEM)
		return true;
	diag("answered with %d", err);
	return false;
}

static bool read_again(struct client *c, int answer)
{
	(void)answer;
	return !patient_string(c, XS_READ, 0, LARGE, &reply);
}

static bool end_if_started(struct client *c, int answer)
{
	tx = strtoul(reply.body, NULL, 10);
	return answer || !end_tx(c);
}

/* Of the replies to a kind of request, some are lost. */
static void lost_replies(int nth, void (*before)(struct client *c),
			 bool (*after)(struct client *c, int answer),
			 const char *what)
{
	unsigned int n, bad = 0, lost = 0;
	struct client *c = client_new();
	int err;

	for (n = 1; n <= 3 * THREAD_FAULTS; n++) {
		before(c);
		arm(nth, 1 + n % THREAD_FAULTS);
		err = finish(c, send_it(c), errno);
		bad += !answered(err);
		lost += err == ENOMEM;
		disarm(nth);
		bad += !after(c, err);
	}
	is(bad, 0, "%s: ENOMEM, and all goes on", what);
	ok(lost, "%s: %u of %u were", what, lost, n - 1);
	client_close(c);
}

static void lost_events(int nth)
{
	struct client *c = client_new(), *socket = client_open(socket_path());
	unsigned int n, bad = 0, collapsed = 0;
	const char *path;

	watch(c, XS_WATCH);
	client_event(c, &reply, PATIENCE_MS);
	for (n = 1; n <= 9 * EVENT_FAULTS || (!collapsed && n <= EVENTS_MAX); n++) {
		arm(nth, 1 + n % EVENT_FAULTS);
		call_write(socket, 0, WATCHED "/below", "x");
		if (client_event(c, &reply, PATIENCE_MS)) {
			diag("fault %u: no event", 1 + n % EVENT_FAULTS);
			bad++;
			continue;
		}
		disarm(nth);
		path = event_path(&reply);
		collapsed += !strcmp(path, WATCHED);
		bad += strcmp(path, WATCHED) && strcmp(path, WATCHED "/below");
	}
	disarm(nth);
	is(bad, 0, "[E4] no memory for an event: there is one all the same");
	ok(collapsed, "[E4] %u of %u on the watch's own path", collapsed, n - 1);
	client_close(c);
	client_close(socket);
}

void thread_faults(void)
{
	int nth = nth_open(pid_of("xenbus"));

	if (!ok(nth >= 0, "[I2] the xenbus thread is there"))
		return;
	scene_begin_at(NULL);
	lost_replies(nth, read_before, read_again, "[I2] replies are lost");
	lost_replies(nth, start_before, end_if_started,
		     "[T1] replies to a START are lost");
	lost_events(nth);
	scene_end("faults in the xenbus thread");
	close(nth);
}

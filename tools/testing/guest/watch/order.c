// SPDX-License-Identifier: GPL-2.0
/* In which order replies and events come: E2, E5, W3 */
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

static void ok_first(void)
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

void order(void)
{
	ok_first();
	under_fire();
	pipelined();
	among_requests();
}

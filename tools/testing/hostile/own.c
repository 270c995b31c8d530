// SPDX-License-Identifier: GPL-2.0
/*
 * What the module asks the server by itself, to give watches back and to set them
 * again after a resume, and a server that does not answer that in order: T2, W3, W7.
 * Such a request waits behind an older one that has no answer yet, and until then
 * it must be neither sent anew nor freed.
 *
 * The test is the server; the resume is played (kuser/resumed.c).
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "hostile.h"

/* What the kernel reads, so that it looks at the ring */
#define LOOK	ROOT "/look"

/* A watch and a request that is malloced in the same size: more than 256 bytes */
#define LONG_PATH	160
#define LONG_READ	400
#define SPRAY		300

static struct client *other;

/* The kernel looks at the ring as somebody writes. By its own door */
static void look(void)
{
	client_send(other, XS_READ, 0, LOOK, sizeof(LOOK));
}

/*
 * The next request, but for READs of others, which are answered: of who looks, and
 * the module's own of the domain's number.
 */
static bool hear(struct msg *m, uint32_t type, const char *path)
{
	while (pretend_receive(m)) {
		if (m->hdr.type == type && (!path || !strcmp(m->body, path)))
			return true;
		if (m->hdr.type != XS_READ) {
			diag("a request of type %u: %s", m->hdr.type, m->body);
			return false;
		}
		pretend_send(XS_READ, m, "0", 1);
	}
	return false;
}

static void say_ok(const struct msg *request)
{
	pretend_send(request->hdr.type, request, "OK", sizeof("OK"));
}

static void refuse(const struct msg *request, const char *error)
{
	pretend_send(XS_ERROR, request, error, strlen(error) + 1);
}

static void server_goes_on(const char *what)
{
	static struct msg m;
	int got = 0;

	look();
	pretend_end();
	while (!client_recv(other, &m, got ? QUIET_MS : PATIENCE_MS))
		got++;
	ok(got, "[I1] %s: the server goes on", what);
}

/* --- Watches are given back --------------------------------------------- */

/* On each processor, as each has free objects of its own. */
static void spray(struct client *c, int cpu)
{
	char path[LONG_READ];
	cpu_set_t all, one;
	int i;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_getaffinity(0, sizeof(all), &all);
	sched_setaffinity(0, sizeof(one), &one);
	memset(path, 'A', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	for (i = 0; i < SPRAY; i++)
		client_send(c, XS_READ, 0, path, sizeof(path));
	sched_setaffinity(0, sizeof(all), &all);
}

/* What was freed is something else by now. */
static void reuse_memory(struct client *sprayers[2])
{
	int i;

	/* Else kfree_rcu() waits for more of it. */
	for (i = 0; i < 4; i++) {
		file_put("/proc/sys/vm/drop_caches", "2");
		sleep_ms(500);
	}
	for (i = 0; i < 2; i++)
		spray(sprayers[i], i);
}

/* Set at the test, so that the server, when it is back, has none of them. */
static void watch_two(struct client *c)
{
	char path[LONG_PATH], body[LONG_PATH + 8];
	static struct msg m;
	int i, came = 0;

	for (i = 0; i < 2; i++) {
		memset(path, 'a' + i, sizeof(path));
		path[sizeof(path) - 1] = '\0';
		memcpy(path, ROOT "/", strlen(ROOT "/"));
		client_send(c, XS_WATCH, 0, body,
			    snprintf(body, sizeof(body), "%s%ct", path, 0) + 1);
		came += hear(&m, XS_WATCH, path);
		say_ok(&m);
	}
	look();
	is(came, 2, "[E1] two watches are asked for");
	for (i = 0; i < 2; i++)
		is(client_reply(c, &m) ?: msg_error(&m), 0, "[E1] and are set");
}

static void given_back(void)
{
	struct client *c = client_new(), *sprayers[2] = { client_new(), client_new() };
	struct client *keeper = client_new();
	static struct msg unwatch[2], m;
	uint32_t id;
	int i;

	/* So that the module has asked the server itself whatever it asks. */
	is(call_watch(keeper, XS_WATCH, ROOT, "keeper"), 0, "[E1] a watch");
	is(client_event(keeper, &m, PATIENCE_MS), 0, "[E2] and its event");
	pretend_begin();
	watch_two(c);
	id = client_send(c, XS_RESET_WATCHES, 0, "", 1);
	/* So that it has its place among the answers. */
	ok(hear(&m, XS_WATCH, NULL), "[W7] RESET_WATCHES has its place at the server");
	refuse(&m, "EEXIST");
	look();
	ok(hear(&unwatch[0], XS_UNWATCH, NULL) && hear(&unwatch[1], XS_UNWATCH, NULL),
	   "[W7] and then both are given back");
	say_ok(&unwatch[1]);
	look();
	ok(client_quiet(c), "[W7] it has no answer before they have theirs");
	reuse_memory(sprayers);
	say_ok(&unwatch[0]);
	server_goes_on("watches given back");
	ok(!reply_to(c, id, &m) && !msg_error(&m),
	   "[W7] the second is answered first, and then the first: OK");
	is(patient_string(c, XS_READ, 0, KEY, &m), 0, "[W7] the open goes on");
	client_close(c);
	client_close(keeper);
	for (i = 0; i < 2; i++)
		client_close(sprayers[i]);
}

/* --- Watches are set again ---------------------------------------------- */

static void set_again(void)
{
	struct client *c = client_new();
	static struct msg watch, m, read;
	uint32_t id;

	is(call_watch(c, XS_WATCH, KEY, "t"), 0, "[E1] WATCH");
	is(client_event(c, &m, PATIENCE_MS), 0, "[E2] and its event");
	pretend_begin();
	ok(play_resume(), "[T2] the domain is resumed, as the module is told");
	ok(hear(&watch, XS_WATCH, KEY), "[T2] the watch is set again");
	refuse(&watch, "E2BIG");
	look();
	ok(!client_event(c, &m, PATIENCE_MS) && !strcmp(event_path(&m), KEY),
	   "[T2] it is refused: an event, on its own path");

	id = client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	ok(hear(&read, XS_READ, KEY), "[W3] a READ comes");
	ok(hear(&watch, XS_WATCH, KEY), "[T2] the watch is asked for again");
	refuse(&watch, "E2BIG");
	look();
	ok(hear(&watch, XS_WATCH, KEY),
	   "[T2] and again, when that was refused before the READ was answered");
	say_ok(&watch);
	look();
	pretend_send(XS_READ, &read, VALUE, strlen(VALUE));
	server_goes_on("a watch set again");
	ok(!reply_to(c, id, &m) && !msg_error(&m), "[W3] then it is");
	is(call_watch(c, XS_UNWATCH, KEY, "t"), 0, "[E1] UNWATCH");
	client_close(c);
}

int main(void)
{
	hostile_begin(180);
	if (is_stock()) {
		skip("of our module", "[T2] what the module asks by itself");
		return tap_end();
	}
	if (!can_pretend("[T2] what the module asks by itself"))
		return tap_end();
	module_unload("kuser");
	other = client_open(stock_path());
	set_again();
	given_back();
	client_close(other);
	ok(server_alive(), "[I4] the server lives");
	return tap_end();
}

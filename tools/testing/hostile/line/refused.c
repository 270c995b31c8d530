// SPDX-License-Identifier: GPL-2.0
/*
 * A server that refuses a START for its quota, for the kernel's drivers have the
 * rest, or it is another server. The initial domain has no quota, so the test
 * itself is the server, for these requests.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

/* The kernel looks at the ring, and the server goes on. */
static void look(struct client *other)
{
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	is(started(other), 0, "[I1] the server goes on");
}

/* Hear a request and say this to it. */
static void answer_to(uint32_t request, uint32_t type, const char *what)
{
	static struct msg m;

	if (ok(pretend_receive(&m) && m.hdr.type == request, "[T3, E1] the %s comes",
	       request == XS_WATCH ? "WATCH" : "START"))
		pretend_send(type, &m, what, strlen(what) + 1);
	else
		diag("the last one that came: type %u, '%s'", m.hdr.type, m.body);
}

static void answer(uint32_t type, const char *what)
{
	answer_to(XS_TRANSACTION_START, type, what);
}

/*
 * Of three one is started and two are refused. They wait, in their order, until
 * the server turns out to have more: for that it is asked while somebody waits.
 */
static void goes_back(const char *error)
{
	struct client *c[3], *other = client_new();
	unsigned int i;

	pretend_begin();
	c[0] = starter();
	answer(XS_TRANSACTION_START, "77777");
	for (i = 1; i < 3; i++) {
		c[i] = starter();
		client_send(c[i], XS_READ, 0, KEY, sizeof(KEY));
		answer(XS_ERROR, error);
	}
	look(other);
	ok(starts(c[0]), "[T3] one is started, two are refused with %s", error);
	for (i = 1; i < 3; i++) {
		ok(starts(c[i]), "[T3] the one is started in the end");
		is(started(c[i]), 0, "[W3] then what was behind it is answered");
	}
	close_some(c, 3);
	client_close(other);
}

/* Not its quota: that is no reason to wait. */
static void another_error(void)
{
	struct client *c, *other = client_new();

	pretend_begin();
	c = starter();
	answer(XS_ERROR, "EACCES");
	look(other);
	is(started(c), EACCES, "[T3] another error is answered");
	client_close(c);
	client_close(other);
}

/* A client must know the error: the protocol has none that is called EQUOTA. */
static void clean_error(void)
{
	struct client *c = client_new(), *other = client_new();
	char body[64];
	struct msg m;
	uint32_t tx;
	size_t len;

	/* Then the one watch that stands for all is there. */
	ok(!call_watch(other, XS_WATCH, ROOT "/other", "t") &&
	   !client_event(other, &m, PATIENCE_MS), "[E2] a watch");
	is(call_start(c, &tx), 0, "[T1] an open has a transaction");
	pretend_begin();
	client_send(c, XS_TRANSACTION_START, 0, "", 1);
	answer(XS_ERROR, "EQUOTA");
	len = pair(body, ROOT "/refused", "t");
	body[len++] = '\0';
	client_send(c, XS_WATCH, 0, body, len);
	answer_to(XS_WATCH, XS_ERROR, "EQUOTA");
	look(other);
	is(started(c), ENOSPC, "[T3] a second one is refused with EQUOTA: ENOSPC");
	is(started(c), E2BIG, "[E1] so is a watch: E2BIG");
	client_close(c);
	client_close(other);
}

/* It is closed while its START is at the server. */
static void closed_at_server(void)
{
	struct client *c[2], *other = client_new();

	pretend_begin();
	c[0] = starter();
	answer(XS_TRANSACTION_START, "77777");
	c[1] = starter();
	client_send(c[1], XS_READ, 0, KEY, sizeof(KEY));
	client_close(c[1]);
	answer(XS_ERROR, "ENOSPC");
	look(other);
	ok(starts(c[0]), "[T3] one is refused that was closed");
	client_close(c[0]);
	client_close(other);
}

/* --- One that tries again and again -------------------------------------- */

/* By their payload its STARTs are told from the core's own. */
#define AGAIN	"again"
#define TRIES	100
/* Refusals that are not made good for, after which the server is not asked */
#define DEBT	16

/* A full server's answers to all that it hears before a READ; which of it is AGAIN? */
static unsigned int refuse_all(struct client *other)
{
	static struct msg m;
	unsigned int n = 0;

	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	while (pretend_receive(&m) && m.hdr.type != XS_READ) {
		n += !strcmp(m.body, AGAIN);
		pretend_send(XS_ERROR, &m, "ENOSPC", sizeof("ENOSPC"));
	}
	/* Seen with the next one */
	pretend_send(XS_READ, &m, "", 0);
	return n;
}

static unsigned int refusals_read(struct client *c)
{
	static struct msg m;
	unsigned int n = 0;

	while (!client_recv(c, &m, 0))
		n += msg_error(&m) == ENOSPC;
	return n;
}

/*
 * It has a transaction, so it never waits, and is refused. That is made good for, which
 * needs a transaction, too: there is none.
 */
static void tries(struct client *c, struct client *other, unsigned int at_once)
{
	long begin = now_ms(), end = begin + PATIENCE_MS, most;
	unsigned int sent = 0, refused = 0, came = 0;

	while (refused < TRIES && now_ms() < end) {
		for (; sent < TRIES && sent < refused + at_once; sent++)
			client_send(c, XS_TRANSACTION_START, 0, AGAIN, sizeof(AGAIN));
		came += refuse_all(other);
		refused += refusals_read(c);
	}
	most = DEBT + at_once;
	is(refused, TRIES, "[T3] many STARTs, %u at a time: ENOSPC to all", at_once);
	diag("%u got to the server in %ld ms", came, now_ms() - begin);
	ok(came <= most, "[T3] of which at most %ld got to the server", most);
}

static void asks_again(struct client *c)
{
	long end = now_ms() + PATIENCE_MS;
	uint32_t tx;
	int err;

	while ((err = call_start(c, &tx)) == ENOSPC && now_ms() < end)
		sleep_ms(50);
	is(err, 0, "[T3] after a while it is asked again, and has one");
}

static void again_and_again(void)
{
	struct client *c = client_new(), *last = client_new();
	/* Not one of those that take turns */
	struct client *other = client_open(stock_path());
	uint32_t tx;

	is(call_start(c, &tx), 0, "[T1] an open has a transaction");
	pretend_begin();
	/* Fewer than there are places for */
	tries(c, other, PLACES / 2);
	tries(c, other, 1);
	look(last);
	asks_again(c);
	client_close(c);
	client_close(last);
	client_close(other);
	ok(module_settles(), "[T1, T3] and nothing is left to be done");
}

/* --- All of them ---------------------------------------------------------- */

void refused(void)
{
	/* Nobody else may speak with the server meanwhile. */
	module_unload("kuser");
	/* Else the server of the next scene would hear what one has left. */
	module_settles();
	goes_back("ENOSPC");
	module_settles();
	goes_back("EQUOTA");
	module_settles();
	another_error();
	module_settles();
	closed_at_server();
	module_settles();
	again_and_again();
	/* The last one: what it has is given back to whoever is the server then. */
	clean_error();
	ok(server_alive(), "[I4] the server lives");
}

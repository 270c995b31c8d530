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

void refused(void)
{
	/* Nobody else may speak with the server meanwhile. */
	module_unload("kuser");
	goes_back("ENOSPC");
	goes_back("EQUOTA");
	another_error();
	closed_at_server();
	/* The last one: what it has is given back to whoever is the server then. */
	clean_error();
	ok(server_alive(), "[I4] the server lives");
}

// SPDX-License-Identifier: GPL-2.0
/* What takes an open out of the line: its close, its end, and time */
#include <errno.h>
#include <stdlib.h>

#include "line.h"

#define WAITING	50

/* Nothing of them goes to the server, so none is left when the close returns. */
static void closed(void)
{
	struct client *has[PLACES], *c[WAITING], *last;
	unsigned int i;

	scene_begin_at(NULL);
	take_all(has);
	for (i = 0; i < WAITING; i++)
		c[i] = starter();
	last = starter();
	is(behind(last), WAITING, "[T3] %d stand in line before one", WAITING);
	close_some(c + 1, WAITING - 1);
	is(behind(last), 1, "[T3] all but one are closed: their place is free at once");
	client_close(c[0]);
	is(behind(last), 0, "[T3] so is the first one's");
	client_close(has[0]);
	ok(starts(last), "[T3] the last is served");
	close_some(has + 1, PLACES - 1);
	client_close(last);
	scene_end("closed in line");
}

/* A closed open's requests are carried out; its START is none that could wait. */
static void closed_behind(void)
{
	struct client *has[PLACES], *c, *sock = client_open(socket_path());
	char buf[256], body[128];
	struct msg m;
	size_t len;
	long end;
	int err;

	scene_begin_at(NULL);
	take_all(has);
	c = client_new();
	len = msg_string(buf, XS_TRANSACTION_START, 1, 0, "");
	len += msg_build(buf + len, XS_WRITE, 2, 0, body,
			 pair(body, ROOT "/behind", "written"));
	client_raw(c, buf, len);
	is(behind(c), 0, "[T3] an open waits, with a WRITE behind it");
	client_close(c);
	end = now_ms() + PATIENCE_MS;
	while ((err = call_string(sock, XS_READ, 0, ROOT "/behind", &m)) == ENOENT &&
	       now_ms() < end)
		sleep_ms(5);
	is(err, 0, "[T3, I4] it is closed: what was behind it is carried out");
	close_some(has, PLACES);
	client_close(sock);
	scene_end("a close with more behind");
}

static void broken(void)
{
	struct xsd_sockmsg bad = { .type = XS_READ, .len = PAYLOAD_MAX + 1 };
	struct client *has[PLACES], *c;
	struct msg m;

	scene_begin_at(NULL);
	take_all(has);
	c = starter();
	is(behind(c), 0, "[T3] an open waits");
	is(client_raw(c, &bad, sizeof(bad)), -E2BIG, "[W2] its stream breaks");
	is(started(c), ENOSPC, "[T3, W2] its START is answered");
	is(client_recv(c, &m, PATIENCE_MS), -EPIPE, "[W2] and that is all");
	close_some(has, PLACES);
	client_close(c);
	scene_end("broken in line");
}

void ends(void)
{
	closed();
	closed_behind();
	broken();
}

/* Who waits too long is told so, those who came later, too; others wait on. */
void too_long(void)
{
	struct client *has[PLACES], *c[WAITING], *late;
	unsigned int i, n = 0;
	struct msg m;

	scene_begin_at(NULL);
	take_all(has);
	for (i = 0; i < WAITING; i++)
		c[i] = starter();
	client_send(c[0], XS_READ, 0, KEY, sizeof(KEY));
	for (i = 0; i < WAITING; i++)
		n += started(c[i]) == ENOSPC;
	is(n, WAITING, "[T3] %d waited for too long: ENOSPC", WAITING);
	ok(!client_recv(c[0], &m, PATIENCE_MS) && m.hdr.type == XS_READ,
	   "[T3, W3] then comes the answer to what was behind it");
	late = starter();
	client_close(has[0]);
	ok(starts(late), "[T3] one that comes later is served in time");
	close_some(has + 1, PLACES - 1);
	close_some(c, WAITING);
	client_close(late);
	scene_end("too long in line");
}

void at_once(void)
{
	struct client *has[PLACES], *c;

	scene_begin_at(NULL);
	take_all(has);
	c = starter();
	is(started(c), ENOSPC, "[T3] nobody waits when the module is told so: ENOSPC");
	close_some(has, PLACES);
	client_close(c);
	scene_end("nobody may wait");
}

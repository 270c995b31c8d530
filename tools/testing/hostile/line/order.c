// SPDX-License-Identifier: GPL-2.0
/* Who is served when, and what waits meanwhile */
#include <stdlib.h>

#include "line.h"

#define WAITING	3
#define MANY	500

/* What is written behind the START waits with it. */
static void ask_behind(struct client *c)
{
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
}

static bool is_asked(struct client *c)
{
	struct msg m;

	return !client_recv(c, &m, PATIENCE_MS) && m.hdr.type == XS_READ;
}

static void end(struct client *c)
{
	client_send(c, XS_RESET_WATCHES, 0, "", 1);
}

void order(void)
{
	struct client *has[PLACES], *c[WAITING], *other;
	unsigned int i, n = 0, right = 0;

	scene_begin_at(NULL);
	take_all(has);
	for (i = 0; i < WAITING; i++) {
		c[i] = starter();
		ask_behind(c[i]);
		right += behind(c[i]) == i;
	}
	is(right, WAITING, "[T3] %d more stand in line, as fdinfo says", WAITING);
	for (i = 0; i < WAITING; i++)
		n += waits(c[i]);
	is(n, WAITING, "[T3, W3] and wait, with what is written behind it");
	other = client_new();
	is(call_string(other, XS_READ, 0, KEY, NULL), 0, "[T3, I2] others go on");
	scene_goes_on("[T3, I1] with opens in line");
	for (i = 0; i < WAITING; i++) {
		end(has[i]);
		ok(starts(c[i]) && is_asked(c[i]),
		   "[T3, W3] one ends: number %u starts, and what is behind it is sent", i);
		if (i + 1 < WAITING)
			is(behind(c[i + 1]), 0, "[T3] number %u is the next", i + 1);
	}
	close_some(has, PLACES);
	close_some(c, WAITING);
	client_close(other);
	scene_end("a line");
}

/* Each ends as it has begun, so that all are served, one after the other. */
void many_in_line(void)
{
	static struct client *c[MANY];
	struct client *has[PLACES];
	unsigned int i, n = 0;

	scene_begin_at(NULL);
	take_all(has);
	for (i = 0; i < MANY; i++) {
		c[i] = starter();
		end(c[i]);
	}
	is(behind(c[MANY - 1]), MANY - 1, "[T3] %d opens in line", MANY);
	scene_goes_on("[T3, I1] with %d opens in line", MANY);
	close_some(has, PLACES);
	for (i = 0; i < MANY; i++)
		n += starts(c[i]);
	is(n, MANY, "[T3] all of them are served");
	close_some(c, MANY);
	scene_end("a long line");
}

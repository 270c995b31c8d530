// SPDX-License-Identifier: GPL-2.0
/* all_watches: what the opens leave to the kernel's own drivers */
#include <errno.h>
#include <stdio.h>

#include "accounts.h"

/* Of a path that is named as the token: others share it only if they want to. */
static int watch(struct client *c, uint32_t type, const char *token)
{
	char path[64];
	int err;

	snprintf(path, sizeof(path), KEY "/%s", token);
	err = call_watch(c, type, path, token);
	c->nr_events = 0;
	return err;
}

/* What was closed is given back a little later. */
static int watch_soon(struct client *c, const char *token)
{
	long end = now_ms() + PATIENCE_MS;
	int err;

	while ((err = watch(c, XS_WATCH, token)) == E2BIG && now_ms() < end)
		sleep_ms(20);
	return err;
}

/* No bystander needs one. */
void watches_of_all(void)
{
	struct client *a, *b, *c;

	scene_begin_at(NULL);
	a = client_new();
	b = client_new();
	c = client_new();
	is(watch(a, XS_WATCH, "a1") | watch(a, XS_WATCH, "a2") | watch(a, XS_WATCH, "a3") |
	   watch(b, XS_WATCH, "b1") | watch(b, XS_WATCH, "b2"), 0,
	   "[I3] two opens have the five watches that there are");
	is(watch(c, XS_WATCH, "c1"), E2BIG, "[I3, E1] the sixth, of another open: E2BIG");
	is(watch(a, XS_WATCH, "a4"), E2BIG, "[I3, E1] of one that has some: E2BIG");
	is(watch(b, XS_WATCH, "b1"), EEXIST, "[E1] one that is there: EEXIST");
	is(watch(c, XS_WATCH, "a1"), 0, "[I3] what another open watches, too: OK");
	is(watch(c, XS_UNWATCH, "a1"), 0, "[E1] and UNWATCH");
	is(watch(c, XS_WATCH, "c1"), E2BIG, "[I3] makes no room, as it took none");
	ok(module_unload("kuser") && module_load("kuser"), "[I3] the kernel sets a watch");
	scene_goes_on("[I3, I1] which works");
	is(watch(a, XS_UNWATCH, "a2"), 0, "[E1] UNWATCH");
	is(watch(c, XS_WATCH, "c1"), 0, "[I3] makes room for one");
	is(watch(c, XS_WATCH, "c2"), E2BIG, "[I3] no more");
	client_close(b);
	is(watch_soon(c, "c2"), 0, "[I3, I4] a close makes room");
	is(watch_soon(c, "c3"), 0, "[I3, I4] for all that the open had");
	is(watch(c, XS_WATCH, "c4"), E2BIG, "[I3] no more");
	client_close(a);
	client_close(c);
	scene_end("watches of all opens");
}

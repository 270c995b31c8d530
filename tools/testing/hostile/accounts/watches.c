// SPDX-License-Identifier: GPL-2.0
/* all_watches: what the opens leave to the kernel's own drivers */
#include <errno.h>

#include "accounts.h"

static int watch(struct client *c, uint32_t type, const char *token)
{
	int err = call_watch(c, type, KEY, token);

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
	is(watch(a, XS_WATCH, "1") | watch(a, XS_WATCH, "2") | watch(a, XS_WATCH, "3") |
	   watch(b, XS_WATCH, "1") | watch(b, XS_WATCH, "2"), 0,
	   "[I3] two opens have the five watches that there are");
	is(watch(c, XS_WATCH, "1"), E2BIG, "[I3, E1] the sixth, of another open: E2BIG");
	is(watch(a, XS_WATCH, "4"), E2BIG, "[I3, E1] of one that has some: E2BIG");
	is(watch(b, XS_WATCH, "1"), EEXIST, "[E1] one that is there: EEXIST");
	ok(module_unload("kuser") && module_load("kuser"), "[I3] the kernel sets a watch");
	scene_goes_on("[I3, I1] which works");
	is(watch(a, XS_UNWATCH, "2"), 0, "[E1] UNWATCH");
	is(watch(c, XS_WATCH, "1"), 0, "[I3] makes room for one");
	is(watch(c, XS_WATCH, "2"), E2BIG, "[I3] no more");
	client_close(b);
	is(watch_soon(c, "2"), 0, "[I3, I4] a close makes room");
	is(watch_soon(c, "3"), 0, "[I3, I4] for all that the open had");
	is(watch(c, XS_WATCH, "4"), E2BIG, "[I3] no more");
	client_close(a);
	client_close(c);
	scene_end("watches of all opens");
}

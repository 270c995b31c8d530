// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest asks dom0.sh for: it says so by data/ready, and dom0.sh by
 * data/done that it is done: a number, the same in both.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "deadline.h"
#include "domu.h"
#include "tap.h"

/* Of what was asked for */
static unsigned int number;

void dom0_asked(struct client *c, const char *what)
{
	char wish[32];
	int err;

	snprintf(wish, sizeof(wish), "%u %s", ++number, what);
	err = call_write(c, 0, "data/ready", wish);
	if (err)
		bail("dom0 can't be asked: %d", err);
}

static int wait_long(struct client *c, uint32_t req_id, struct msg *reply)
{
	int err = client_recv(c, reply, LIMIT_MS);

	return !err && reply->hdr.req_id != req_id ? -EPROTO : err;
}

/* dom0.sh puts it there when the domain runs again; a new server has it not. */
static bool is_done(struct client *c)
{
	static const char path[] = "data/done";
	struct msg m;
	int err;

	err = call_by(c, XS_READ, 0, path, sizeof(path), &m, wait_long);
	if (err && err != ENOENT)
		diag("READ of data/done: %d", err);
	return !err && strtoul(m.body, NULL, 10) == number;
}

bool dom0_done(struct client *c)
{
	long end = now_ms() + LIMIT_MS;
	bool done;

	while (!(done = is_done(c)) && now_ms() < end)
		sleep_ms(200);
	return done;
}

/* The kernel makes what it does not know of its command line the environment. */
static bool says_yes(const char *name)
{
	const char *value = getenv(name);

	return value && *value == 'y';
}

bool dom0_has_quota(void)
{
	return says_yes("domu_quota");
}

bool dom0_migrates(void)
{
	return says_yes("domu_migration");
}

bool dom0_wants_crowd(void)
{
	return says_yes("domu_crowd");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Programs have all the watches and transactions that they may, and the guest gets
 * a device: its kernel's driver needs some, too. Opens that watch the same need no
 * more than one would.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "domu.h"
#include "kernel.h"
#include "tap.h"
#include "target.h"

/* Opens that watch the same paths, and how many these are */
#define OPENS	1000
#define SHARED	3

/* Opens that have two watches each, of paths of their own */
#define OTHERS	100

/* What the test's other opens have */
#define FORMER	1

static int opens[OPENS], others[OTHERS];

static int open_file(void)
{
	int fd = open(file_path(), O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		bail("cannot open the file: %m");
	return fd;
}

/*
 * One is used after the other, and what came is read: so one client does for all,
 * for which a small guest would have no memory.
 */
static struct client *by_way_of(int fd)
{
	static struct client c;

	c.fd = fd;
	c.have = 0;
	c.nr_events = 0;
	return &c;
}

static const char *shared_path(unsigned int i)
{
	static char path[32];

	snprintf(path, sizeof(path), "data/shared%u", i);
	return path;
}

static void send_watches(int fd)
{
	struct client *c = by_way_of(fd);
	char body[64];
	unsigned int i;
	size_t len;

	for (i = 0; i < SHARED; i++) {
		len = pair(body, shared_path(i), "t");
		body[len++] = '\0';
		client_send(c, XS_WATCH, 0, body, len);
	}
}

/* An OK and an event for each, whatever the order among the paths */
static bool has_watches(int fd)
{
	struct client *c = by_way_of(fd);
	unsigned int i, events = 0;
	struct msg m;
	int err;

	for (i = 0; i < 2 * SHARED; i++) {
		err = client_recv(c, &m, DEADLINE_MS);
		err = err ?: msg_error(&m);
		if (err) {
			diag("a watch that others have, too: %d", err);
			return false;
		}
		events += m.hdr.type == XS_WATCH_EVENT;
	}
	return events == SHARED;
}

static void watch_the_same(void)
{
	const struct rlimit files = { 2 * OPENS, 2 * OPENS };
	unsigned int i, n;

	if (setrlimit(RLIMIT_NOFILE, &files))
		bail("setrlimit: %m");
	for (i = 0; i < OPENS; i++) {
		opens[i] = open_file();
		send_watches(opens[i]);
	}
	for (n = 0; n < OPENS && has_watches(opens[n]); n++)
		;
	is(n, OPENS, "[E1, E2, I3] opens that have the same %d watches", SHARED);
}

static void watch_their_own(void)
{
	long all = file_number("/sys/module/xenfs/parameters/all_watches");
	unsigned int i, set = 0, refused = 0;
	char path[32];
	int err;

	for (i = 0; i < 2 * OTHERS; i++) {
		if (!(i & 1))
			others[i / 2] = open_file();
		snprintf(path, sizeof(path), "data/own%u", i);
		err = call_watch(by_way_of(others[i / 2]), XS_WATCH, path, "t");
		set += !err;
		refused += err == E2BIG;
	}
	is(set, all - SHARED - FORMER,
	   "[I3] opens with watches of paths of their own have all that there are");
	is(set + refused, 2 * OTHERS, "[E1, I3] to the others it is said at once: E2BIG");
}

void devices_begin(struct client *c)
{
	struct msg m;
	unsigned int n;

	watch_the_same();
	watch_their_own();
	is(call_write(c, 0, shared_path(0), "x"), 0, "[W1] a WRITE of what they watch");
	for (n = 0; n < OPENS; n++)
		if (client_event(by_way_of(opens[n]), &m, DEADLINE_MS))
			break;
	is(n, OPENS, "[E2] opens that are told of it");
	device_comes(c, "with all those watches");
}

void devices_end(void)
{
	unsigned int i;

	for (i = 0; i < OPENS; i++)
		close(opens[i]);
	for (i = 0; i < OTHERS; i++)
		close(others[i]);
}

/* dom0.sh has more to say of it. */
void device_comes(struct client *c, const char *when)
{
	dom0_asked(c, "device");
	if (!ok(dom0_done(c), "[I3] a device came, %s", when))
		bail("dom0 does not answer");
}

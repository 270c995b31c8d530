// SPDX-License-Identifier: GPL-2.0
/*
 * A child that sets a watch and drops it, over and over, and nobody else has one: so
 * the module has its first watch, and its last, all the time. What is to be done for
 * that in the core must not be in the way of a suspend.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "deadline.h"
#include "domu.h"
#include "process.h"
#include "tap.h"

/* Of each kind, in a row */
#define CHECKPOINTS	3
#define RESTORES	2

/* What it must do more to count as going on */
#define PROGRESS	10

static struct {
	volatile bool stop, failed;
	volatile unsigned long rounds;
} *brief;

/* The reply, whatever events come before it; 0, an errno, or -errno */
static int answer(struct client *c, uint32_t id)
{
	struct msg m;
	int err;

	do
		err = client_recv(c, &m, LIMIT_MS);
	while (!err && m.hdr.type == XS_WATCH_EVENT);
	if (!err && m.hdr.req_id != id)
		err = -EPROTO;
	return err ?: msg_error(&m);
}

/* Every other time it is the close that drops it. */
static int one_round(unsigned long n)
{
	static const char watch[] = "data/brief\0t";
	struct client *c = client_new();
	int err;

	err = answer(c, client_send(c, XS_WATCH, 0, watch, sizeof(watch)));
	if (!err && (n & 1))
		err = answer(c, client_send(c, XS_UNWATCH, 0, watch, sizeof(watch)));
	client_close(c);
	return err;
}

static int brief_main(void)
{
	int err = 0;

	while (!brief->stop && !err) {
		err = one_round(brief->rounds);
		brief->rounds++;
	}
	if (err)
		diag("round %lu of a brief watch: %d", brief->rounds, err);
	brief->failed = err;
	return !!err;
}

static bool goes_on(void)
{
	unsigned long wanted = brief->rounds + PROGRESS;
	long end = now_ms() + LIMIT_MS;

	while (brief->rounds < wanted && !brief->failed && now_ms() < end)
		sleep_ms(10);
	return brief->rounds >= wanted;
}

static void row(struct client *c, const char *name, unsigned int times)
{
	unsigned int i;

	for (i = 1; i <= times; i++) {
		dom0_asked(c, name);
		if (!ok(dom0_done(c), "[T2] %s %u while the only watch comes and goes", name, i))
			bail("dom0 does not answer");
		ok(goes_on(), "[E1, T2] %s %u: it still comes and goes", name, i);
	}
}

void brief_watch(struct client *c)
{
	pid_t child;

	brief = mmap(NULL, sizeof(*brief), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (brief == MAP_FAILED)
		bail("mmap: %m");
	fflush(stdout);
	child = fork();
	if (!child) {
		alarm(0);
		_exit(brief_main());
	}
	ok(child > 0 && goes_on(), "[E1] the only watch comes and goes");
	row(c, "checkpoint", CHECKPOINTS);
	row(c, "restore", RESTORES);
	brief->stop = true;
	is(child_wait(child, LIMIT_MS), 0, "[E1] and comes to its end");
	diag("it came %lu times", brief->rounds);
}

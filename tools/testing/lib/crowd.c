// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call.h"
#include "crowd.h"
#include "deadline.h"
#include "process.h"
#include "tap.h"

/* Nodes that one writes in a transaction */
#define NODES	3

/* With fewer commits each, one more or less would be many times as many. */
#define SOME	6

/* How long an answer may take: all others may have their turn before */
#define ANSWER_MS	(60 * 1000)

static struct crowd {
	unsigned int ready;
	volatile bool go, stop;
	struct {
		volatile long commits, again, refused, others;
	} of[CROWD];
} *crowd;

static pid_t pids[CROWD];

static int wait_long(struct client *c, uint32_t req_id, struct msg *reply)
{
	int err = client_recv(c, reply, ANSWER_MS);

	return !err && reply->hdr.req_id != req_id ? -EPROTO : err;
}

static int ask(struct client *c, uint32_t type, uint32_t tx, const char *a,
	       const char *b, struct msg *reply)
{
	char body[PAYLOAD_MAX];
	size_t len = pair(body, a, b);

	/* All but a value end in a nul. */
	if (type != XS_WRITE)
		body[len++] = '\0';
	return call_by(c, type, tx, body, *b ? len : strlen(a) + 1, reply, wait_long);
}

/* Below a directory of its own */
static void name(char *path, size_t size, const char *root, unsigned int which,
		 unsigned int node)
{
	snprintf(path, size, "%s/%u/%u", root, which, node);
}

static int inside(struct client *c, uint32_t tx, const char *root,
		  const char *permission, unsigned int which)
{
	char path[128];
	unsigned int i;
	int err = 0;

	for (i = 0; i < NODES && !err; i++) {
		name(path, sizeof(path), root, which, i);
		err = ask(c, XS_WRITE, tx, path, "value", NULL);
		err = err ?: ask(c, XS_SET_PERMS, tx, path, permission, NULL);
	}
	return err;
}

static int transaction(struct client *c, const char *root, const char *permission,
		       unsigned int which)
{
	static struct msg m;
	uint32_t tx;
	int err, end;

	err = ask(c, XS_TRANSACTION_START, 0, "", "", &m);
	if (err)
		return err;
	tx = strtoul(m.body, NULL, 10);
	err = inside(c, tx, root, permission, which);
	end = ask(c, XS_TRANSACTION_END, tx, err ? "F" : "T", "", NULL);
	return err ?: end;
}

static void member(const char *root, const char *permission, unsigned int which)
{
	struct client *c = client_new();
	int err;

	__atomic_add_fetch(&crowd->ready, 1, __ATOMIC_RELAXED);
	while (!crowd->go)
		sleep_ms(1);
	while (!crowd->stop) {
		err = transaction(c, root, permission, which);
		if (!err)
			crowd->of[which].commits++;
		else if (err == EAGAIN)
			crowd->of[which].again++;
		else if (err == ENOSPC)
			crowd->of[which].refused++;
		else
			crowd->of[which].others++;
		/* What comes late would be mistaken for the next reply. */
		if (err < 0)
			break;
	}
	client_close(c);
	_exit(0);
}

/* So that nobody makes nodes in a transaction, which is a conflict with others. */
static void make_nodes(const char *root)
{
	struct client *c = client_new();
	char path[128];
	unsigned int i;

	for (i = 0; i < NODES * CROWD; i++) {
		name(path, sizeof(path), root, i / NODES, i % NODES);
		if (ask(c, XS_WRITE, 0, path, "made", NULL))
			bail("%s can't be made", path);
	}
	client_close(c);
}

/* Who is there first has no more than the last one, on a busy machine either. */
static void begin_together(void)
{
	long end = now_ms() + ANSWER_MS;

	while (__atomic_load_n(&crowd->ready, __ATOMIC_RELAXED) < CROWD &&
	       now_ms() < end)
		sleep_ms(10);
	crowd->go = true;
}

void crowd_begin(const char *root, const char *permission)
{
	unsigned int i;

	crowd = mmap(NULL, sizeof(*crowd), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crowd == MAP_FAILED)
		bail("mmap: %m");
	make_nodes(root);
	for (i = 0; i < CROWD; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			member(root, permission, i);
	}
	begin_together();
}

static bool each_has_some(void)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		if (crowd->of[i].commits < SOME)
			return false;
	return true;
}

void crowd_lasts(long ms, long more)
{
	long end = now_ms() + ms + more;

	/* One sleep: the emulated timers of a guest that has many are lost now and then. */
	sleep_ms(ms);
	while (!each_has_some() && now_ms() < end)
		sleep_ms(1000);
}

void crowd_end(struct crowd_result *r)
{
	unsigned int i;
	long n;

	memset(r, 0, sizeof(*r));
	crowd->stop = true;
	for (i = 0; i < CROWD; i++) {
		r->ended += child_wait(pids[i], 2 * ANSWER_MS) == 0;
		n = crowd->of[i].commits;
		r->least = !i || n < r->least ? n : r->least;
		r->most = n > r->most ? n : r->most;
		r->commits += n;
		r->again += crowd->of[i].again;
		r->refused += crowd->of[i].refused;
		r->others += crowd->of[i].others;
	}
	munmap(crowd, sizeof(*crowd));
	diag("a crowd: %ld commits, %ld to %ld each; EAGAIN %ld, ENOSPC %ld, else %ld",
	     r->commits, r->least, r->most, r->again, r->refused, r->others);
}

void crowd_was_served(const struct crowd_result *r)
{
	is(r->ended, CROWD, "[T3] %d processes want transactions, and end", CROWD);
	is(r->refused, 0, "[T3] none was refused one");
	is(r->others, 0, "[T3] nor was there any other error");
	ok(r->least > 0 && r->most <= 3 * r->least,
	   "[T3] the luckiest had no more than three times as many as the unluckiest");
}

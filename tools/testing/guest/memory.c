// SPDX-License-Identifier: GPL-2.0
/* What an open costs the kernel: I3 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "fdinfo.h"
#include "kernel.h"
#include "process.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/memory"
#define IDLE	2000
#define FULL	8

/* Other users of slabs make it a little uncertain. */
static long slab(void)
{
	return slab_bytes_at_rest(ALL_SLABS);
}

static void idle(void)
{
	struct rlimit limit = { IDLE + 64, IDLE + 64 };
	long before, each;
	int fd[IDLE], i;

	setrlimit(RLIMIT_NOFILE, &limit);
	/* The table of descriptors is not what we ask for. */
	close(dup2(0, IDLE + 32));
	before = slab();
	for (i = 0; i < IDLE; i++)
		fd[i] = open(file_path(), O_RDWR);
	ok(fd[IDLE - 1] >= 0, "[I3] %d opens", IDLE);
	each = (slab() - before) / IDLE;
	diag("an idle open takes %ld bytes", each);
	ok(each > 0 && each < 1024, "[I3] an idle open takes less than 1 KiB");
	for (i = 0; i < IDLE; i++)
		close(fd[i]);
	each = slab() - before;
	diag("%ld bytes are left after the closes", each);
	ok(each < IDLE * 768 / 2, "[I3] and gives it back");
}

static long number(const struct client *c, const char *name)
{
	return held(getpid(), c->fd, name);
}

static void show(const struct client *c)
{
	struct fdinfo info;
	char *line, *next = info.text;

	fdinfo_read(&info, getpid(), c->fd);
	while ((line = strsep(&next, "\n")))
		diag("%s", line);
}

/* A request goes from queued to in flight at any time. */
static long unanswered(const struct client *c)
{
	struct fdinfo info;

	fdinfo_read(&info, getpid(), c->fd);
	return fdinfo_number(&info, "requests-queued") +
	       fdinfo_number(&info, "requests-in-flight");
}

/* As many watches as the open may have; the error that the next one gets */
static int fill_watches(struct client *c, int *n)
{
	char path[64];
	int err = 0;

	for (*n = 0; !err && *n < 4096; ++*n) {
		snprintf(path, sizeof(path), ROOT "/watch/%d", *n);
		err = call_watch(c, XS_WATCH, path, "t");
		c->nr_events = 0;
	}
	--*n;
	return err;
}

/* An event for each watch of each open, which nobody reads */
static void cause_events(int watches)
{
	struct client *c = client_new();
	char path[64];
	int i;

	for (i = 0; i < watches; i++) {
		snprintf(path, sizeof(path), ROOT "/watch/%d/child/of/some/length", i);
		call_write(c, 0, path, "");
	}
	client_close(c);
}

/* Has it no room, and gets none before somebody reads? */
static bool is_full(const struct client *c)
{
	long end = now_ms() + DEADLINE_MS;
	struct fdinfo info;
	char what[16];

	while (!(poll_now(c->fd, POLLOUT) & POLLOUT)) {
		fdinfo_read(&info, getpid(), c->fd);
		if (fdinfo_line(&info, "waits-for", what, sizeof(what)) &&
		    !strcmp(what, "reader"))
			return !(poll_now(c->fd, POLLOUT) & POLLOUT);
		if (now_ms() > end)
			return true;
		sleep_ms(5);
	}
	return false;
}

/* Requests whose replies are large, until the open takes no more */
static int fill_requests(struct client *c)
{
	char buf[HEADER + 64];
	size_t len = msg_string(buf, XS_READ, 1, 0, ROOT "/large");
	int n = 0;

	while (n < 10000 && !is_full(c) && write(c->fd, buf, len) == (ssize_t)len)
		n++;
	return n;
}

static void write_large(void)
{
	struct client *c = client_new();
	char body[PAYLOAD_MAX];
	size_t len = sizeof(ROOT "/large");
	struct msg m;

	memset(body, 'x', sizeof(body));
	memcpy(body, ROOT "/large", len);
	is(call(c, XS_WRITE, 0, body, len + 2000, &m), 0, "[I3] a large node");
	client_close(c);
}

static int fill_transactions(struct client *c)
{
	uint32_t tx;
	int n = 0;

	while (n < 100 && !call_start(c, &tx))
		n++;
	return n;
}

static void full(void)
{
	int watches = 0, transactions = 0, requests = 0, refused = 0, again = 0;
	struct client *c[FULL];
	long before, each;
	int i;

	write_large();
	before = slab();
	for (i = 0; i < FULL; i++) {
		c[i] = client_new();
		refused += fill_watches(c[i], &watches) == E2BIG;
		again += call_watch(c[i], XS_WATCH, ROOT "/watch/0", "t") == EEXIST;
	}
	is(refused, FULL, "[I3] E2BIG after %d watches", watches);
	is(again, FULL, "[E1] but EEXIST for one that the open has");
	for (i = 0; i < FULL; i++)
		transactions += fill_transactions(c[i]);
	is(transactions, FULL * 32, "[T1] each has 32 transactions, no more");
	cause_events(watches);
	for (i = 0; i < FULL; i++)
		requests += fill_requests(c[i]);
	diag("%d requests taken by %d opens", requests, FULL);
	show(c[0]);
	each = (slab() - before) / FULL;
	diag("a full open takes %ld bytes", each);
	ok(each > 128 * 1024, "[I3] an open at its bounds takes some memory");
	ok(each < 512 * 1024, "[I3] but less than 512 KiB");
	for (i = 0; i < FULL; i++)
		client_close(c[i]);
}

static void counts(void)
{
	struct client *c = client_new();
	struct msg m;
	uint32_t tx;

	is(number(c, "watches"), 0, "[I3] fdinfo: no watches");
	is(number(c, "transactions"), 0, "[I3] no transactions");
	is(number(c, "messages-unread"), 0, "[I3] nothing unread");
	call_watch(c, XS_WATCH, ROOT "/info", "t");
	client_event(c, &m, DEADLINE_MS);
	call_start(c, &tx);
	is(number(c, "watches"), 1, "[I3] a watch");
	is(number(c, "transactions"), 1, "[I3] a transaction");
	ok(number(c, "watch-bytes") > 0, "[I3] which takes memory");
	server_stop();
	client_send(c, XS_READ, 0, "/", 2);
	is(unanswered(c), 1, "[I3] a request without a reply");
	ok(number(c, "request-bytes") > 0, "[I3] which takes memory");
	server_continue();
	poll_for(c->fd, POLLIN, DEADLINE_MS);
	is(number(c, "requests-in-flight"), 0, "[I3] none in flight");
	is(number(c, "messages-unread"), 1, "[I3] a reply unread");
	ok(number(c, "reply-bytes") > 0, "[I3] which takes memory");
	client_close(c);
}

/* --- Who pays ----------------------------------------------------------- */

#define CGROUP	"/sys/fs/cgroup"
#define GROUP	CGROUP "/xenfs-test"
#define PAYING	4
#define PAID	20
#define LENGTH	900	/* of a watch's path, for which memory is taken twice */

static bool group_make(void)
{
	if (access(CGROUP "/cgroup.controllers", R_OK) &&
	    mount("none", CGROUP, "cgroup2", 0, NULL)) {
		diag("%s: %s", CGROUP, strerror(errno));
		return false;
	}
	if (!file_put(CGROUP "/cgroup.subtree_control", "+memory"))
		return false;
	return !mkdir(GROUP, 0755) || errno == EEXIST;
}

static long group_slab(void)
{
	FILE *f = fopen(GROUP "/memory.stat", "r");
	char line[128];
	long bytes = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "slab_unreclaimable %ld", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}

/*
 * What the kernel counts comes with a delay of some seconds, as does what is
 * freed after a grace period: it is collected, but not if memory is wanted.
 */
static long group_slab_within(long least, long most)
{
	long end = now_ms() + 5 * DEADLINE_MS, bytes;

	do {
		sleep_ms(100);
		file_put("/proc/sys/vm/drop_caches", "2");
		bytes = group_slab();
	} while ((bytes < least || bytes > most) && now_ms() < end);
	return bytes;
}

/* In the group: watches and requests, until told to go. Says when it is done. */
static void pay(int told, int says)
{
	struct client *c[PAYING];
	char path[LENGTH + 1], token[16], byte = 0;
	int i, n;

	memset(path, 'x', LENGTH);
	path[LENGTH] = '\0';
	memcpy(path, ROOT "/", sizeof(ROOT "/") - 1);
	if (!file_put(GROUP "/cgroup.procs", "0"))
		_exit(1);
	for (i = 0; i < PAYING; i++) {
		c[i] = client_new();
		for (n = 0; n < PAID; n++) {
			snprintf(token, sizeof(token), "%d", n);
			if (call_watch(c[i], XS_WATCH, path, token))
				_exit(2);
			c[i]->nr_events = 0;
		}
	}
	if (write(says, &byte, 1) != 1 || read(told, &byte, 1) != 1)
		_exit(3);
	for (i = 0; i < PAYING; i++)
		client_close(c[i]);
	if (write(says, &byte, 1) != 1 || read(told, &byte, 1) != 1)
		_exit(4);
	_exit(0);
}

static void charged(void)
{
	long least = PAYING * PAID * LENGTH * 2, full, empty;
	int to[2], from[2];
	char byte = 0;
	pid_t pid;

	if (!group_make() || pipe(to) || pipe(from)) {
		skip("no memory cgroup here", "[I3] who pays");
		return;
	}
	pid = fork();
	if (!pid)
		pay(to[0], from[1]);
	close(from[1]);
	if (!ok(read(from[0], &byte, 1) == 1, "[I3] a client in a memory cgroup"))
		goto out;
	full = group_slab_within(least, LONG_MAX);
	diag("%d watches: %ld bytes", PAYING * PAID, full);
	ok(full >= least, "[I3] what its watches take is charged to the cgroup");
	if (write(to[1], &byte, 1) != 1 || read(from[0], &byte, 1) != 1)
		diag("it is gone");
	/* What else is counted there by then, or still, is less than that. */
	empty = group_slab_within(0, least / 2);
	diag("after close: %ld bytes", empty);
	ok(empty <= least / 2, "[I3] until it is given back");
	if (write(to[1], &byte, 1) != 1)
		diag("it is gone");
out:
	is(child_wait(pid, DEADLINE_MS), 0, "[I3] it comes to its end");
	close(to[0]);
	close(to[1]);
	close(from[0]);
	rmdir(GROUP);
}

int main(void)
{
	tap_begin(140);
	subtree("memory");
	if (is_socket()) {
		skip("a socket costs what it costs", "[I3] memory");
		return tap_end();
	}
	if (slabs_are_padded())
		skip("a debug kernel's objects are larger", "[I3] an idle open");
	else
		idle();
	if (is_stock()) {
		skip("without bound", "[I3] an open at its bounds");
		skip("it has none", "[I3] fdinfo");
		charged();
	} else {
		if (slabs_are_padded())
			skip("a debug kernel's objects are larger", "[I3] an open at its bounds");
		else
			full();
		counts();
		charged();
	}
	return tap_end();
}

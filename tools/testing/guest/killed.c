// SPDX-License-Identifier: GPL-2.0
/*
 * The server is killed and started again. Without one, who waits can be interrupted
 * and killed; the new one gets what the old one had not taken. What it had taken
 * stays without a reply, which the log says, and is all that is lost: W3, W4, R1, E1, I4.
 *
 * The kernel's own watches are gone after that: this comes late.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "kernel.h"
#include "pretend.h"
#include "process.h"
#include "restart.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/killed"
#define KEY	ROOT "/key"

static struct client *watcher, *starter, *asking;
static uint32_t transaction;

/* --- What the log says -------------------------------------------------- */

#define READ_ALL	3	/* of syslog() */

/* How often it speaks of requests that have no reply */
static unsigned int complaints(void)
{
	static char log[512 * 1024];
	int len = klogctl(READ_ALL, log, sizeof(log) - 1);
	unsigned int n = 0;
	char *p = log;

	log[len > 0 ? len : 0] = '\0';
	for (; (p = strstr(p, "without a reply, though later ones have theirs")); p++)
		n++;
	return n;
}

static bool complains(unsigned int before)
{
	long end = now_ms() + 2 * PATIENCE_MS;

	while (complaints() == before) {
		if (now_ms() > end)
			return false;
		sleep_ms(200);
	}
	return true;
}

/* --- A request that the old server has taken ---------------------------- */

static struct msg lost;
static pid_t loser;

/* A process that waits for its reply. The test is the server. */
static void lose_one(void)
{
	struct client *c;
	char byte;

	loser = fork();
	if (!loser) {
		c = client_new();
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
		client_block(c, true);
		_exit(read(c->fd, &byte, 1) == 1);
	}
	ok(pretend_receive(&lost) && lost.hdr.type == XS_READ,
	   "[W3] a server takes a request, and is killed");
}

static void stays_lost(void)
{
	is(waitpid(loser, NULL, WNOHANG), 0, "[W3] what the old server had taken has no reply");
	kill(loser, SIGKILL);
	child_wait(loser, DEADLINE_MS);
	is(waitpid(loser, NULL, WNOHANG) == -1 ? errno : 0, ECHILD, "[I4] who waits can be killed");
}

/* The module does not wait for the reply until the next boot. */
static void goes_to_sleep(void)
{
	static const char what[] = "[I1] the host goes to sleep all the same";

	if (can_sleep(what))
		is(sleep_once(), 0, "%s", what);
}

/* Late, but the module can be unloaded again. */
static void answer_it(void)
{
	pretend_begin();
	pretend_send(XS_READ, &lost, "late", 4);
	client_send(asking, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	is(client_reply(asking, &lost), 0, "[I4] a reply to it comes all the same: nobody minds");
}

/* --- Without a server --------------------------------------------------- */

static void interrupted(void)
{
	struct client *c = client_new();
	char buf[64];
	struct transfer t = { .fd = c->fd, .buf = buf, .len = sizeof(buf) };
	struct job job;

	ok(client_send(c, XS_READ, 0, KEY, sizeof(KEY)), "[W4] no server: a request is taken");
	client_block(c, true);
	job_start(&job, transfer_read, &t);
	transfer_interrupted(&job, "[R1] who reads");
	client_close(c);
}

static void close_job(void *arg)
{
	client_close(arg);
}

static void closes(void)
{
	struct client *c = client_new();
	struct job job;

	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	job_start(&job, close_job, c);
	if (!ok(job_join(&job, DEADLINE_MS), "[I4] close does not wait"))
		bail("close hangs");
}

static int unload(void)
{
	return syscall(SYS_delete_module, "xenfs", O_NONBLOCK) ? errno : 0;
}

static void without(void)
{
	interrupted();
	closes();
	is(umount("/proc/xen") ? errno : 0, EBUSY, "[I4] umount is refused");
	is(unload(), is_builtin() ? ENOENT : EWOULDBLOCK, "[I4] rmmod is refused");
}

/* --- With the new one --------------------------------------------------- */

static void goes_on(void)
{
	struct client *c = client_new(), *sock = client_open(socket_path());
	static struct msg m;

	is(client_reply(asking, &m), 0, "[W3] what it had not taken is answered by the new one");
	is(call_write(c, 0, KEY, "again"), 0, "[W3] a new open: WRITE");
	is_str(peek(KEY), "again", "[W3] which is carried out");
	/* Of another node: opens that watch the same share what the server has. */
	is(call_watch(c, XS_WATCH, ROOT, "token"), 0, "[E1] WATCH");
	is(client_event(c, &m, DEADLINE_MS), 0, "[E2] and its event");
	is(call_write(sock, 0, KEY, "and again"), 0, "[E2] somebody writes");
	is(client_event(c, &m, DEADLINE_MS), 0, "[E2] the new watch sees it");
	ok(client_quiet(watcher), "[E1] the old one was the old server's");
	ok(call_write(starter, transaction, KEY, "old") > 0,
	   "[T1] so was the old transaction");
	client_close(c);
	client_close(sock);
}

static void kill_and_start(void)
{
	unsigned int before = complaints();
	static struct msg m;

	watcher = client_new();
	is(call_watch(watcher, XS_WATCH, KEY, "token"), 0, "[E1] WATCH");
	is(client_event(watcher, &m, DEADLINE_MS), 0, "[E2] and its event");
	starter = client_new();
	is(call_start(starter, &transaction), 0, "[T1] START");
	asking = client_new();

	pretend_begin();
	lose_one();
	client_send(asking, XS_DIRECTORY, 0, "/", 2);
	if (!ok(server_kill(), "[W3] the server is killed"))
		bail("the server lives");
	pretend_end();
	without();
	if (!ok(server_start(), "[W3] a new one starts"))
		bail("no server");
	goes_on();
	ok(complains(before), "[W3] the log says that a request has no reply");
	stays_lost();
	is(complaints(), before + 1, "[W3] it said so once");
	goes_to_sleep();
	answer_it();
	client_close(watcher);
	client_close(starter);
	client_close(asking);
}

int main(void)
{
	struct client *sock;

	tap_begin(140);
	if (is_stock()) {
		skip("who waits for its reply can't be killed", "[I4] the server is killed");
		return tap_end();
	}
	server_learn();
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, "value");
	client_close(sock);
	kill_and_start();
	ok(server_alive(), "[I1] afterwards");
	sock = client_open(socket_path());
	is(call_string(sock, XS_RM, 0, ROOT, NULL), 0, "[W3] nothing is left");
	client_close(sock);
	return tap_end();
}

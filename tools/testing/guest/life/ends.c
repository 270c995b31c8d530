// SPDX-License-Identifier: GPL-2.0
/* The end of an open, and of its process: I4 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "life.h"
#include "process.h"
#include "server.h"
#include "tap.h"
#include "target.h"

static void close_job(void *arg)
{
	struct client *c = arg;

	close(c->fd);
	c->fd = -1;
}

/* With the server stopped: is it closed in time? */
static void closes(struct client *c, const char *what)
{
	struct job job;
	bool good;

	job_start(&job, close_job, c);
	good = job_done(&job, DEADLINE_MS);
	server_continue();
	ok(good, "[I4] close() does not wait: %s", what);
	if (!job_join(&job, DEADLINE_MS))
		bail("close() never returns");
	client_close(c);
	ok(others_work(), "[I4] and all goes on after it");
}

static void close_in_flight(void)
{
	struct client *c = client_new();
	int i;

	server_stop();
	for (i = 0; i < 20; i++)
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	closes(c, "requests in flight");
}

static void close_with_watch(void)
{
	struct client *c = client_new();
	uint32_t tx;

	call_watch(c, XS_WATCH, KEY, "t");
	call_start(c, &tx);
	server_stop();
	closes(c, "a watch and a transaction");
}

static void watch_job(void *arg)
{
	struct client *c = arg;

	client_send(c, XS_WATCH, 0, KEY "\0t", sizeof(KEY "\0t"));
}

static void watch_while_stopped(void)
{
	struct client *c = client_new();
	struct job job;
	struct msg m;
	bool good;

	server_stop();
	job_start(&job, watch_job, c);
	good = job_done(&job, DEADLINE_MS);
	server_continue();
	ok(good, "[W4] a non-blocking WATCH does not wait for the server");
	if (!job_join(&job, DEADLINE_MS))
		bail("a WATCH never returns");
	ok(!client_reply(c, &m) && m.hdr.type == XS_WATCH, "[E1] its OK comes later");
	ok(!client_event(c, &m, DEADLINE_MS), "[E2] and its first event");
	client_close(c);
}

/*
 * A WATCH behind a request in flight: the stock driver's writer waits for its
 * reply with the mutex held that the first reply needs, so it never comes.
 */
static void close_watch_in_flight(void)
{
	struct client *c;
	struct job job;

	if (is_stock()) {
		skip("it would stop the whole domain", "[I4] a WATCH behind a request");
		return;
	}
	c = client_new();
	server_stop();
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	job_start(&job, watch_job, c);
	if (!job_join(&job, 2000)) {
		server_continue();
		ok(job_join(&job, DEADLINE_MS), "[I4] the WATCH behind a request ends");
	}
	closes(c, "a WATCH in flight");
}

static bool gone(pid_t pid)
{
	child_wait(pid, DEADLINE_MS);
	return waitpid(pid, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static void killed(bool reader)
{
	pid_t pid = fork();
	struct client *c;
	char buf[16];

	if (pid == 0) {
		if (!reader)
			flood_child(5000);
		c = client_new();
		client_block(c, true);
		if (read(c->fd, buf, sizeof(buf)))
			pause();
		pause();
	}
	sleep_ms(300);
	kill(pid, SIGKILL);
	ok(gone(pid), "[I4] a blocked %s dies of SIGKILL", reader ? "reader" : "writer");
	ok(others_work(), "[I4] and all goes on");
}

static void killed_while_stopped(void)
{
	pid_t pid;
	uint32_t tx;

	pid = fork();
	if (pid == 0) {
		struct client *c = client_new();

		call_watch(c, XS_WATCH, KEY, "t");
		call_start(c, &tx);
		raise(SIGSTOP);
		flood_child(100);
	}
	waitpid(pid, NULL, WUNTRACED);
	server_stop();
	kill(pid, SIGCONT);
	sleep_ms(200);
	kill(pid, SIGKILL);
	ok(gone(pid),
	   "[I4] with the server stopped a process of many requests can be killed");
	server_continue();
	child_wait(pid, DEADLINE_MS);
	ok(others_work(), "[I4] and all goes on");
}

/* Opens whose end comes in every way: no watch or transaction may be left. */
static void nothing_left(void)
{
	long watches, transactions;
	struct client *c;
	uint32_t tx;
	int i, way;
	pid_t pid;

	if (!server_is_c()) {
		skip("only xenstored counts them for us", "[I4] nothing is left");
		return;
	}
	sleep_ms(300);
	watches = server_count("watches", 0);
	transactions = server_count("transactions", 0);
	for (way = 0; way < 3; way++) {
		pid = fork();
		if (pid == 0) {
			c = client_new();
			call_watch(c, XS_WATCH, KEY, "t");
			call_start(c, &tx);
			if (way == 0)
				_exit(0);
			if (way == 1)
				raise(SIGKILL);
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		child_wait(pid, DEADLINE_MS);
	}
	for (i = 0; i < 60; i++) {
		if (server_count("watches", 0) <= watches &&
		    server_count("transactions", 0) <= transactions)
			break;
		sleep_ms(50);
	}
	is(server_count("watches", 0), watches, "[I4] exit, SIGKILL and exec leave no watch");
	is(server_count("transactions", 0), transactions, "[I4] and no transaction");
}

void ends(void)
{
	close_in_flight();
	close_with_watch();
	killed(true);
	killed(false);
	killed_while_stopped();
	nothing_left();
}

void watches_in_flight(void)
{
	watch_while_stopped();
	close_watch_in_flight();
}

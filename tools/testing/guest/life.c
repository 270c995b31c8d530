// SPDX-License-Identifier: GPL-2.0
/* What one process can do to the others, and the end of an open: I1 to I5 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "pages.h"
#include "process.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/life"
#define KEY	ROOT "/key"

/* A request of a new open, answered in time? */
static bool others_work(void)
{
	struct client *c = client_new();
	int err = call_string(c, XS_READ, 0, KEY, NULL);

	client_close(c);
	if (err)
		diag("another open: %s", strerror(abs(err)));
	return err == 0;
}

/* The reader sleeps in a page fault while a second reply comes for it. */
static void lazy_reader(void)
{
	struct client *c = client_new();
	struct lazy_page page;
	struct transfer io;
	struct job job;

	if (!lazy_page(&page)) {
		skip("no userfaultfd", "[I1] a reader in a page fault");
		client_close(c);
		return;
	}
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	poll_for(c->fd, POLLIN, DEADLINE_MS);
	io = (struct transfer){ .fd = c->fd, .buf = page.addr, .len = 256 };
	job_start(&job, transfer_read, &io);
	ok(lazy_wait(&page, DEADLINE_MS), "[I1] a reader sleeps in a page fault");
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	sleep_ms(100);
	ok(others_work(), "[I1] while replies come for it, another open works");
	lazy_resolve(&page, NULL, 0);
	ok(job_join(&job, DEADLINE_MS) && io.n > 0, "[I1] the reader gets its reply in the end");
	job_done(&job, 3 * DEADLINE_MS);
	ok(others_work(), "[I1] and all goes on");
	client_close(c);
}

/* A writer sleeps in a page fault while a reply comes for its open. */
static void lazy_writer(void)
{
	struct client *c = client_new();
	struct lazy_page page;
	char req[128];
	struct msg m;
	struct transfer io;
	struct job job;
	size_t len;

	if (!lazy_page(&page)) {
		skip("no userfaultfd", "[I1] a writer in a page fault");
		client_close(c);
		return;
	}
	len = msg_string(req, XS_READ, 77, 0, KEY);
	server_stop();
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	io = (struct transfer){ .fd = c->fd, .buf = page.addr, .len = len };
	job_start(&job, transfer_write, &io);
	ok(lazy_wait(&page, DEADLINE_MS), "[I1] a writer sleeps in a page fault");
	server_continue();
	sleep_ms(100);
	ok(others_work(), "[I1] while a reply comes for it, another open works");
	ok(!client_reply(c, &m), "[I1] and that reply can be read");
	lazy_resolve(&page, req, len);
	ok(job_join(&job, DEADLINE_MS) && io.n == (ssize_t)len,
	   "[I1] the writer gets through in the end");
	job_done(&job, 3 * DEADLINE_MS);
	ok(!client_reply(c, &m) && m.hdr.req_id == 77, "[I1] and its request is answered");
	client_close(c);
}

/* Runs in a child until it is killed: requests, and nobody reads. */
static void flood_child(unsigned int max)
{
	static char buf[64 * 64];
	struct client *c = client_new();
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < 64; i++)
		len += msg_string(buf + len, XS_READ, i, 0, KEY);
	client_block(c, true);
	if (is_stock())
		len /= 64;	/* it takes one a write */
	for (i = 0; i < max; i++)
		if (write(c->fd, buf, len) < 0)
			break;
	for (;;)
		pause();
}

static void flood(void)
{
	pid_t pids[3];
	unsigned int i, n = 20, good = 0;

	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			flood_child(20000);
	}
	sleep_ms(200);
	for (i = 0; i < n && others_work(); i++)
		good++;
	is(good, n, "[I2] three floods that never read: another open gets its replies");
	for (i = 0; i < 3; i++) {
		kill(pids[i], SIGKILL);
		child_wait(pids[i], DEADLINE_MS);
	}
	for (i = 0; i < 10 && !others_work(); i++)
		;
	ok(i < 10, "[I4] they can be killed, and all goes on");
}

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

static int as_nobody(int (*fn)(int fd), int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(100);
		_exit(fn(fd));
	}
	return child_wait(pid, 2 * DEADLINE_MS);
}

static int try_open(int fd)
{
	(void)fd;
	return open(file_path(), O_RDWR) < 0 ? errno : 0;
}

static int try_call(int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	c->fd = fd;
	return call_string(c, XS_READ, 0, KEY, NULL) ? 1 : 0;
}

static void access_rights(void)
{
	struct client *c = client_new();
	struct stat st;

	if (is_socket()) {
		skip("of the file only", "[I5] rights");
	} else {
		stat(file_path(), &st);
		is(st.st_mode & 07777, 0600, "[I5] the file has mode 0600");
		is(st.st_uid, 0, "[I5] and belongs to root");
		is(as_nobody(try_open, -1), EACCES, "[I5] nobody can't open it");
	}
	is(as_nobody(try_call, c->fd), 0, "[I5] but may use a descriptor that it was given");
	client_close(c);
}

static void shared_by_fork(void)
{
	struct client *c = client_new();
	struct msg m;
	uint32_t tx;
	pid_t pid;

	call_watch(c, XS_WATCH, KEY, "t");
	client_event(c, &m, DEADLINE_MS);
	call_start(c, &tx);
	pid = fork();
	if (pid == 0) {
		c->next_id = 5000;
		_exit(!client_send(c, XS_READ, tx, KEY, sizeof(KEY)));
	}
	is(child_wait(pid, DEADLINE_MS), 0, "[I5] a child writes to the same open");
	ok(!client_reply(c, &m) && m.hdr.req_id == 5001 && !msg_error(&m),
	   "[I5] the parent reads the reply");
	is(call_end(c, tx, true), 0, "[I4] the child's end ends no transaction");
	call_write(c, 0, KEY, "value");
	ok(!client_event(c, &m, DEADLINE_MS), "[I4] and no watch");
	client_close(c);
}

#define EACH	60

struct writer {
	struct client *c;
	unsigned int first;
	bool bad;
};

static void write_keys(void *arg)
{
	struct writer *w = arg;
	char buf[256], path[64], value[32];
	unsigned int i;
	size_t len;

	for (i = w->first; i < w->first + EACH; i++) {
		snprintf(path, sizeof(path), ROOT "/threads/%u", i);
		snprintf(value, sizeof(value), "value-%u", i);
		len = msg_write_req(buf, i, 0, path, value);
		if (write(w->c->fd, buf, len) != (ssize_t)len)
			w->bad = true;
	}
}

static unsigned int thread_keys(void)
{
	struct client *c = client_open(socket_path());
	char path[64], value[32];
	unsigned int i, good = 0;
	struct msg m;

	for (i = 1000; i < 1000 + 2 * EACH; i++) {
		snprintf(path, sizeof(path), ROOT "/threads/%u", i);
		snprintf(value, sizeof(value), "value-%u", i);
		good += !call_string(c, XS_READ, 0, path, &m) &&
			!strcmp(m.body, value);
	}
	client_close(c);
	return good;
}

static void two_writers(void)
{
	struct client *c = client_new();
	struct writer w[2] = { { c, 1000, false }, { c, 1000 + EACH, false } };
	static bool seen[2 * EACH];
	unsigned int i, good = 0;
	struct job job[2];
	struct msg m;

	client_block(c, true);
	for (i = 0; i < 2; i++)
		job_start(&job[i], write_keys, &w[i]);
	for (i = 0; i < 2 * EACH; i++) {
		if (client_reply(c, &m))
			break;
		m.hdr.req_id -= 1000;
		if (m.hdr.type == XS_WRITE && m.hdr.req_id < 2 * EACH &&
		    !seen[m.hdr.req_id]) {
			seen[m.hdr.req_id] = true;
			good++;
		}
	}
	for (i = 0; i < 2; i++)
		if (!job_join(&job[i], DEADLINE_MS))
			bail("a writer hangs");
	ok(!w[0].bad && !w[1].bad, "[W1] two threads write to one open, a message a write()");
	is(good, 2 * EACH, "[W3] every request is answered, once");
	is(thread_keys(), 2 * EACH, "[W3] and did what it says");
	client_close(c);
}

struct summer {
	struct client *c;
	unsigned long sum, bytes;
};

static void read_sum(void *arg)
{
	struct summer *s = arg;
	unsigned char buf[13];
	ssize_t i, n;

	while (poll_for(s->c->fd, POLLIN, 500) & POLLIN) {
		n = read(s->c->fd, buf, sizeof(buf));
		for (i = 0; i < n; i++)
			s->sum += buf[i];
		s->bytes += n > 0 ? n : 0;
	}
}

static void two_readers(void)
{
	struct client *c = client_new();
	struct summer s[2] = { { c, 0, 0 }, { c, 0, 0 } };
	struct client *one = client_new();
	unsigned long sum = 0;
	unsigned int i, n = 50;
	unsigned char *byte;
	struct job job[2];
	struct msg m;
	char buf[128];

	/* The same request again and again: every reply is the same. */
	client_raw(one, buf, msg_string(buf, XS_READ, 7, 0, KEY));
	client_reply(one, &m);
	for (byte = (void *)&m; byte < (unsigned char *)m.body + m.hdr.len; byte++)
		sum += *byte;
	for (i = 0; i < 2; i++)
		job_start(&job[i], read_sum, &s[i]);
	for (i = 0; i < n; i++)
		client_raw(c, buf, msg_string(buf, XS_READ, 7, 0, KEY));
	for (i = 0; i < 2; i++)
		if (!job_join(&job[i], 3 * DEADLINE_MS))
			bail("a reader hangs");
	is(s[0].bytes + s[1].bytes, n * (HEADER + m.hdr.len),
	   "[R1] two threads read from one open: no byte is lost or doubled");
	is(s[0].sum + s[1].sum, n * sum, "[R1] nor changed");
	client_close(one);
	client_close(c);
}

static void many_opens(void)
{
	static struct client *c[150];
	unsigned int i, n = 150, good = 0;
	struct msg m;

	for (i = 0; i < n; i++) {
		c[i] = client_new();
		client_send(c[i], XS_READ, 0, KEY, sizeof(KEY));
	}
	for (i = 0; i < n; i++)
		good += !client_reply(c[i], &m) && !msg_error(&m);
	is(good, n, "[I2] %u opens with a request each", n);
	for (i = 0; i < n; i++)
		client_close(c[i]);
}

/* Opens whose end comes in every way: no watch or transaction may be left. */
static void ends(void)
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

int main(void)
{
	struct client *sock;

	tap_begin(140);
	subtree("life");
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, "value");
	chmod("/", 0755);
	client_close(sock);
	access_rights();
	shared_by_fork();
	two_writers();
	two_readers();
	many_opens();
	close_in_flight();
	close_with_watch();
	killed(true);
	killed(false);
	killed_while_stopped();
	ends();
	watch_while_stopped();
	close_watch_in_flight();
	lazy_reader();
	lazy_writer();
	flood();
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Readers and writers whose pages do not arrive: userfaultfd holds them for as
 * long as it likes. I1: that is their own affair.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define OPENS	4
#define WATCHED	ROOT "/watched"

/* One open, and who is stuck with it */
struct victim {
	struct client *c;
	struct lazy_page in, out;
	struct transfer read, write;
	struct job reader, writer;
	char request[128];
};

static void event_for_all(int n)
{
	struct client *sock = client_open(socket_path());
	char value[16];

	snprintf(value, sizeof(value), "%d", n);
	call_write(sock, 0, WATCHED, value);
	client_close(sock);
}

static bool hold_reader(struct victim *v)
{
	if (!lazy_page(&v->in))
		return false;
	v->read = (struct transfer){ .fd = v->c->fd, .buf = v->in.addr, .len = 4096 };
	if (!poll_for(v->c->fd, POLLIN, PATIENCE_MS))
		return false;
	return job_start(&v->reader, transfer_read, &v->read) &&
	       lazy_wait(&v->in, PATIENCE_MS);
}

static bool hold_writer(struct victim *v, uint32_t id)
{
	size_t len = msg_string(v->request, XS_READ, id, 0, KEY);

	if (!lazy_page(&v->out))
		return false;
	v->write = (struct transfer){ .fd = v->c->fd, .buf = v->out.addr, .len = len };
	return job_start(&v->writer, transfer_write, &v->write) &&
	       lazy_wait(&v->out, PATIENCE_MS);
}

/* Requests in flight, an event to come, then both sides stuck */
static bool hold(struct victim *v)
{
	v->c = client_new();
	client_block(v->c, true);
	if (call_watch(v->c, XS_WATCH, WATCHED, "token"))
		return false;
	if (!client_send(v->c, XS_READ, 0, KEY, sizeof(KEY)))
		return false;
	return hold_reader(v) && hold_writer(v, 7);
}

static bool release(struct victim *v)
{
	size_t len = v->write.len;
	bool good;

	lazy_resolve(&v->in, NULL, 0);
	lazy_resolve(&v->out, v->request, len);
	good = job_join(&v->reader, PATIENCE_MS) && v->read.n > 0;
	return job_join(&v->writer, PATIENCE_MS) && v->write.n == (ssize_t)len &&
	       good;
}

/* The reply to what the stuck writer wrote comes behind all the rest. */
static bool in_order(struct victim *v)
{
	long end = now_ms() + PATIENCE_MS;
	struct msg m;
	ssize_t n;

	/* What the reader got is the stream's beginning. */
	n = v->read.n;
	memcpy(v->c->in, v->in.addr, n);
	v->c->have = n;
	client_block(v->c, false);
	do {
		if (client_recv(v->c, &m, end - now_ms()))
			return false;
	} while (m.hdr.type == XS_WATCH_EVENT || m.hdr.req_id != 7);
	return !msg_error(&m) && !strcmp(m.body, VALUE);
}

static bool probe(struct victim *v)
{
	/* Asking costs nobody anything, however stuck the open is. */
	poll_now(v->c->fd, POLLIN | POLLOUT);
	if (held(getpid(), v->c->fd, "flags") < 0)
		return false;
	return fcntl(v->c->fd, F_GETFL) >= 0;
}

static void probe_job(void *arg)
{
	*(bool *)arg = true;
	for (int i = 0; i < OPENS; i++)
		*(bool *)arg &= probe((struct victim *)((void **)arg)[1] + i);
}

static void both_sides(void)
{
	static struct victim v[OPENS];
	struct { bool good; struct victim *v; } asked = { false, v };
	int i, n = 0, good = 0;
	struct job job;

	scene_begin();
	for (i = 0; i < OPENS; i++)
		n += hold(&v[i]);
	is(n, OPENS, "[I1] %d opens, of each a reader and a writer in a page fault",
	   OPENS);
	for (i = 0; i < 5; i++)
		event_for_all(i);
	scene_goes_on("[I1] while replies and events come for them");
	job_start(&job, probe_job, &asked);
	ok(job_join(&job, PATIENCE_MS) && asked.good,
	   "[I1] poll and fdinfo of such an open do not wait");
	for (i = 0, n = 0; i < OPENS; i++)
		n += release(&v[i]);
	is(n, OPENS, "[I1] when the pages come, all get through");
	for (i = 0; i < OPENS; i++)
		good += in_order(&v[i]);
	is(good, OPENS, "[R1] and their streams are whole");
	for (i = 0; i < OPENS; i++)
		client_close(v[i].c);
	scene_end("pages that come late");
}

/* Nobody ever resolves the pages: the process is killed. */
static void killed(int signal, const char *name)
{
	char ready = 0;
	int pipes[2];
	pid_t pid;

	if (pipe(pipes))
		bail("pipe: %s", strerror(errno));
	scene_begin();
	pid = fork();
	if (pid == 0) {
		struct victim v = { };

		ready = hold(&v) ? 'y' : 'n';
		if (write(pipes[1], &ready, 1) == 1)
			pause();
		_exit(1);
	}
	if (poll_for(pipes[0], POLLIN, 2 * PATIENCE_MS) &&
	    read(pipes[0], &ready, 1) != 1)
		ready = 0;
	ok(ready == 'y', "[I1] a process sleeps in page faults, as reader and writer");
	event_for_all(100);
	if (signal == SIGSTOP) {
		kill(pid, SIGSTOP);
		scene_goes_on("[I1] it is stopped");
	}
	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid, "[I4] it dies");
	scene_goes_on("[I4] and");
	scene_end(name);
	close(pipes[0]);
	close(pipes[1]);
}

static int edge(int epoll, uint32_t events)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1 && (event.events & events);
}

/*
 * Who may not wait is refused what another thread is at. That there is room, or something
 * to read, was so all the time: he hears of it when the other one is done.
 */
static void refused(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct victim v = { };
	char buf[128];
	size_t len = msg_string(buf, XS_READ, 8, 0, KEY);

	scene_begin();
	if (!hold(&v))
		bail("nobody sleeps in a page fault");
	client_block(v.c, false);
	epoll_ctl(epoll, EPOLL_CTL_ADD, v.c->fd, &event);
	/* What is ready now, and edges of what is answered meanwhile */
	while (epoll_wait(epoll, &event, 1, QUIET_MS) == 1)
		;
	ok(write(v.c->fd, buf, len) < 0 && errno == EAGAIN,
	   "[R3] a thread writes, another one may not wait: EAGAIN");
	ok(read(v.c->fd, buf, sizeof(buf)) < 0 && errno == EAGAIN, "[R3] the same of reads");
	/* No edge of an answer */
	server_stop();
	lazy_resolve(&v.out, v.request, v.write.len);
	ok(job_join(&v.writer, PATIENCE_MS), "[R3] the writer is done");
	ok(edge(epoll, EPOLLOUT), "[R3] and the other one hears of it, by an edge");
	ok(read(v.c->fd, buf, sizeof(buf)) < 0 && errno == EAGAIN,
	   "[R3] he still can't read: EAGAIN");
	lazy_resolve(&v.in, NULL, 0);
	ok(job_join(&v.reader, PATIENCE_MS), "[R3] the reader is done");
	ok(edge(epoll, EPOLLOUT), "[R3] by an edge, too");
	server_continue();
	close(epoll);
	client_close(v.c);
	scene_end("threads that may not wait");
}

int main(void)
{
	struct lazy_page page;

	hostile_begin(240);
	if (!lazy_page(&page)) {
		skip("no userfaultfd", "[I1] pages that do not arrive");
		return tap_end();
	}
	killed(SIGKILL, "killed in a page fault");
	killed(SIGSTOP, "stopped in a page fault, then killed");
	both_sides();
	refused();
	return tap_end();
}

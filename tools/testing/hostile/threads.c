// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that write, two that read and one that polls, all on one open.
 * Every request is the same and has the same reply, so that the sum of all bytes
 * that the readers share says whether one was lost, doubled or changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hostile.h"

#define EACH	500
#define WRITERS	2
#define READERS	2

struct part {
	struct client *c;
	unsigned long bytes, sum;
	bool bad;
};

static bool finished;			/* the readers have got all */
static unsigned long total, have;	/* bytes of replies: to come, and read */

static void write_whole(void *arg)
{
	struct part *p = arg;
	char buf[128];
	size_t len = msg_string(buf, XS_READ, 7, 0, KEY);
	int i;

	for (i = 0; i < EACH && !p->bad; i++)
		p->bad = write(p->c->fd, buf, len) != (ssize_t)len;
}

static void write_pieces(void *arg)
{
	struct part *p = arg;
	char buf[128];
	size_t len = msg_string(buf, XS_READ, 7, 0, KEY);
	struct iovec iov[4] = {
		{ buf, 5 }, { NULL, 0 }, { buf + 5, HEADER },
		{ buf + 5 + HEADER, len - HEADER - 5 },
	};
	int i;

	for (i = 0; i < EACH && !p->bad; i++)
		p->bad = writev(p->c->fd, iov, 4) != (ssize_t)len;
}

static void read_pieces(void *arg)
{
	struct part *p = arg;
	unsigned char buf[41];
	ssize_t i, n;

	while (__atomic_load_n(&have, __ATOMIC_ACQUIRE) < total) {
		/* The other may have been faster: look, then read without sleep. */
		if (!(poll_for(p->c->fd, POLLIN, 100) & POLLIN))
			continue;
		n = preadv2(p->c->fd, &(struct iovec){ buf, 1 + p->bytes % 41 }, 1,
			    -1, RWF_NOWAIT);
		/* The stock driver has no such thing: it may sleep at the end. */
		if (n < 0 && errno == EOPNOTSUPP)
			n = read(p->c->fd, buf, 1 + p->bytes % 41);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0) {
			p->bad = true;
			return;
		}
		for (i = 0; i < n; i++)
			p->sum += buf[i];
		p->bytes += n;
		__atomic_add_fetch(&have, n, __ATOMIC_RELEASE);
	}
}

static void poll_always(void *arg)
{
	struct part *p = arg;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct pollfd pfd;

	p->bad = epoll_ctl(ep, EPOLL_CTL_ADD, p->c->fd, &event);
	while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE)) {
		pfd = (struct pollfd){ .fd = p->c->fd, .events = POLLIN | POLLOUT };
		/* There is always room, or something to read, or soon. */
		if (poll(&pfd, 1, PATIENCE_MS) != 1 ||
		    pfd.revents & (POLLERR | POLLHUP | POLLNVAL))
			p->bad = true;
		if (epoll_wait(ep, &event, 1, 1) == 1)
			p->bytes++;
	}
	close(ep);
}

static struct part one_reply(void)
{
	struct client *c = client_new();
	struct part p = { };
	unsigned char *byte;
	static struct msg m;
	char buf[128];

	client_raw(c, buf, msg_string(buf, XS_READ, 7, 0, KEY));
	if (client_reply(c, &m))
		bail("no reply");
	p.bytes = HEADER + m.hdr.len;
	for (byte = (void *)&m; byte < (unsigned char *)&m + p.bytes; byte++)
		p.sum += *byte;
	client_close(c);
	return p;
}

static void (*const roles[])(void *arg) = {
	write_whole, write_pieces, read_pieces, read_pieces, poll_always,
};

int main(void)
{
	struct part p[WRITERS + READERS + 1] = { }, one;
	unsigned int i, n = WRITERS + READERS + 1, good = 0, done = 0;
	struct job job[WRITERS + READERS + 1];
	struct client *c;

	hostile_begin(240);
	one = one_reply();
	total = WRITERS * EACH * one.bytes;
	scene_begin();
	c = client_new();
	client_block(c, true);
	for (i = 0; i < n; i++) {
		p[i].c = c;
		job_start(&job[i], roles[i], &p[i]);
	}
	scene_goes_on("[I1] five threads use one open");
	for (i = 0; i < n - 1; i++)
		done += job_join(&job[i], 2 * PATIENCE_MS);
	__atomic_store_n(&finished, true, __ATOMIC_RELEASE);
	done += job_join(&job[i], 2 * PATIENCE_MS);
	is(done, n, "[W4] two that write, two that read, one that polls: all end");
	if (done != n) {
		diag("%lu of %lu bytes", have, total);
		bail("threads hang");
	}
	for (i = 0; i < n; i++)
		good += !p[i].bad;
	is(good, n, "[W1] no write, read or poll fails");
	is(p[2].bytes + p[3].bytes, total, "[R1] no byte of a reply is lost or doubled");
	is(p[2].sum + p[3].sum, WRITERS * EACH * one.sum, "[R1] nor changed");
	ok(p[4].bytes > 0, "[R3] edges come, too");
	client_close(c);
	scene_end("five threads on one open");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* The read side: R1 to R3 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "pages.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/read"
#define KEY	ROOT "/key"
#define VALUE	"0123456789"
#define REPLY	(HEADER + sizeof(VALUE) - 1)

static void ask(struct client *c, uint32_t id)
{
	char buf[128];

	client_raw(c, buf, msg_string(buf, XS_READ, id, 0, KEY));
}

/* What the server answers to ask(c, id) */
static size_t answer(char *buf, uint32_t id)
{
	return msg_build(buf, XS_READ, id, 0, VALUE, sizeof(VALUE) - 1);
}

/* Ask n times, and wait until all the replies have come. */
static size_t ask_many(struct client *c, unsigned int n, char *want)
{
	struct client *later = client_new();
	size_t len = 0;
	unsigned int i;

	for (i = 1; i <= n; i++) {
		ask(c, i);
		len += answer(want + len, i);
		/* One after the other, for the stock driver's sake */
		sleep_ms(30);
	}
	poll_for(c->fd, POLLIN, DEADLINE_MS);
	/* What was asked later has been answered: so has what was before. */
	for (i = 0; i < 3; i++)
		call_string(later, XS_READ, 0, KEY, NULL);
	client_close(later);
	return len;
}

static bool same(const char *got, const char *want, ssize_t len)
{
	ssize_t i;

	for (i = 0; i < len; i++)
		if (got[i] != want[i]) {
			diag("byte %zd is %#x, expected %#x", i, got[i] & 255,
			     want[i] & 255);
			return false;
		}
	return true;
}

/* Read exactly len bytes, in pieces of at most step. */
static ssize_t read_all(int fd, char *buf, size_t len, size_t step)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		if (!(poll_for(fd, POLLIN, DEADLINE_MS) & POLLIN))
			break;
		n = read(fd, buf + have, step < len - have ? step : len - have);
		if (n <= 0)
			break;
		have += n;
	}
	return have;
}

static void one_big_read(void)
{
	struct client *c = client_new();
	char got[4096], want[256];
	size_t len = ask_many(c, 3, want);
	ssize_t n = read(c->fd, got, sizeof(got));

	is(n, len, "[R1] one read gets three replies");
	ok(n == (ssize_t)len && same(got, want, len), "[R1] to the byte");
	client_close(c);
}

static void odd_reads(void)
{
	static const size_t steps[] = { 1, 7, 17, 20 };
	char got[256], want[256];
	struct client *c;
	unsigned int i;
	size_t len;

	for (i = 0; i < 4; i++) {
		c = client_new();
		len = ask_many(c, 3, want);
		is(read_all(c->fd, got, len, steps[i]), len,
		   "[R1] three replies, %zu bytes a time", steps[i]);
		ok(same(got, want, len), "[R1] to the byte");
		client_close(c);
	}
}

static void vector(void)
{
	struct client *c = client_new();
	char got[256], want[256];
	struct iovec iov[] = {
		{ got, HEADER }, { got + HEADER, 3 }, { got + HEADER + 3, 0 },
		{ got + HEADER + 3, 200 },
	};
	size_t len = ask_many(c, 2, want);

	is(readv(c->fd, iov, 4), len, "[R1] readv gets two replies");
	ok(same(got, want, len), "[R1] to the byte");
	client_close(c);
}

static void empty_reply(void)
{
	struct client *c = client_new();
	struct msg m;

	call_write(c, 0, ROOT "/empty", "");
	is(call_string(c, XS_READ, 0, ROOT "/empty", &m), 0,
	   "[R1] the reply with an empty value comes");
	is(m.hdr.len, 0, "[R1] and is a header only");
	ok(client_quiet(c), "[R1] and nothing more");
	client_close(c);
}

static void nothing(void)
{
	struct client *c = client_new();
	char buf[8], want[64];
	ssize_t n;

	n = read(c->fd, buf, sizeof(buf));
	ok(n == -1 && errno == EAGAIN, "[R1] O_NONBLOCK and nothing there: EAGAIN");
	n = read(c->fd, buf, 0);
	is(n, 0, "[R1] a read of 0 bytes with nothing there");
	ask_many(c, 1, want);
	/* The stock driver never comes back from this, nor do its locks. */
	if (is_stock())
		skip("it spins in the kernel", "[R1] a read of 0 bytes with a reply there");
	else
		is(read(c->fd, buf, 0), 0, "[R1] a read of 0 bytes with a reply there");
	ok(poll_now(c->fd, POLLIN) & POLLIN, "[R1] which stays there");
	client_close(c);
}

static void no_wait(void)
{
	struct client *c = client_new();
	char buf[256], want[64];
	struct iovec iov = { buf, sizeof(buf) };
	ssize_t n;

	if (is_socket()) {
		skip("old kernels don't know it on sockets", "[R1] RWF_NOWAIT");
		goto out;
	}
	client_block(c, true);
	n = preadv2(c->fd, &iov, 1, -1, RWF_NOWAIT);
	ok(n == -1 && errno == EAGAIN, "[R1] RWF_NOWAIT and nothing there: EAGAIN");
	if (n != -1 || errno != EAGAIN)
		diag("preadv2: %zd, errno %d", n, n < 0 ? errno : 0);
	ask_many(c, 1, want);
	n = preadv2(c->fd, &iov, 1, -1, RWF_NOWAIT);
	is(n, REPLY, "[R1] RWF_NOWAIT and a reply there");
	iov.iov_len = msg_string(buf, XS_READ, 3, 0, KEY);
	n = pwritev2(c->fd, &iov, 1, -1, RWF_NOWAIT);
	is(n, iov.iov_len, "[W4] a write with RWF_NOWAIT");
out:
	client_close(c);
}

static void no_position(void)
{
	struct client *c = client_new();
	char buf[8];

	ok(lseek(c->fd, 0, SEEK_SET) == -1 && errno == ESPIPE,
	   "[R1] lseek: ESPIPE");
	ok(pread(c->fd, buf, 1, 0) == -1 && errno == ESPIPE,
	   "[R1] pread: ESPIPE");
	client_close(c);
}

static void blocking(void)
{
	struct client *c = client_new();
	char buf[256];
	struct transfer t = { .fd = c->fd, .buf = buf, .len = sizeof(buf) };
	struct job job;

	client_block(c, true);
	job_start(&job, transfer_read, &t);
	transfer_interrupted(&job, "[R1] a blocking read");
	job_start(&job, transfer_read, &t);
	job_done(&job, 100);
	ask(c, 4);
	if (!ok(job_join(&job, DEADLINE_MS), "[R1] a reply wakes it"))
		bail("the reader hangs");
	ok(t.n > 0, "[R1] with at least a byte of it");
	client_close(c);
}

static void fault_whole(void)
{
	struct client *c = client_new();
	char got[256], want[256];
	size_t len = ask_many(c, 2, want);
	ssize_t n;

	n = read(c->fd, fault_page(), 100);
	ok(n == -1 && errno == EFAULT, "[R2] a buffer that isn't there: EFAULT");
	is(read_all(c->fd, got, len, 100), len, "[R2] nothing was consumed");
	ok(same(got, want, len), "[R2] to the byte");
	client_close(c);
}

static bool fault_at(struct client *c, size_t at)
{
	char *edge = fault_edge(at), got[64], want[64];
	size_t len = answer(want, at);
	ssize_t n;

	ask(c, at);
	poll_for(c->fd, POLLIN, DEADLINE_MS);
	if (!is_stock())
		sleep_ms(5);
	n = read(c->fd, edge, 4000);
	if (n > (ssize_t)at || (n < 0 && errno != EFAULT)) {
		diag("read: %zd, errno %d", n, n < 0 ? errno : 0);
		return false;
	}
	if (n < 0)
		n = 0;
	memcpy(got, edge, n);
	n += read_all(c->fd, got + n, len - n, len);
	return n == (ssize_t)len && same(got, want, len);
}

static void fault_everywhere(void)
{
	struct client *c = client_new();
	size_t at;

	for (at = 1; at < REPLY; at++)
		if (!fault_at(c, at))
			break;
	is(at, REPLY, "[R2] a buffer that ends at any byte: the rest comes later");
	client_close(c);
}

static void poll_states(void)
{
	struct client *c = client_new();
	char buf[256], want[64];

	is(poll_now(c->fd, POLLIN | POLLOUT), POLLOUT,
	   "[R3] a fresh open: POLLOUT and no POLLIN");
	ask_many(c, 1, want);
	is(poll_now(c->fd, POLLIN | POLLOUT), POLLIN | POLLOUT,
	   "[R3] a reply there: both");
	read_all(c->fd, buf, 5, 5);
	is(poll_now(c->fd, POLLIN), POLLIN, "[R3] 5 bytes read: still POLLIN");
	read_all(c->fd, buf, REPLY - 5, 100);
	is(poll_now(c->fd, POLLIN), 0, "[R3] all read: no POLLIN");
	client_close(c);
}

static void poll_exact(void)
{
	struct client *c = client_new();
	unsigned int i, n = 200;
	char buf[64];

	for (i = 0; i < n; i++) {
		ask(c, i);
		if (!(poll_for(c->fd, POLLIN, DEADLINE_MS) & POLLIN) ||
		    read(c->fd, buf, 1) != 1 ||
		    read_all(c->fd, buf, REPLY - 1, 64) != REPLY - 1 ||
		    poll_now(c->fd, POLLIN))
			break;
	}
	is(i, n, "[R3] %u times: POLLIN, a byte, the rest, no POLLIN", n);
	client_close(c);
}

static int epoll_for(int ep, int timeout_ms)
{
	struct epoll_event event = { 0 };
	int n = epoll_wait(ep, &event, 1, timeout_ms);

	return n > 0 ? (int)event.events : n;
}

static int epoll_new(struct client *c, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &event);
	return ep;
}

static void epoll_level(void)
{
	struct client *c = client_new();
	int ep = epoll_new(c, EPOLLIN);
	char buf[64], want[64];

	is(epoll_for(ep, 0), 0, "[R3] epoll, level: nothing at first");
	ask_many(c, 1, want);
	is(epoll_for(ep, DEADLINE_MS), EPOLLIN, "[R3] epoll, level: a reply");
	is(epoll_for(ep, 0), EPOLLIN, "[R3] epoll, level: still");
	read_all(c->fd, buf, REPLY, 64);
	is(epoll_for(ep, 0), 0, "[R3] epoll, level: no more, after it was read");
	close(ep);
	client_close(c);
}

static void epoll_edge(void)
{
	struct client *c = client_new();
	int ep = epoll_new(c, EPOLLIN | EPOLLET);
	char want[64];

	ask_many(c, 1, want);
	is(epoll_for(ep, DEADLINE_MS), EPOLLIN, "[R3] epoll, edge: a reply");
	is(epoll_for(ep, 50), 0, "[R3] epoll, edge: once only");
	ask_many(c, 1, want);
	is(epoll_for(ep, DEADLINE_MS), EPOLLIN, "[R3] epoll, edge: a second reply, once more");
	close(ep);
	client_close(c);

	c = client_new();
	ep = epoll_new(c, EPOLLOUT | EPOLLET);
	is(epoll_for(ep, 0), EPOLLOUT, "[R3] epoll, edge: room at first");
	close(ep);
	client_close(c);
}

static void poll_long(void *arg)
{
	struct transfer *t = arg;

	t->n = poll_for(t->fd, POLLIN, 2 * DEADLINE_MS);
}

static void poll_wakes(void)
{
	struct client *c = client_new();
	struct transfer t = { .fd = c->fd };
	struct job job;

	job_start(&job, poll_long, &t);
	ok(!job_done(&job, 200), "[R3] poll sleeps while there is nothing");
	ask(c, 1);
	ok(job_join(&job, DEADLINE_MS) && t.n == POLLIN, "[R3] a reply wakes it");
	job_done(&job, 2 * DEADLINE_MS);
	client_close(c);
}

static void error_header(void)
{
	struct client *c = client_new();
	struct xsd_sockmsg *h;
	char buf[64];
	struct msg m;
	int err;

	client_raw(c, buf, msg_string(buf, XS_READ, 0x11223344, 0x55667788, KEY));
	err = client_reply(c, &m);
	is(err, 0, "[R1] a local error is a reply");
	h = &m.hdr;
	ok(!err && h->type == XS_ERROR && h->req_id == 0x11223344 &&
	   h->tx_id == 0x55667788 && h->len == strlen(m.body) + 1,
	   "[R1] with the request's req_id and tx_id, and its own length");
	if (!err)
		diag("type %u, req_id %#x, tx_id %#x, len %u, '%s'", h->type,
		     h->req_id, h->tx_id, h->len, m.body);
	client_close(c);
}

static void event_header(void)
{
	struct client *c = client_new();
	unsigned int i, n = 5;
	struct msg m;

	call_watch(c, XS_WATCH, KEY, "token");
	for (i = 0; i < n; i++) {
		if (client_event(c, &m, DEADLINE_MS) || m.hdr.req_id ||
		    m.hdr.tx_id || m.hdr.len != sizeof(KEY) + 6)
			break;
		call_write(c, 0, KEY, VALUE);
	}
	is(i, n, "[R1] an event's header has no req_id and no tx_id");
	if (i < n)
		diag("req_id %#x, tx_id %#x, len %u", m.hdr.req_id,
		     m.hdr.tx_id, m.hdr.len);
	client_close(c);
}

int main(void)
{
	struct client *sock;

	tap_begin(100);
	subtree("read");
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, VALUE);
	client_close(sock);
	one_big_read();
	odd_reads();
	vector();
	empty_reply();
	nothing();
	no_wait();
	no_position();
	blocking();
	fault_whole();
	fault_everywhere();
	poll_states();
	poll_exact();
	epoll_level();
	epoll_edge();
	poll_wakes();
	error_header();
	event_header();
	return tap_end();
}

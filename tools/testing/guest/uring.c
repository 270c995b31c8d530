// SPDX-License-Identifier: GPL-2.0
/* The file by way of io_uring: W1, R1 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

#include "call.h"
#include "client.h"
#include "deadline.h"
#include "ring.h"
#include "store.h"
#include "tap.h"

#define ROOT	"/test/uring"
#define KEY	ROOT "/key"

static void submit(struct ring *r, int op, int fd, void *buf, size_t len,
		   uint64_t id)
{
	ring_entry(r, op, fd, buf, len, id);
	ring_submit(r);
}

/* The result of the next completion with this id; -ETIMEDOUT without one */
static int complete(struct ring *r, uint64_t id, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	uint64_t got;
	int res;

	while (ring_next(r, &got, &res, end - now_ms()))
		if (got == id)
			return res;
	return -ETIMEDOUT;
}

static void writes_and_reads(struct ring *r)
{
	struct client *c = client_new();
	char buf[512], in[512] = "";
	size_t len, want;
	int n, have = 0;

	client_block(c, true);
	len = msg_write_req(buf, 1, 0, KEY, "uring");
	len += msg_string(buf + len, XS_READ, 2, 0, KEY);
	submit(r, IORING_OP_WRITE, c->fd, buf, len, 1);
	is(complete(r, 1, DEADLINE_MS), len, "[W1] a write of two messages takes all");
	/* What the server says to that */
	want = msg_build(buf, XS_WRITE, 1, 0, "OK", 3);
	want += msg_build(buf + want, XS_READ, 2, 0, "uring", 5);
	while (have < (int)want) {
		submit(r, IORING_OP_READ, c->fd, in + have, want - have, 2);
		n = complete(r, 2, DEADLINE_MS);
		if (n <= 0)
			break;
		have += n;
	}
	ok(have == (int)want && !memcmp(in, buf, want), "[R1] reads get both replies");
	if (have != (int)want)
		diag("%d bytes, expected %zu", have, want);
	client_close(c);
}

/* With room for it, one that may not wait */
static void write_at_once(struct ring *r)
{
	struct client *c = client_new();
	struct io_uring_sqe *sqe;
	char buf[64];
	size_t len;

	client_block(c, true);
	len = msg_string(buf, XS_READ, 1, 0, KEY);
	sqe = ring_entry(r, IORING_OP_WRITE, c->fd, buf, len, 30);
	sqe->rw_flags = RWF_NOWAIT;
	ring_submit(r);
	is(complete(r, 30, DEADLINE_MS), len, "[W4] one with RWF_NOWAIT, if there is room");
	client_close(c);
}

/* More than an open has room for */
#define MANY	20000

/* One open's write waits for room half-way, which is nothing to another's. */
static void waiting_write(struct ring *r)
{
	struct client *full = client_new(), *other = client_new();
	static char many[MANY * 64];
	size_t len = 0, one = 0;
	int i;

	client_block(full, true);
	client_block(other, true);
	for (i = 0; i < MANY; i++) {
		one = msg_string(many + len, XS_READ, 1, 0, KEY);
		len += one;
	}
	submit(r, IORING_OP_WRITE, full->fd, many, len, 31);
	is(complete(r, 31, 500), -ETIMEDOUT, "[W4] a write of more than there is room for");
	submit(r, IORING_OP_WRITE, other->fd, many, one, 32);
	is(complete(r, 32, DEADLINE_MS), one, "[I1] one to another open does not wait");
	submit(r, IORING_OP_ASYNC_CANCEL, -1, (void *)31, 0, 33);
	ok(complete(r, 31, DEADLINE_MS) > 0, "[W4] and the first can be cancelled");
	client_close(other);
	client_close(full);
}

static void pending_read(struct ring *r)
{
	struct client *c = client_new();
	char in[HEADER + 5];
	int n;

	client_block(c, true);
	submit(r, IORING_OP_READ, c->fd, in, sizeof(in), 3);
	is(complete(r, 3, 200), -ETIMEDOUT, "[R1] a read with nothing there is pending");
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	n = complete(r, 3, DEADLINE_MS);
	ok(n > 0, "[R1] a reply completes it");
	if (n <= 0)
		diag("result %d", n);
	client_close(c);
}

/*
 * io_uring reads a regular file until the buffer is full or the file ends, and
 * such a file is what xenfs has always shown: a client that asks for more than
 * there is must get what is there all the same.
 */
static void short_read(struct ring *r, bool block, bool pending)
{
	struct client *c = client_new();
	static uint64_t id = 6;
	static char in[512];
	int n;

	client_block(c, block);
	if (!pending) {
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
		poll_for(c->fd, POLLIN, DEADLINE_MS);
	}
	submit(r, IORING_OP_READ, c->fd, in, sizeof(in), id);
	if (pending)
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	n = complete(r, id++, 1000);
	ok(n > 0, "[R1] a short read, %s, %s", block ? "blocking" : "non-blocking",
	   pending ? "before the reply" : "after it");
	if (n <= 0)
		diag("result %d", n);
	client_close(c);
}

static void cancelled_read(struct ring *r)
{
	struct client *c = client_new();
	char in[64];
	int n;

	client_block(c, true);
	submit(r, IORING_OP_READ, c->fd, in, sizeof(in), 4);
	complete(r, 4, 100);
	submit(r, IORING_OP_ASYNC_CANCEL, -1, (void *)4, 0, 5);
	n = complete(r, 4, DEADLINE_MS);
	ok(n == -ECANCELED || n == -EINTR, "[R1] a pending read can be cancelled");
	diag("result %d", n);
	client_close(c);
}

#define OP_READ_MULTISHOT	49	/* newer than some kernel's headers */
#define GROUP			7
#define BUFFERS			4

/* Buffers for the kernel to choose from */
static bool provide(struct ring *r, char *bufs, size_t size)
{
	struct io_uring_sqe *sqe;

	sqe = ring_entry(r, IORING_OP_PROVIDE_BUFFERS, BUFFERS, bufs, size, 20);
	sqe->buf_group = GROUP;
	ring_submit(r);
	return complete(r, 20, DEADLINE_MS) >= 0;
}

/* Completions with this id that come in this time, and their bytes */
static int completions(struct ring *r, uint64_t id, int timeout_ms, int *bytes)
{
	long end = now_ms() + timeout_ms;
	uint64_t got;
	int n = 0, res;

	while (ring_next(r, &got, &res, end - now_ms())) {
		if (got != id)
			continue;
		n++;
		*bytes += res > 0 ? res : 0;
	}
	return n;
}

/*
 * One read that is completed again and again. A kernel that knows it may refuse
 * it for this file; no byte may come twice, and no completion without a reason.
 */
static void multishot(struct ring *r)
{
	struct client *c = client_new();
	static char bufs[BUFFERS][64];
	int bytes = 0, n, reply = HEADER + sizeof("uring") - 1;
	struct io_uring_sqe *sqe;

	client_block(c, true);
	ok(provide(r, bufs[0], sizeof(bufs[0])), "[R1] buffers for a multishot read");
	sqe = ring_entry(r, OP_READ_MULTISHOT, c->fd, NULL, 0, 21);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	sqe->off = -1;
	ring_submit(r);
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	n = completions(r, 21, 1000, &bytes);
	diag("%d completions, %d bytes", n, bytes);
	ok(n >= 1 && n <= 2, "[R1] it is completed, or refused, and not twice");
	ok(!bytes || bytes == reply, "[R1] with all of the reply, or nothing");
	client_close(c);
	completions(r, 21, 200, &bytes);
	c = client_new();
	is(call_string(c, XS_READ, 0, KEY, NULL), 0, "[R1] and another open goes on");
	client_close(c);
}

int main(void)
{
	struct ring r;

	tap_begin(40);
	subtree("uring");
	if (!ring_open(&r, 8)) {
		skip("no io_uring here", "[W1] io_uring");
		return tap_end();
	}
	writes_and_reads(&r);
	write_at_once(&r);
	waiting_write(&r);
	pending_read(&r);
	cancelled_read(&r);
	short_read(&r, false, false);
	short_read(&r, true, false);
	short_read(&r, true, true);
	multishot(&r);
	ring_close(&r);
	return tap_end();
}

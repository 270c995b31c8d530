// SPDX-License-Identifier: GPL-2.0
/* io_uring */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io.h"
#include "ring.h"

static bool answers_from(struct client *c, const char *in, size_t have)
{
	memcpy(c->in, in, have);
	c->have = have;
	return !memcmp(in, replies, have) &&
	       read_exactly(c, c->in + have, replies_len - have) &&
	       !memcmp(c->in, replies, replies_len);
}

/* Linked, so that they go in order: each message in pieces of its own */
static void ring_pieces(struct ring *r)
{
	struct client *c = client_new();
	size_t at = 0, len, step = batch_len / 8 + 1;
	struct io_uring_sqe *sqe;
	int n = 0, good = 0, res;
	uint64_t id;

	client_block(c, true);
	for (; at < batch_len; at += len, n++) {
		len = at + step > batch_len ? batch_len - at : step;
		sqe = ring_entry(r, IORING_OP_WRITE, c->fd, batch + at, len, n);
		sqe->flags = at + len < batch_len ? IOSQE_IO_LINK : 0;
	}
	ring_submit(r);
	for (at = 0; at < (size_t)n && ring_next(r, &id, &res, PATIENCE_MS); at++)
		good += res > 0;
	is(good, n, "[W1] io_uring: linked writes of pieces");
	client_block(c, false);
	ok(answers(c), "[W1] and their replies");
	client_close(c);
}

static void ring_fixed(struct ring *r)
{
	static char area[4 * PAGE] __attribute__((aligned(4096)));
	struct iovec iov = { area, sizeof(area) };
	struct client *c;
	int res = 0, have = 0;
	uint64_t id;

	if (syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_BUFFERS, &iov, 1)) {
		skip("no registered buffers", "[W1] io_uring: registered buffers");
		return;
	}
	c = client_new();
	client_block(c, true);
	memcpy(area, batch, batch_len);
	ring_entry(r, IORING_OP_WRITE_FIXED, c->fd, area, batch_len, 1);
	ring_submit(r);
	ok(ring_next(r, &id, &res, PATIENCE_MS) && res == (int)batch_len,
	   "[W1] io_uring: a write from a registered buffer");
	while (have < (int)replies_len) {
		ring_entry(r, IORING_OP_READ_FIXED, c->fd, area + 2 * PAGE + have,
			   replies_len - have, 2);
		ring_submit(r);
		if (!ring_next(r, &id, &res, PATIENCE_MS) || res <= 0)
			break;
		have += res;
	}
	ok(have == (int)replies_len && answers_from(c, area + 2 * PAGE, have),
	   "[R1] io_uring: reads to one");
	client_close(c);
}

static void ring_poll(struct ring *r)
{
	struct client *c = client_new();
	struct io_uring_sqe *sqe;
	uint64_t id = 0;
	int res = 0;

	sqe = ring_entry(r, IORING_OP_POLL_ADD, c->fd, NULL, 0, 5);
	sqe->poll32_events = POLLIN;
	ring_submit(r);
	ok(!ring_next(r, &id, &res, 100), "[R3] io_uring: poll waits");
	client_raw(c, batch, batch_len);
	ok(ring_next(r, &id, &res, PATIENCE_MS) && res > 0 && res & POLLIN,
	   "[R3] and ends with a reply");
	ok(answers(c), "[R1] which is read as ever");
	client_close(c);
}

static void ring_bad_buffer(struct ring *r)
{
	struct client *c = client_new();
	char *edge = fault_edge(2 * PAGE) + 2 * PAGE;
	size_t at = HEADER + 3;
	uint64_t id;
	int res = 0;

	memcpy(edge - at, batch, at);
	client_block(c, true);
	ring_entry(r, IORING_OP_WRITE, c->fd, fault_page(), batch_len, 6);
	ring_submit(r);
	ok(ring_next(r, &id, &res, PATIENCE_MS) && res == -EFAULT,
	   "[W8] io_uring: a buffer that is not there");
	ring_entry(r, IORING_OP_WRITE, c->fd, edge - at, batch_len, 7);
	ring_submit(r);
	ok(ring_next(r, &id, &res, PATIENCE_MS) && res == (int)at,
	   "[W8] io_uring: a buffer that ends too early");
	if (res < 0)
		diag("result %d", res);
	if (res > 0)
		client_raw(c, batch + res, batch_len - res);
	client_block(c, false);
	ok(answers(c), "[W8] the stream goes on");
	client_close(c);
}

/* The process ends with reads, polls and a blocked write in the ring. */
static void ring_killed(bool gently)
{
	struct ring r;
	static char many[64 * 300];
	char in[4][64];
	size_t len = 0;
	int i, p[2];
	pid_t pid;
	char byte;

	if (pipe(p))
		bail("pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		struct client *c = client_new(), *d = client_new();

		client_block(c, true);
		client_block(d, true);
		if (!ring_open(&r, 16))
			_exit(1);
		for (i = 0; i < 300; i++)
			len += msg_string(many + len, XS_READ, i, 0, KEY);
		for (i = 0; i < 4; i++)
			ring_entry(&r, IORING_OP_READ, c->fd, in[i], sizeof(in[i]), i);
		ring_entry(&r, IORING_OP_POLL_ADD, c->fd, NULL, 0, 8)->poll32_events = POLLIN;
		for (i = 0; i < 6; i++)
			ring_entry(&r, IORING_OP_WRITE, d->fd, many, len, 10 + i);
		ring_submit(&r);
		sleep_ms(100);
		if (write(p[1], "r", 1) != 1)
			_exit(1);
		if (gently)
			_exit(0);
		pause();
	}
	ok(poll_for(p[0], POLLIN, PATIENCE_MS) && read(p[0], &byte, 1) == 1,
	   "[R1] io_uring: reads and writes that can't end");
	if (!gently)
		kill(pid, SIGKILL);
	child_wait(pid, PATIENCE_MS);
	ok(waitpid(pid, NULL, WNOHANG) == -1 && errno == ECHILD,
	   "[I4] its process %s with them", gently ? "exits" : "is killed");
	close(p[0]);
	close(p[1]);
}

void rings(void)
{
	struct ring r;

	if (!ring_open(&r, 32)) {
		skip("no io_uring here", "[W1] io_uring");
		return;
	}
	ring_pieces(&r);
	ring_fixed(&r);
	ring_poll(&r);
	ring_bad_buffer(&r);
	ring_close(&r);
	ring_killed(true);
	ring_killed(false);
}

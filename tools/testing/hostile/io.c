// SPDX-License-Identifier: GPL-2.0
/*
 * Other ways to the file than read and write, and buffers that are not there.
 * What the file does not support must fail, and leave the stream as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"
#include "ring.h"

#define PAGE	4096UL

/* --- Buffers that are not there ----------------------------------------- */

/* Three requests, the second one long; ids 1 to 3 */
static char batch[1024];
static size_t batch_len;
static char replies[512];
static size_t replies_len;

static void make_batch(void)
{
	char value[401];
	static struct msg m;
	struct client *c = client_new();
	uint32_t i;

	memset(value, 'x', 400);
	value[400] = '\0';
	batch_len = msg_string(batch, XS_READ, 1, 0, KEY);
	batch_len += msg_write_req(batch + batch_len, 2, 0, ROOT "/long", value);
	batch_len += msg_string(batch + batch_len, XS_READ, 3, 0, KEY);
	for (i = 1; i <= 3; i++) {
		if (i == 2)
			msg_build(&m, XS_WRITE, i, 0, "OK", 3);
		else
			msg_build(&m, XS_READ, i, 0, VALUE, strlen(VALUE));
		memcpy(replies + replies_len, &m, HEADER + m.hdr.len);
		replies_len += HEADER + m.hdr.len;
	}
	client_close(c);
}

static bool read_exactly(struct client *c, char *buf, size_t len)
{
	long end = now_ms() + PATIENCE_MS;
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		if (!(poll_for(c->fd, POLLIN, end - now_ms()) & POLLIN))
			return false;
		n = read(c->fd, buf + have, len - have);
		if (n <= 0)
			return false;
		have += n;
	}
	return true;
}

static bool answers(struct client *c)
{
	static char in[sizeof(replies)];

	memset(in, 0, sizeof(in));
	return read_exactly(c, in, replies_len) && !memcmp(in, replies, replies_len);
}

/* What was there is taken and counted; EFAULT, if nothing was. */
static bool counted(ssize_t n, size_t there)
{
	return there ? n == (ssize_t)there : n == -1 && errno == EFAULT;
}

/*
 * The page after the first @at bytes is not there; then the rest, as if nothing
 * had been. With @parts in an iovec, the middle one at the edge.
 */
static bool fault_out(struct client *c, char *edge, size_t at, bool parts)
{
	size_t first = parts ? at / 2 : 0;
	struct iovec iov[3] = {
		{ batch, first }, { edge - (at - first), batch_len - first },
		{ batch, HEADER },
	};
	ssize_t n;

	memcpy(edge - (at - first), batch + first, at - first);
	n = writev(c->fd, iov, parts ? 3 : 2);
	if (!counted(n, at)) {
		diag("of a message that ends at %zu: %zd, %s", at, n, strerror(errno));
		return false;
	}
	return !client_raw(c, batch + at, batch_len - at) && answers(c);
}

/* Byte by byte, but for the middle of the long value, and for the iovec */
static size_t next_out(size_t at, bool parts)
{
	size_t head = 2 * HEADER + sizeof(KEY) + sizeof(ROOT "/long") + 4;
	size_t tail = batch_len - HEADER - sizeof(KEY) - 4;

	if (scaled(0, 1))
		return at + 1;
	return at + (at > head && at + 97 < tail ? 97 : parts ? 5 : 1);
}

static size_t next_in(size_t at, bool parts)
{
	return at + (parts ? scaled(3, 1) : 1);
}

static bool fault_in(struct client *c, char *edge, size_t at, bool parts)
{
	static char in[sizeof(replies)];
	size_t first = parts ? at / 2 : 0;
	struct iovec iov[2] = {
		{ in, first }, { edge - (at - first), replies_len },
	};
	struct client *last = c;
	ssize_t n;

	if (client_raw(c, batch, batch_len))
		return false;
	/* All three are there: a read would return them at once. */
	while (held(getpid(), last->fd, "messages-unread") >= 0 &&
	       held(getpid(), last->fd, "messages-unread") < 3)
		sleep_ms(1);
	if (is_stock())
		sleep_ms(20);
	n = readv(c->fd, iov, 2);
	if (!counted(n, at)) {
		diag("of a read that ends at %zu: %zd, %s", at, n, strerror(errno));
		return false;
	}
	memcpy(in + first, edge - (at - first), at - first);
	return read_exactly(c, in + at, replies_len - at) &&
	       !memcmp(in, replies, replies_len);
}

/* A fault in one place of the stream, and the next place where to have one */
struct direction {
	const char *what;
	bool (*fault)(struct client *c, char *edge, size_t at, bool parts);
	size_t (*next)(size_t at, bool parts);
	size_t pages;
};

static const struct direction writing = {
	"[W8] EFAULT at the bytes of three requests", fault_out, next_out, 2,
};

static const struct direction reading = {
	"[R2] EFAULT at the bytes of three replies", fault_in, next_in, 1,
};

static void faults(const struct direction *d, size_t len, bool parts)
{
	char *edge = fault_edge(d->pages * PAGE) + d->pages * PAGE;
	struct client *c = client_new();
	int tries = 0, good = 0;
	size_t at;

	for (at = 0; at < len; at = d->next(at, parts)) {
		tries++;
		if (d->fault(c, edge, at, parts)) {
			good++;
			continue;
		}
		client_close(c);
		c = client_new();
		if (is_stock())
			break;
	}
	is(good, tries, "%s%s", d->what, parts ? ", in an iovec" : "");
	client_close(c);
}

/* A page that comes and goes while it is written from and read to */
static bool flicker_stop;

static void flicker(void *arg)
{
	while (!__atomic_load_n(&flicker_stop, __ATOMIC_RELAXED)) {
		mprotect(arg, PAGE, PROT_NONE);
		mprotect(arg, PAGE, PROT_READ | PROT_WRITE);
	}
}

static bool through(struct client *c, char *page)
{
	long end = now_ms() + PATIENCE_MS;
	char *in = page + PAGE - 300;
	static char copy[sizeof(replies)];
	size_t done = 0, have = 0;
	ssize_t n;

	/* page - PAGE is always there, so that it ends in the middle of one. */
	while (done < batch_len && now_ms() < end) {
		n = write(c->fd, page - 100 + done, batch_len - done);
		done += n > 0 ? n : 0;
	}
	while (have < replies_len && now_ms() < end) {
		/* The bytes are read elsewhere if they can't come here. */
		n = read(c->fd, in, 1);
		if (n != 1)
			n = read(c->fd, copy + have, 1);
		else
			copy[have] = replies[have];	/* can't look: it flickers */
		have += n > 0 ? n : 0;
	}
	return done == batch_len && have == replies_len &&
	       !memcmp(copy, replies, replies_len);
}

static void flickering(void)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, good = 0, n = 10;
	struct client *c;
	struct job job;

	if (is_stock()) {
		skip("it loses the stream at the first EFAULT", "[W8] a page that comes and goes");
		return;
	}
	c = client_new();
	memcpy(p + PAGE - 100, batch, batch_len);
	job_start(&job, flicker, p + PAGE);
	for (i = 0; i < n; i++)
		good += through(c, p + PAGE);
	__atomic_store_n(&flicker_stop, true, __ATOMIC_RELAXED);
	job_join(&job, PATIENCE_MS);
	is(good, n, "[W8, R2] a page that comes and goes");
	client_close(c);
}

/* --- What the file can't do --------------------------------------------- */

static bool refused(long ret, const char *what)
{
	if (ret == -1)
		return true;
	diag("%s: %ld", what, ret);
	return false;
}

static void other_calls(void)
{
	struct client *c = client_new();
	int p[2], n = 0, fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char buf[64];
	off_t zero = 0;

	if (fd < 0 || pipe(p) || write(p[1], "12345678", 8) != 8 ||
	    write(fd, "12345678", 8) != 8)
		bail("no files to play with: %s", strerror(errno));
	/* A reply is there, so that nothing has to wait. */
	client_raw(c, batch, batch_len);
	poll_for(c->fd, POLLIN, PATIENCE_MS);
	n += refused(splice(p[0], NULL, c->fd, NULL, 8, SPLICE_F_NONBLOCK), "splice to it");
	n += refused(splice(c->fd, NULL, p[1], NULL, 8, SPLICE_F_NONBLOCK), "splice from it");
	n += refused(sendfile(c->fd, fd, &zero, 8), "sendfile to it");
	n += refused(sendfile(fd, c->fd, NULL, 8), "sendfile from it");
	n += refused(tee(p[0], c->fd, 8, SPLICE_F_NONBLOCK), "tee to it");
	n += refused(copy_file_range(c->fd, NULL, fd, NULL, 8, 0), "copy_file_range");
	n += refused(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c->fd, 0) == MAP_FAILED ?
		     -1 : 0, "mmap");
	n += refused(lseek(c->fd, 0, SEEK_SET), "lseek");
	n += refused(pread(c->fd, buf, 8, 0), "pread");
	n += refused(pwrite(c->fd, buf, 8, 0), "pwrite");
	n += refused(fallocate(c->fd, 0, 0, 8), "fallocate");
	n += refused(ioctl(c->fd, TIOCSTI, buf), "ioctl");
	n += refused(fsync(c->fd), "fsync");
	is(n, 13, "[R1] splice, sendfile, mmap, lseek and the like fail");
	is(read(p[0], buf, sizeof(buf)), 8, "[W1] nothing was taken of what they offered");
	ok(answers(c), "[R1] nor lost of what was to be read");
	client_close(c);
	close(fd);
	close(p[0]);
	close(p[1]);
}

/* --- io_uring ----------------------------------------------------------- */

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

static void rings(void)
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

int main(void)
{
	int fd;

	hostile_begin(240);
	make_batch();
	scene_begin();
	other_calls();
	scene_goes_on("[I1] after calls that fail");
	scene_end("calls that fail");

	scene_begin();
	rings();
	scene_goes_on("[I1] after io_uring");
	scene_end("io_uring");

	scene_begin();
	faults(&writing, batch_len, false);
	faults(&writing, batch_len, true);
	faults(&reading, replies_len, false);
	faults(&reading, replies_len, true);
	flickering();
	scene_goes_on("[I1] after bad buffers");
	fd = open("/tmp/file", O_RDONLY);
	if (fd >= 0)
		close(fd);
	unlink("/tmp/file");
	scene_end("bad buffers");
	return tap_end();
}

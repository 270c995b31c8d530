// SPDX-License-Identifier: GPL-2.0
/* Buffers that are not there, or that come and go */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io.h"

/* What was there is taken and counted; EFAULT, if nothing was. */
static bool counted(ssize_t n, size_t there)
{
	return there ? n == (ssize_t)there : n == -1 && errno == EFAULT;
}

/*
 * The same of a read, but for x86: arm64 copies up to 16 bytes at a time to
 * programs, of which none count when there is no room for all of them.
 */
static bool nearly_counted(ssize_t n, size_t there)
{
	return counted(n, there) ||
	       (!is_x86() && n > 0 && (size_t)n < there && there - n < 16);
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
	if (!nearly_counted(n, at)) {
		diag("of a read that ends at %zu: %zd, %s", at, n, strerror(errno));
		return false;
	}
	/* What is behind those that count may be anything. */
	memset(in + at, 0, sizeof(in) - at);
	memcpy(in + first, edge - (at - first), at - first);
	n = n < 0 ? 0 : n;
	return read_exactly(c, in + n, replies_len - n) &&
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

void buffers(void)
{
	faults(&writing, batch_len, false);
	faults(&writing, batch_len, true);
	faults(&reading, replies_len, false);
	faults(&reading, replies_len, true);
	flickering();
}

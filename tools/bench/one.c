// SPDX-License-Identifier: GPL-2.0
/* One client, with one connection and nobody beside it */
#include <sys/uio.h>

#include "bench.h"

#define MOST	64	/* requests in flight */

unsigned int whole(unsigned int n, unsigned int depth)
{
	return (n + depth - 1) / depth * depth;
}

void read_one(struct conn *c, unsigned int n, unsigned int depth)
{
	char buf[HEADER + 64];
	struct msg m;

	(void)depth;
	while (n--) {
		put(c, buf, add_read(c, buf));
		get(c, &m);
		check_read(c, &m);
	}
}

/* Header and body in two pieces, as libxenstore has them */
void read_writev(struct conn *c, unsigned int n, unsigned int depth)
{
	char buf[HEADER + 64];
	struct iovec v[2];
	struct msg m;
	size_t len;

	(void)depth;
	while (n--) {
		len = add_read(c, buf);
		v[0] = (struct iovec){ buf, HEADER };
		v[1] = (struct iovec){ buf + HEADER, len - HEADER };
		if (writev(c->fd, v, 2) != (ssize_t)len)
			wrong();
		get(c, &m);
		check_read(c, &m);
	}
}

/* Always so many in flight and then none: a write() each, and as many reads */
void read_flight(struct conn *c, unsigned int n, unsigned int depth)
{
	char buf[HEADER + 64];
	struct msg m;
	unsigned int i;

	for (n = whole(n, depth); n; n -= depth) {
		for (i = 0; i < depth; i++)
			put(c, buf, add_read(c, buf));
		for (i = 0; i < depth; i++) {
			get(c, &m);
			check_read(c, &m);
		}
	}
}

/* The same in one write(), and what a read() brings is taken at once. */
void read_batch(struct conn *c, unsigned int n, unsigned int depth)
{
	char batch[MOST * (HEADER + 64)];
	struct msg m;
	unsigned int i;
	size_t len;

	for (n = whole(n, depth); n; n -= depth) {
		for (i = 0, len = 0; i < depth; i++)
			len += add_read(c, batch + len);
		put(c, batch, len);
		for (i = 0; i < depth; i++) {
			get_next(c, &m);
			check_read(c, &m);
		}
	}
}

/* Of a key that is watched */
void write_event(struct conn *c, unsigned int n, unsigned int depth)
{
	(void)depth;
	while (n--) {
		put_write(c);
		get_with_event(c, XS_WRITE);
	}
}

static void measure(struct conn *c, operation *operation, unsigned int depth)
{
	int64_t start;

	operation(c, WARM, depth);
	start = begin();
	operation(c, ROUNDS, depth);
	end(start, whole(ROUNDS, depth));
}

static void measure_new(const char *path, bool blocks, operation *operation,
			unsigned int depth)
{
	struct conn c;

	conn_begin(&c, path);
	c.blocks = blocks;
	measure(&c, operation, depth);
}

void one_polls(const char *path, unsigned int n)
{
	measure_new(path, false, read_one, n);
}

void one_blocks(const char *path, unsigned int n)
{
	measure_new(path, true, read_one, n);
}

void one_writev(const char *path, unsigned int n)
{
	measure_new(path, false, read_writev, n);
}

void one_flight(const char *path, unsigned int n)
{
	measure_new(path, false, read_flight, n);
}

void one_batch(const char *path, unsigned int n)
{
	measure_new(path, false, read_batch, n);
}

void one_event(const char *path, unsigned int n)
{
	struct conn c;

	conn_begin(&c, path);
	put_watch(&c);
	get_with_event(&c, XS_WATCH);
	measure(&c, write_event, n);
}

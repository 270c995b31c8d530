// SPDX-License-Identifier: GPL-2.0
/* One client's latency beside others that send all that they can */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "tap.h"

/* Requests that wait on each of its opens, of one that has many */
#define EACH		32
#define MOST_OPENS	100

/* A stock open takes any number of requests; after so many it is a flood. */
#define FLOOD		1000

static void now_it_floods(int told)
{
	if (write(told, "", 1) != 1)
		wrong();
}

/* Reads what comes only if it must so as to write. */
static void take_some(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	char sink[4096];

	if (read(fd, sink, sizeof(sink)) < 0)
		poll(&p, 1, -1);
}

static void flood_by_one(const char *path, int told)
{
	char buf[HEADER + 64];
	size_t len, at = 0;
	unsigned int i;
	struct conn c;
	ssize_t n;

	conn_begin(&c, path);
	len = add_read(&c, buf);
	fcntl(c.fd, F_SETFL, O_NONBLOCK);
	for (i = 0;; i++) {
		n = write(c.fd, buf + at, len - at);
		if (n > 0)
			at = (at + n) % len;
		else if (errno == EAGAIN)
			take_some(c.fd);
		else
			wrong();
		if (i == FLOOD)
			now_it_floods(told);
	}
}

/*
 * It takes an answer of each in turn: to poll all of them would cost more than they
 * do.
 */
static void flood_by_many(const char *path, unsigned int opens, int told)
{
	static struct conn c[MOST_OPENS];
	char buf[HEADER + 64];
	unsigned int i;
	struct msg m;

	for (i = 0; i < opens; i++) {
		conn_begin(&c[i], path);
		c[i].blocks = true;
	}
	for (i = 0; i < opens * EACH; i++)
		put(&c[i % opens], buf, add_read(&c[i % opens], buf));
	now_it_floods(told);
	for (i = 0;; i = (i + 1) % opens) {
		get(&c[i], &m);
		put(&c[i], buf, add_read(&c[i], buf));
	}
}

/* Returns when they flood. */
static void begin_floods(const char *path, unsigned int flooders, unsigned int opens)
{
	int told[2];
	char c;

	if (pipe(told))
		bail("no pipe");
	end_with_child();
	while (flooders--) {
		if (!fork()) {
			if (opens > 1)
				flood_by_many(path, opens, told[1]);
			else
				flood_by_one(path, told[1]);
		}
		if (read(told[0], &c, 1) != 1)
			none();
	}
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void measure(const char *path, unsigned int flooders, unsigned int opens)
{
	int64_t each[ROUNDS], start;
	struct conn c;
	int i;

	conn_begin(&c, path);
	begin_floods(path, flooders, opens);
	read_one(&c, WARM / 6, 1);
	begin();
	for (i = 0; i < ROUNDS; i++) {
		start = now();
		read_one(&c, 1, 1);
		each[i] = now() - start;
	}
	qsort(each, ROUNDS, sizeof(each[0]), by_value);
	end_latency(each[ROUNDS / 2], each[ROUNDS * 99 / 100], ROUNDS);
}

void beside_flooders(const char *path, unsigned int n)
{
	measure(path, n, 1);
}

/* One, through so many opens */
void beside_opens(const char *path, unsigned int n)
{
	measure(path, 1, n);
}

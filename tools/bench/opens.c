// SPDX-License-Identifier: GPL-2.0
/* Very many connections, of which few do something at a time */
#include <stdlib.h>

#include "bench.h"
#include "client.h"
#include "tap.h"

#define MOST_SEEING	100

/* Beside n - 1 that do nothing */
void among_opens(const char *path, unsigned int n)
{
	struct conn c;
	int64_t start;
	unsigned int i;

	for (i = 1; i < n; i++)
		if (connect_to(path) < 0)
			none();
	conn_begin(&c, path);
	read_one(&c, WARM / 6, 1);
	start = begin();
	read_one(&c, ROUNDS, 1);
	end(start, ROUNDS);
}

/* With what the server has to do for it, which it has done when it answers another */
static void open_and_close(struct conn *other, const char *path, unsigned int n)
{
	struct conn c;

	while (n--) {
		conn_begin(&c, path);
		conn_end(&c);
	}
	read_one(other, 1, 1);
}

void open_close(const char *path, unsigned int n)
{
	struct conn other;
	int64_t start;

	(void)n;
	conn_begin(&other, path);
	open_and_close(&other, path, WARM);
	start = begin();
	open_and_close(&other, path, ROUNDS);
	end(start, ROUNDS);
}

/* Each connection of one process has a watch of the same key. */
static void write_seen(struct conn *writer, struct conn *see, unsigned int n,
		       unsigned int rounds)
{
	unsigned int i;
	struct msg m;

	while (rounds--) {
		put_write(writer);
		get(writer, &m);
		if (m.hdr.type != XS_WRITE || m.hdr.req_id != ++writer->answered)
			wrong();
		for (i = 0; i < n; i++) {
			get_next(&see[i], &m);
			check_event(&m);
		}
	}
}

void events_seen(const char *path, unsigned int n)
{
	static struct conn see[MOST_SEEING];
	unsigned int i, rounds = n > 10 ? ROUNDS / 4 : ROUNDS;
	struct conn writer;
	int64_t start;

	conn_begin(&writer, path);
	for (i = 0; i < n; i++) {
		conn_begin(&see[i], path);
		put_watch(&see[i]);
		get_with_event(&see[i], XS_WATCH);
	}
	write_seen(&writer, see, n, WARM / 6);
	start = begin();
	write_seen(&writer, see, n, rounds);
	end(start, rounds);
}

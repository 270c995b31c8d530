// SPDX-License-Identifier: GPL-2.0
/*
 * Replies that nobody reads. What finds no room for its reply is not sent until
 * others were read; but whoever reads from an open gets on, whichever it is.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "accounts.h"

#define OPENS		20
#define READS		4
/* As little as makes a reply take the most memory */
#define LARGE		ROOT "/l"
#define LARGE_SIZE	4076
/* Of an open, beside that: itself, its requests, and one reply */
#define OPEN_BYTES	(1024 + READS * 256L + 8192 + 256)

struct reader {
	struct client *c;
	unsigned int answered;
};

static struct reader readers[OPENS];

static void write_large(void)
{
	struct client *c = client_open(socket_path());
	char value[LARGE_SIZE + 1];

	memset(value, 'x', LARGE_SIZE);
	value[LARGE_SIZE] = '\0';
	if (call_write(c, 0, LARGE, value))
		bail("no large node");
	client_close(c);
}

static bool write_reads(struct client *c)
{
	char buf[READS * (HEADER + sizeof(LARGE))];
	size_t len = 0;
	int i;

	for (i = 0; i < READS; i++)
		len += msg_string(buf + len, XS_READ, i, 0, LARGE);
	return write(c->fd, buf, len) == (ssize_t)len;
}

static int all_write(void)
{
	int i, good = 0;

	memset(readers, 0, sizeof(readers));
	for (i = 0; i < OPENS; i++) {
		readers[i].c = client_new();
		good += write_reads(readers[i].c);
	}
	return good;
}

static void all_close(void)
{
	int i;

	for (i = 0; i < OPENS; i++)
		client_close(readers[i].c);
}

/* Its next replies, while nobody reads another open's */
static bool read_some(struct reader *r, unsigned int n)
{
	static struct msg m;

	for (; n; n--, r->answered++)
		if (client_recv(r->c, &m, PATIENCE_MS) || m.hdr.type != XS_READ ||
		    m.hdr.req_id != r->answered || m.hdr.len != LARGE_SIZE)
			return false;
	return true;
}

/* From the first to the last, or back; so many replies of each at a time */
struct order {
	const char *name;
	bool back;
	int at_a_time;
};

static int read_all(const struct order *o)
{
	int i, n, done, good = 0;

	for (done = 0; done < READS; done += o->at_a_time)
		for (i = 0; i < OPENS; i++) {
			n = o->back ? OPENS - 1 - i : i;
			if (!read_some(&readers[n], o->at_a_time)) {
				diag("open %d gets %u replies", n, readers[n].answered);
				return good;
			}
			good += o->at_a_time;
		}
	return good;
}

/* Until all are answered that will be without a reader; the memory they take */
static long settled(long before)
{
	long end = now_ms() + 2 * PATIENCE_MS;
	int i, idle = 0;

	while (idle < 3 && now_ms() < end) {
		sleep_ms(150);
		for (i = 0; i < OPENS; i++)
			if (held(getpid(), readers[i].c->fd, "requests-in-flight"))
				break;
		idle = i < OPENS ? 0 : idle + 1;
	}
	return slab_bytes_at_rest(OUR_SLABS) - before;
}

static void one_order(const struct order *o)
{
	long before = slab_bytes_at_rest(OUR_SLABS), bytes, began;

	is(all_write(), OPENS, "[W4] %d opens ask for %d large replies each", OPENS, READS);
	bytes = settled(before);
	diag("those that came take %ld KiB", bytes / 1024);
	ok(bytes > CLIENT_BYTES / 4 * 3, "[I3] there are as many as may be");
	if (slabs_are_padded())
		skip("a debug kernel's objects are larger", "[I3] no more");
	else
		ok(bytes < CLIENT_BYTES + OPENS * OPEN_BYTES, "[I3] no more");
	scene_goes_on("[I1, I3] beside a client that does not read");
	began = now_ms();
	is(read_all(o), OPENS * READS, "[I3, W3] then %s, all come", o->name);
	diag("read in %ld ms", now_ms() - began);
	all_close();
}

void unread(void)
{
	static const struct order orders[] = {
		{ "read from the first to the last", false, READS },
		{ "read from the last to the first", true, READS },
		{ "read by turns", true, 1 },
	};
	unsigned int i;

	write_large();
	scene_begin();
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		one_order(&orders[i]);
	scene_end("replies that nobody reads");
}

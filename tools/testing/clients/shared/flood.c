// SPDX-License-Identifier: GPL-2.0
/*
 * More requests than an open may have, by a thread that only writes. Where input and
 * output do not wait, nobody reads until a write had EAGAIN.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "job.h"
#include "shared.h"
#include "tap.h"
#include "target.h"

#define REQUESTS	3000
#define KEYS		7
/* So long that few replies have room: the bound is that of requests. */
#define LENGTH		1000

struct flood {
	struct mux *m;
	struct ask asks[REQUESTS];
	int sent;
};

static void path_of(char *path, size_t size, int i)
{
	snprintf(path, size, ROOT "/flood/%d", i % KEYS);
}

static void value_of(char *value, int i)
{
	memset(value, 'a' + i % KEYS, LENGTH);
	value[LENGTH] = '\0';
}

static void prepare(struct mux *m)
{
	char path[64], value[LENGTH + 1];
	int i, good = 0;

	for (i = 0; i < KEYS; i++) {
		path_of(path, sizeof(path), i);
		value_of(value, i);
		good += !mux_write(m, 0, path, value);
	}
	is(good, KEYS, "[W3] before a flood: %d keys", KEYS);
}

static void write_all_requests(void *arg)
{
	struct flood *f = arg;
	char path[64];

	for (f->sent = 0; f->sent < REQUESTS; f->sent++) {
		path_of(path, sizeof(path), f->sent);
		if (mux_send(f->m, &f->asks[f->sent], XS_READ, 0, path,
			     strlen(path) + 1))
			break;
	}
	mux_release(f->m); /* one that never was full */
}

/* How many replies are right, up to the first that does not come */
static int right_replies(struct flood *f)
{
	char value[LENGTH + 1];
	int i, err, right = 0;

	for (i = 0; i < f->sent; i++) {
		err = mux_wait(f->m, &f->asks[i], DEADLINE_MS);
		value_of(value, i);
		if (!err && !strcmp(f->asks[i].reply->body, value))
			right++;
		else if (err || i == right)
			diag("reply %d: %s", i, err ? strerror(abs(err)) :
			     f->asks[i].reply->body);
		if (err)
			break;
	}
	return right;
}

/* All are written, and where there is a bound and nobody read, it was met. */
static void all_written(const struct mux_io *io, const struct flood *f)
{
	bool bound = (io->flags & O_NONBLOCK) && !is_socket() && !is_stock();

	if (!ok(f->sent == REQUESTS && (!bound || f->m->full),
		"[W4] a flood: all are written"))
		diag("%d are, EAGAIN %u times", f->sent, f->m->full);
}

void flood(const struct mux_io *io)
{
	struct flood *f = calloc(1, sizeof(*f));
	static struct job job;

	prepare(mux_open(io, false));
	f->m = mux_open(io, io->flags & O_NONBLOCK);
	if (!job_start(&job, write_all_requests, f))
		bail("no thread");
	if (!job_done(&job, 3 * PATIENCE_MS))
		bail("the writer of a flood hangs");
	all_written(io, f);
	is(right_replies(f), REQUESTS, "[W3] and each has its own reply");
	is(f->m->strange, 0, "[W3] none that nobody asked for");
	is(f->m->overtaken, 0, "[W3] none before one that was asked for earlier");
}

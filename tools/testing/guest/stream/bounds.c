// SPDX-License-Identifier: GPL-2.0
/* A writer that nobody reads for comes to an end: W4 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

/*
 * Backpressure: READs of a large value whose replies nobody reads. The path is as
 * long as either server takes it, or 256 KiB of requests would be very many.
 */
#define FLOOD_MAX	3000
#define PATH_LEN	900
/* There is no more room when none came for so long: servers are slow now and then */
#define FULL_MS		(1500 * slow())
static char big_path[PATH_LEN + 1] = ROOT "/";

struct flood {
	struct client *c;
	char req[HEADER + PATH_LEN + 1];
	size_t len;
	size_t sent;		/* bytes */
};

static void flood_init(struct flood *f)
{
	static char value[1001];
	struct client *c = client_open(socket_path());

	memset(value, 'v', sizeof(value) - 1);
	memset(big_path + strlen(ROOT "/"), 'p', PATH_LEN - strlen(ROOT "/"));
	call_write(c, 0, big_path, value);
	client_close(c);
	f->c = client_new();
	f->len = msg_string(f->req, XS_READ, 5, 0, big_path);
	f->sent = 0;
}

/* Write until nothing more fits and stays so; false if there is no end. */
static bool flood(struct flood *f)
{
	ssize_t n;

	while (f->sent < FLOOD_MAX * f->len) {
		size_t at = f->sent % f->len;

		n = write(f->c->fd, f->req + at, f->len - at);
		if (n > 0) {
			f->sent += n;
			continue;
		}
		if (n == 0 || errno != EAGAIN) {
			diag("write: %zd, errno %d", n, errno);
			return false;
		}
		if (!(poll_for(f->c->fd, POLLOUT, FULL_MS) & POLLOUT))
			return true;
	}
	diag("no end after %d requests", FLOOD_MAX);
	return false;
}

static unsigned long count_replies(struct client *c, unsigned long want)
{
	static struct msg m;
	unsigned long n = 0;

	while (n < want && !client_reply(c, &m) && m.hdr.type == XS_READ &&
	       m.hdr.req_id == 5 && m.hdr.len == 1000)
		n++;
	return n;
}

static void backpressure(void)
{
	struct flood f;
	unsigned long whole;
	ssize_t n;
	size_t at;

	flood_init(&f);
	if (!ok(flood(&f), "[W4] a writer that never reads comes to an end"))
		goto out;
	n = write(f.c->fd, f.req + f.sent % f.len, 1);
	ok(n == -1 && errno == EAGAIN, "[W4] there poll says no POLLOUT and a write EAGAIN");
	whole = f.sent / f.len;
	at = f.sent % f.len;
	diag("%lu requests were taken", whole);
	is(count_replies(f.c, whole - 1), whole - 1, "[W4] no reply is lost");
	ok(poll_for(f.c->fd, POLLOUT, DEADLINE_MS) & POLLOUT,
	   "[W4] POLLOUT comes back when replies are read");
	if (at) {
		client_raw(f.c, f.req + at, f.len - at);
		whole++;
	}
	is(count_replies(f.c, 1 + (at != 0)), 1 + (at != 0),
	   "[W4] nor the last ones");
	ok(client_quiet(f.c), "[W4] and there is none too many");
out:
	client_close(f.c);
}

static void blocking_writer(void)
{
	struct flood f;
	struct transfer t;
	struct job job;
	unsigned long whole;

	flood_init(&f);
	if (!flood(&f)) {
		skip("no bound", "[W4] a blocking writer at the bound");
		goto out;
	}
	client_block(f.c, true);
	t = (struct transfer){ .fd = f.c->fd, .buf = f.req + f.sent % f.len,
			       .len = f.len - f.sent % f.len };
	job_start(&job, transfer_write, &t);
	transfer_interrupted(&job, "[W4] a blocking writer at the bound");
	if (t.n > 0)
		f.sent += t.n;
	whole = f.sent / f.len;
	t.buf = f.req + f.sent % f.len;
	t.len = f.len - f.sent % f.len;
	job_start(&job, transfer_write, &t);
	is(count_replies(f.c, whole + 1), whole + 1, "[W4] it goes on when another thread reads");
	ok(job_join(&job, DEADLINE_MS) && t.n == (ssize_t)t.len,
	   "[W4] and its write took all");
	client_block(f.c, false);
	ok(client_quiet(f.c), "[W4] the interrupted write sent nothing");
out:
	client_close(f.c);
}

static bool no_room(struct client *c)
{
	long end = now_ms() + DEADLINE_MS;

	while (poll_now(c->fd, POLLOUT) && now_ms() < end)
		sleep_ms(10);
	return !poll_now(c->fd, POLLOUT);
}

/* He has completed what he had begun, and waits for room for more. */
static void waits_with_more(void)
{
	static char more[1000 * (HEADER + PATH_LEN + 1)];
	struct transfer t;
	struct flood f;
	struct job job;
	size_t i;

	flood_init(&f);
	ok(write(f.c->fd, f.req, HEADER) == HEADER, "[W1] a message is begun");
	client_block(f.c, true);
	for (i = 0; i + f.len <= sizeof(more); i += f.len)
		memcpy(more + i, f.req, f.len);
	t = (struct transfer){ .fd = f.c->fd, .buf = more + HEADER, .len = i - HEADER };
	job_start(&job, transfer_write, &t);
	ok(no_room(f.c), "[R3] its writer waits with more: poll says no POLLOUT");
	job_interrupt(&job);
	ok(job_join(&job, DEADLINE_MS) && t.n > 0, "[W4] a signal ends that");
	client_close(f.c);
}

void bounds(void)
{
	if (is_socket()) {
		skip("a socket has bounds of its own", "[W4] backpressure");
		return;
	}
	backpressure();
	blocking_writer();
	if (is_stock())
		skip("no bound", "[R3] a writer waits with more");
	else
		waits_with_more();
}

// SPDX-License-Identifier: GPL-2.0
/* What a client does: its system calls */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "fault.h"

/* More than any system call here has */
#define FAULTS_MAX	200

/* One act, and what was sent before and is sent after it */
struct act {
	const char *name;
	void (*before)(struct client *c);
	long (*act)(struct client *c);	/* as a system call */
	/* After it; true if all is well. Was there a fault? */
	bool (*after)(struct client *c, long ret, int err, bool fired);
};

static int opened;

static void nothing(struct client *c)
{
	(void)c;
}

static void write_before(struct client *c)
{
	char body[PAYLOAD_MAX];
	size_t len;

	(void)c;
	memset(body, 'n', sizeof(body));
	len = sizeof(LARGE);
	memcpy(body, LARGE, len);
	prepare(XS_WRITE, 0, body, len + LARGE_SIZE);
}

static void watch_before(struct client *c)
{
	(void)c;
	prepare(XS_WATCH, 0, WATCHED "\0t", sizeof(WATCHED "\0t"));
}

static void unwatch_before(struct client *c)
{
	watch(c, XS_WATCH);
	prepare(XS_UNWATCH, 0, WATCHED "\0t", sizeof(WATCHED "\0t"));
}

static void end_before(struct client *c)
{
	start_tx(c);
	prepare(XS_TRANSACTION_END, tx, "T", 2);
}

/* The reply is an OK, or tells of the fault. */
static bool told(int err, bool fired)
{
	if (!err || (fired && err == ENOMEM))
		return true;
	diag("answered with %d", err);
	return false;
}

static bool read_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err);

	return told(answer, fired) && (answer || reply.hdr.len == LARGE_SIZE);
}

static bool write_after(struct client *c, long ret, int err, bool fired)
{
	return told(finish(c, ret, err), fired);
}

static bool watch_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err), undone;

	undone = watch(c, XS_UNWATCH);
	if (undone != (answer ? ENOENT : 0))
		diag("WATCH was answered with %d, UNWATCH with %d", answer, undone);
	return told(answer, fired) && undone == (answer ? ENOENT : 0);
}

static bool unwatch_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err), again;

	again = watch(c, XS_UNWATCH);
	if (again != (answer ? 0 : ENOENT))
		diag("UNWATCH was answered with %d, then with %d", answer, again);
	return told(answer, fired) && again == (answer ? 0 : ENOENT);
}

static bool start_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err);

	tx = strtoul(reply.body, NULL, 10);
	return told(answer, fired) && (answer || !end_tx(c));
}

static bool end_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err), again = end_tx(c);

	if (again != (answer ? 0 : ENOENT))
		diag("END was answered with %d, then with %d", answer, again);
	return told(answer, fired) && again == (answer ? 0 : ENOENT);
}

static void reply_before(struct client *c)
{
	read_before(c);
	if (write(c->fd, request, request_len) < 0)
		diag("write: %s", strerror(errno));
	poll_for(c->fd, POLLIN, PATIENCE_MS);
}

static long read_it(struct client *c)
{
	return read(c->fd, c->in, sizeof(c->in));
}

static bool reply_after(struct client *c, long ret, int err, bool fired)
{
	if (ret < 0 && !(fired && clean(err)))
		return false;
	c->have = ret > 0 ? ret : 0;
	return !reply_to(c, 77, &reply) && reply.hdr.len == LARGE_SIZE;
}

static long open_it(struct client *c)
{
	(void)c;
	opened = open(file_path(), O_RDWR);
	return opened;
}

static bool open_after(struct client *c, long ret, int err, bool fired)
{
	(void)c;
	if (opened >= 0)
		close(opened);
	return ret >= 0 || (fired && clean(err));
}

static long poll_it(struct client *c)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN | POLLOUT };

	return poll(&pfd, 1, 0);
}

static long epoll_it(struct client *c)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC), err;
	long ret = fd < 0 ? -1 : epoll_ctl(fd, EPOLL_CTL_ADD, c->fd, &event);

	err = errno;
	if (fd >= 0)
		close(fd);
	errno = err;
	return ret;
}

static bool call_after(struct client *c, long ret, int err, bool fired)
{
	(void)c;
	return ret >= 0 || (fired && clean(err));
}

/* With all that an open can have: see what is left when the scene ends. */
static void close_before(struct client *c)
{
	watch(c, XS_WATCH);
	start_tx(c);
	read_before(c);
	if (write(c->fd, request, request_len) < 0)
		diag("write: %s", strerror(errno));
	opened = dup(c->fd);
	close(c->fd);
}

static long close_it(struct client *c)
{
	(void)c;
	return close(opened);
}

static bool close_after(struct client *c, long ret, int err, bool fired)
{
	(void)ret;
	(void)err;
	(void)fired;
	/* For the close that follows */
	c->fd = open("/dev/null", O_RDWR);
	return c->fd >= 0;
}

static const struct act acts[] = {
	{ "open", nothing, open_it, open_after },
	{ "write of a READ", read_before, send_it, read_after },
	{ "write of a WRITE", write_before, send_it, write_after },
	{ "write of a WATCH", watch_before, send_it, watch_after },
	{ "write of an UNWATCH", unwatch_before, send_it, unwatch_after },
	{ "write of a START", start_before, send_it, start_after },
	{ "write of an END", end_before, send_it, end_after },
	{ "read", reply_before, read_it, reply_after },
	{ "poll", nothing, poll_it, call_after },
	{ "epoll_ctl", nothing, epoll_it, call_after },
	{ "close", close_before, close_it, close_after },
};

static void act_faults(const struct act *a, int nth)
{
	unsigned int n, bad = 0;
	struct client *c;
	bool fired;
	long ret;
	int err;

	for (n = 1; n < FAULTS_MAX; n++) {
		c = client_new();
		a->before(c);
		arm(nth, n);
		ret = a->act(c);
		err = errno;
		fired = disarm(nth);
		if (!a->after(c, ret, err, fired)) {
			diag("fault %u: %s returned %ld", n, a->name, ret);
			bad++;
		}
		client_close(c);
		if (!fired)
			break;
	}
	is(bad, 0, "[W8, R2] %s: each of %u faults is told, and harms nothing",
	   a->name, n - 1);
	if (n == FAULTS_MAX)
		ok(false, "[I3] %s has an end", a->name);
}

void client_faults(int nth)
{
	unsigned int i;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		act_faults(&acts[i], nth);
}

// SPDX-License-Identifier: GPL-2.0
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "client.h"

void wrong(void)
{
	_exit(WRONG);
}

void none(void)
{
	_exit(NONE);
}

static void child_ended(int sig)
{
	int status;

	(void)sig;
	if (wait(&status) > 0)
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : NONE);
}

void end_with_child(void)
{
	signal(SIGCHLD, child_ended);
}

int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void conn_begin(struct conn *c, const char *path)
{
	memset(c, 0, offsetof(struct conn, in));
	c->fd = connect_to(path);
	if (c->fd < 0)
		none();
}

void conn_end(struct conn *c)
{
	close(c->fd);
}

/* --- Sending ------------------------------------------------------------ */

void put(struct conn *c, const void *buf, size_t len)
{
	if (write(c->fd, buf, len) != (ssize_t)len)
		wrong();
}

size_t add_read(struct conn *c, void *buf)
{
	return msg_string(buf, XS_READ, ++c->sent, 0, KEY);
}

void put_write(struct conn *c)
{
	char buf[HEADER + 64];

	put(c, buf, msg_write_req(buf, ++c->sent, 0, KEY, VALUE));
}

void put_watch(struct conn *c)
{
	static const char body[] = KEY "\0" TOKEN;
	char buf[HEADER + sizeof(body)];

	put(c, buf, msg_build(buf, XS_WATCH, ++c->sent, 0, body, sizeof(body)));
}

/* --- Receiving ---------------------------------------------------------- */

/* To ask what time it is would cost as much as some of what is measured. */
static size_t get_some(struct conn *c, void *buf, size_t len)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;

	if (!c->blocks && poll(&p, 1, LIMIT_MS) != 1)
		none();
	n = read(c->fd, buf, len);
	if (n <= 0)
		wrong();
	return n;
}

static void get_all(struct conn *c, void *buf, size_t len)
{
	size_t n;

	for (; len; len -= n) {
		n = get_some(c, buf, len);
		buf = (char *)buf + n;
	}
}

void get(struct conn *c, struct msg *m)
{
	get_all(c, &m->hdr, HEADER);
	if (m->hdr.len > PAYLOAD_MAX)
		wrong();
	get_all(c, m->body, m->hdr.len);
}

static void get_next_piece(struct conn *c, void *buf, size_t len)
{
	while (c->have - c->at < len) {
		memmove(c->in, c->in + c->at, c->have - c->at);
		c->have -= c->at;
		c->at = 0;
		c->have += get_some(c, c->in + c->have, sizeof(c->in) - c->have);
	}
	memcpy(buf, c->in + c->at, len);
	c->at += len;
}

void get_next(struct conn *c, struct msg *m)
{
	get_next_piece(c, &m->hdr, HEADER);
	if (m->hdr.len > PAYLOAD_MAX)
		wrong();
	get_next_piece(c, m->body, m->hdr.len);
}

/* --- What came ---------------------------------------------------------- */

void check_read(struct conn *c, const struct msg *m)
{
	if (m->hdr.type != XS_READ || m->hdr.req_id != ++c->answered ||
	    m->hdr.len != strlen(VALUE) || memcmp(m->body, VALUE, strlen(VALUE)))
		wrong();
}

void check_event(const struct msg *m)
{
	static const char want[] = KEY "\0" TOKEN;

	if (m->hdr.type != XS_WATCH_EVENT || m->hdr.len != sizeof(want) ||
	    memcmp(m->body, want, sizeof(want)))
		wrong();
}

void get_with_event(struct conn *c, uint32_t type)
{
	unsigned int i, answers = 0, events = 0;
	struct msg m;

	for (i = 0; i < 2; i++) {
		get(c, &m);
		if (m.hdr.type == XS_WATCH_EVENT) {
			check_event(&m);
			events++;
		} else if (m.hdr.type == type && m.hdr.req_id == ++c->answered) {
			answers++;
		}
	}
	if (answers != 1 || events != 1)
		wrong();
}

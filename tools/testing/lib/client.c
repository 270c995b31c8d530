// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "tap.h"
#include "target.h"

static int open_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

int connect_to(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -1;
	if (S_ISSOCK(st.st_mode))
		return open_socket(path);
	return open(path, O_RDWR | O_CLOEXEC);
}

struct client *client_open(const char *path)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		bail("no memory");
	c->next_id = 1000;
	c->fd = connect_to(path);
	if (c->fd < 0)
		bail("cannot open %s: %s", path, strerror(errno));
	client_block(c, false);
	return c;
}

struct client *client_new(void)
{
	return client_open(file_path());
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->events);
	free(c);
}

void client_block(struct client *c, bool block)
{
	int flags = fcntl(c->fd, F_GETFL);

	flags = block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	fcntl(c->fd, F_SETFL, flags);
}

int client_raw(struct client *c, const void *buf, size_t len)
{
	long end = now_ms() + DEADLINE_MS;
	ssize_t n;

	while (len) {
		n = write(c->fd, buf, len);
		if (n > 0) {
			buf = (const char *)buf + n;
			len -= n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (now_ms() > end)
			return -ETIMEDOUT;
		poll_for(c->fd, POLLOUT, 50);
	}
	return 0;
}

uint32_t client_send(struct client *c, uint32_t type, uint32_t tx_id,
		     const void *body, size_t len)
{
	char buf[HEADER + PAYLOAD_MAX];
	uint32_t id = ++c->next_id;
	int err;

	err = client_raw(c, buf, msg_build(buf, type, id, tx_id, body, len));
	if (!err)
		return id;
	errno = -err;
	return 0;
}

static size_t first_len(const struct client *c)
{
	struct xsd_sockmsg hdr;

	if (c->have < HEADER)
		return HEADER;
	memcpy(&hdr, c->in, HEADER);
	if (hdr.len > PAYLOAD_MAX) {
		diag("impossible length %u in a reply", hdr.len);
		return HEADER;
	}
	return HEADER + hdr.len;
}

static void take_first(struct client *c, struct msg *m)
{
	size_t len = first_len(c);

	memset(m, 0, HEADER);
	memcpy(m, c->in, len);
	m->body[len - HEADER] = '\0';
	c->have -= len;
	memmove(c->in, c->in + len, c->have);
}

/* Read what is there, waiting for it until the deadline. */
static int fill(struct client *c, long end)
{
	long left = end - now_ms();
	ssize_t n;

	if (!poll_for(c->fd, POLLIN, left > 0 ? left : 0))
		return -ETIMEDOUT;
	n = read(c->fd, c->in + c->have, sizeof(c->in) - c->have);
	if (n > 0) {
		c->have += n;
		return 0;
	}
	if (n == 0)
		return -EPIPE;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int client_recv(struct client *c, struct msg *m, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	int err;

	while (c->have < HEADER || c->have < first_len(c)) {
		err = fill(c, end);
		if (err)
			return err;
	}
	take_first(c, m);
	return 0;
}

int client_reply(struct client *c, struct msg *m)
{
	int err;

	for (;;) {
		err = client_recv(c, m, DEADLINE_MS);
		if (err || m->hdr.type != XS_WATCH_EVENT)
			return err;
		msgs_add(&c->events, &c->nr_events, m);
	}
}

int client_event(struct client *c, struct msg *m, int timeout_ms)
{
	int err;

	if (c->nr_events) {
		*m = c->events[0];
		c->nr_events--;
		memmove(c->events, c->events + 1, c->nr_events * sizeof(*m));
		return 0;
	}
	err = client_recv(c, m, timeout_ms);
	if (!err && m->hdr.type != XS_WATCH_EVENT)
		return -EPROTO;
	return err;
}

bool client_quiet(struct client *c)
{
	static struct msg m;

	if (c->nr_events || client_recv(c, &m, QUIET_MS) == 0)
		return false;
	return true;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "mux.h"
#include "io.h"
#include "tap.h"
#include "target.h"

/* Wait with the lock held until something changed; false at the deadline. */
static bool wait_change(struct mux *m, long end)
{
	struct timespec ts = { .tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000 };

	return pthread_cond_timedwait(&m->changed, &m->lock, &ts) != ETIMEDOUT;
}

static bool read_all(struct mux *m, void *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = m->io->read(m, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf = (char *)buf + n;
		len -= n;
	}
	return true;
}

static int write_all(struct mux *m, const void *buf, size_t len)
{
	ssize_t n;

	while (len) {
		n = m->io->write(m, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EPIPE;
		buf = (const char *)buf + n;
		len -= n;
	}
	return 0;
}

static void take_reply(struct mux *m, struct msg *msg)
{
	struct ask **at = &m->asked, *ask;

	while (*at && (*at)->id != msg->hdr.req_id)
		at = &(*at)->next;
	ask = *at;
	if (!ask) {
		m->strange++;
		free(msg);
		return;
	}
	if (at != &m->asked)
		m->overtaken++;
	*at = ask->next;
	if (!*at)
		m->last = at;
	ask->reply = msg;
}

static bool read_message(struct mux *m)
{
	struct msg *msg = calloc(1, sizeof(*msg));

	if (!msg)
		bail("no memory");
	if (!read_all(m, &msg->hdr, HEADER) || msg->hdr.len > PAYLOAD_MAX ||
	    !read_all(m, msg->body, msg->hdr.len)) {
		free(msg);
		return false;
	}
	pthread_mutex_lock(&m->lock);
	if (msg->hdr.type == XS_WATCH_EVENT) {
		msgs_add(&m->events, &m->nr_events, msg);
		free(msg);
	} else {
		take_reply(m, msg);
	}
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return true;
}

static void *reader(void *arg)
{
	struct mux *m = arg;

	pthread_mutex_lock(&m->lock);
	while (m->held)
		pthread_cond_wait(&m->changed, &m->lock);
	pthread_mutex_unlock(&m->lock);
	while (read_message(m))
		;
	pthread_mutex_lock(&m->lock);
	m->dead = true;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

struct mux *mux_open(const struct mux_io *io, bool held)
{
	struct mux *m = calloc(1, sizeof(*m));
	pthread_condattr_t monotonic;
	pthread_t thread;

	if (!m)
		bail("no memory");
	m->io = io;
	m->held = held;
	m->last = &m->asked;
	pthread_mutex_init(&m->sending, NULL);
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&m->changed, &monotonic);
	m->fd = connect_to(file_path());
	if (m->fd < 0)
		bail("cannot open %s: %s", file_path(), strerror(errno));
	fcntl(m->fd, F_SETFL, fcntl(m->fd, F_GETFL) | io->flags);
	if ((io->flags & O_NONBLOCK) && !io_poll(m))
		bail("epoll does not take %s: %s", file_path(), strerror(errno));
	if (pthread_create(&thread, NULL, reader, m))
		bail("no thread");
	pthread_detach(thread);
	return m;
}

void mux_release(struct mux *m)
{
	pthread_mutex_lock(&m->lock);
	m->held = false;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

int mux_send(struct mux *m, struct ask *ask, uint32_t type, uint32_t tx_id,
	     const void *body, size_t len)
{
	char buf[HEADER + PAYLOAD_MAX];
	int err;

	pthread_mutex_lock(&m->sending);
	memset(ask, 0, sizeof(*ask));
	ask->id = ++m->next_id;
	ask->type = type;
	/* Before it is written: its reply may be there before write() returns. */
	pthread_mutex_lock(&m->lock);
	*m->last = ask;
	m->last = &ask->next;
	pthread_mutex_unlock(&m->lock);
	err = write_all(m, buf, msg_build(buf, type, ask->id, tx_id, body, len));
	pthread_mutex_unlock(&m->sending);
	return err;
}

/* Nobody waits for it any more. */
static void forget(struct mux *m, const struct ask *ask)
{
	struct ask **at = &m->asked;

	while (*at && *at != ask)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = ask->next;
	if (!*at)
		m->last = at;
}

int mux_wait(struct mux *m, struct ask *ask, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	int err = 0;

	pthread_mutex_lock(&m->lock);
	while (!ask->reply && !m->dead && wait_change(m, end))
		;
	if (!ask->reply) {
		err = m->dead ? -EPIPE : -ETIMEDOUT;
		forget(m, ask);
	}
	pthread_mutex_unlock(&m->lock);
	if (err)
		return err;
	if (ask->reply->hdr.type != XS_ERROR && ask->reply->hdr.type != ask->type)
		return -EPROTO;
	return msg_error(ask->reply);
}

int mux_call(struct mux *m, uint32_t type, uint32_t tx_id, const void *body,
	     size_t len, struct msg **reply)
{
	struct ask ask;
	int err = mux_send(m, &ask, type, tx_id, body, len);

	/* A library goes on waiting, whatever write() said: here it is told. */
	if (err) {
		pthread_mutex_lock(&m->lock);
		forget(m, &ask);
		pthread_mutex_unlock(&m->lock);
	} else {
		err = mux_wait(m, &ask, DEADLINE_MS);
	}
	if (reply)
		*reply = ask.reply;
	else
		free(ask.reply);
	return err;
}

bool mux_event(struct mux *m, struct msg *event, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	bool have;

	pthread_mutex_lock(&m->lock);
	while (m->taken == m->nr_events && !m->dead && wait_change(m, end))
		;
	have = m->taken < m->nr_events;
	if (have)
		*event = m->events[m->taken++];
	pthread_mutex_unlock(&m->lock);
	return have;
}

int mux_read(struct mux *m, const char *path, struct msg **reply)
{
	return mux_call(m, XS_READ, 0, path, strlen(path) + 1, reply);
}

int mux_write(struct mux *m, uint32_t tx_id, const char *path, const char *value)
{
	char body[PAYLOAD_MAX];

	return mux_call(m, XS_WRITE, tx_id, body, pair(body, path, value), NULL);
}

int mux_watch(struct mux *m, uint32_t type, const char *path, const char *token)
{
	char body[PAYLOAD_MAX];
	size_t len = pair(body, path, token);

	body[len++] = '\0';
	return mux_call(m, type, 0, body, len, NULL);
}

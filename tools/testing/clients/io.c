// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mux.h"
#include "io.h"

struct poller {
	struct mux *m;
	int set;
};

/* Both are registered once, and for good: who waits for an edge misses none. */
static void *poller(void *arg)
{
	struct poller *p = arg;
	struct epoll_event event;
	int n;

	for (;;) {
		n = epoll_wait(p->set, &event, 1, -1);
		if (n < 0 && errno != EINTR)
			return NULL;
		if (n < 1)
			continue;
		pthread_mutex_lock(&p->m->lock);
		if (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			p->m->ready_in = true;
		if (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			p->m->ready_out = true;
		pthread_cond_broadcast(&p->m->changed);
		pthread_mutex_unlock(&p->m->lock);
	}
}

bool io_poll(struct mux *m)
{
	static struct poller pollers[8];
	static int nr;
	struct poller *p = &pollers[nr++];
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	};
	pthread_t thread;

	p->m = m;
	p->set = epoll_create1(EPOLL_CLOEXEC);
	if (p->set < 0 || epoll_ctl(p->set, EPOLL_CTL_ADD, m->fd, &event) ||
	    pthread_create(&thread, NULL, poller, p))
		return false;
	pthread_detach(thread);
	return true;
}

static void set_edge(struct mux *m, bool *edge, bool value)
{
	pthread_mutex_lock(&m->lock);
	*edge = value;
	pthread_mutex_unlock(&m->lock);
}

static void wait_edge(struct mux *m, bool *edge)
{
	pthread_mutex_lock(&m->lock);
	while (!*edge)
		pthread_cond_wait(&m->changed, &m->lock);
	*edge = false;
	pthread_mutex_unlock(&m->lock);
}

static bool would_block(ssize_t n)
{
	return n < 0 && errno == EAGAIN;
}

static void is_full(struct mux *m)
{
	if (!m->full++)
		mux_release(m);
}

static ssize_t read_blocking(struct mux *m, void *buf, size_t len)
{
	return read(m->fd, buf, len);
}

static ssize_t write_blocking(struct mux *m, const void *buf, size_t len)
{
	return write(m->fd, buf, len);
}

static ssize_t read_poller(struct mux *m, void *buf, size_t len)
{
	ssize_t n;

	/* What came before is in what is read now. */
	set_edge(m, &m->ready_in, false);
	while (would_block(n = read(m->fd, buf, len)))
		wait_edge(m, &m->ready_in);
	return n;
}

static ssize_t write_poller(struct mux *m, const void *buf, size_t len)
{
	ssize_t n;

	set_edge(m, &m->ready_out, false);
	while (would_block(n = write(m->fd, buf, len))) {
		is_full(m);
		wait_edge(m, &m->ready_out);
	}
	return n;
}

static ssize_t write_stubborn(struct mux *m, const void *buf, size_t len)
{
	ssize_t n;

	while (would_block(n = write(m->fd, buf, len)))
		is_full(m);
	return n;
}

const struct mux_io io_blocking = { "blocking", 0, read_blocking, write_blocking };
const struct mux_io io_poller = { "poller", O_NONBLOCK, read_poller, write_poller };
const struct mux_io io_stubborn = { "stubborn", O_NONBLOCK, read_poller, write_stubborn };

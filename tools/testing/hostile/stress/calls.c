// SPDX-License-Identifier: GPL-2.0
/* Calls of every kind on one of the descriptors, with odd buffers */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

#define FDS		12
#define AREA		(8 * PAGE)

struct shared *shared;

static int fds[FDS];		/* of this process; -1: none */
static char *area;		/* its pages come and go */

/* A descriptor that others close, too, at any time */
static int some_fd(struct worker *w)
{
	return __atomic_load_n(&fds[any(w, FDS)], __ATOMIC_RELAXED);
}

static void put_fd(struct worker *w, int fd)
{
	if (fd < 0)
		return;
	fd = __atomic_exchange_n(&fds[any(w, FDS)], fd, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

/* Somewhere in the area, so that it may end at a page that is not there */
static char *some_buffer(struct worker *w, size_t *len)
{
	size_t at = any(w, AREA);

	switch (any(w, 8)) {
	case 0:
		at = AREA - any(w, 64) - 1;
		break;
	case 1:
		*len = 0;
		break;
	case 2:
		at = PAGE * any(w, 8) + PAGE - any(w, 24) - 1;
		break;
	}
	if (*len > AREA - at && any(w, 4))
		*len = AREA - at;
	return area + at;
}

static void took(struct worker *w, ssize_t n)
{
	if (n > 0) {
		w->at += n;
		__atomic_add_fetch(&shared->taken, n, __ATOMIC_RELAXED);
	}
	if (w->at >= w->len)
		refill(w);
}

static void got(ssize_t n)
{
	if (n > 0)
		__atomic_add_fetch(&shared->got, n, __ATOMIC_RELAXED);
}

static void do_open(struct worker *w)
{
	int flags = any(w, 8) ? O_RDWR | O_NONBLOCK : O_RDWR;

	put_fd(w, open(file_path(), flags | (any(w, 2) ? O_CLOEXEC : 0)));
}

static void do_close(struct worker *w)
{
	int fd = __atomic_exchange_n(&fds[any(w, FDS)], -1, __ATOMIC_RELAXED);

	if (fd >= 0)
		close(fd);
}

static void do_dup(struct worker *w)
{
	put_fd(w, dup(some_fd(w)));
}

/* The rest of the stream, or a piece of it */
static void do_write(struct worker *w)
{
	size_t len = w->len - w->at;

	if (!is_stock() && any(w, 2))
		len = 1 + any(w, len);
	took(w, write(some_fd(w), w->stream + w->at, len));
}

static void do_writev(struct worker *w)
{
	size_t len = w->len - w->at, first = any(w, len + 1);
	struct iovec iov[4] = {
		{ w->stream + w->at, first }, { NULL, 0 },
		{ w->stream + w->at + first, len - first }, { area, 0 },
	};

	if (!is_stock())
		took(w, pwritev2(some_fd(w), iov, any(w, 5), -1,
				 any(w, 2) ? RWF_NOWAIT : 0));
}

/* From the area: what another thread puts there, or takes away meanwhile */
static void do_odd_write(struct worker *w)
{
	size_t len = w->len - w->at;
	char *buf = some_buffer(w, &len);
	int fd = some_fd(w), p[2];

	if (is_stock() || len > w->len - w->at)
		return;
	/* By way of a pipe: a copy to a page that is not there just fails. */
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK))
		return;
	if (write(p[1], w->stream + w->at, len) > 0 && read(p[0], buf, len) < 0)
		errno = 0;
	took(w, write(fd, buf, any(w, 2) ? len : len + 64));
	close(p[0]);
	close(p[1]);
}

static void do_read(struct worker *w)
{
	char buf[5000];

	got(read(some_fd(w), buf, any(w, sizeof(buf))));
}

static void do_odd_read(struct worker *w)
{
	size_t len = any(w, 2) ? any(w, 100) : any(w, AREA);
	char *buf = some_buffer(w, &len);

	got(read(some_fd(w), buf, len));
}

static void do_readv(struct worker *w)
{
	char a[16], b[100];
	size_t len = any(w, PAGE);
	struct iovec iov[4] = {
		{ a, any(w, 17) }, { some_buffer(w, &len), any(w, 100) },
		{ NULL, 0 }, { b, any(w, 101) },
	};

	got(preadv2(some_fd(w), iov, any(w, 5), -1, any(w, 2) ? RWF_NOWAIT : 0));
}

static void do_poll(struct worker *w)
{
	struct pollfd p[3];
	int i;

	for (i = 0; i < 3; i++)
		p[i] = (struct pollfd){ .fd = some_fd(w), .events = any(w, 64) };
	poll(p, 1 + any(w, 3), any(w, 5));
}

static void do_epoll(struct worker *w)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int i, ep = epoll_create1(EPOLL_CLOEXEC);

	for (i = 0; i < 4; i++) {
		event.events ^= any(w, 2) ? EPOLLET : EPOLLONESHOT;
		epoll_ctl(ep, 1 + any(w, 3), some_fd(w), &event);
	}
	epoll_wait(ep, &event, 1, any(w, 3));
	if (ep >= 0)
		close(ep);
}

static void do_flags(struct worker *w)
{
	int flags = any(w, 6) ? O_NONBLOCK : 0;

	fcntl(some_fd(w), F_SETFL, flags | (any(w, 4) ? 0 : O_ASYNC));
}

static void do_mapping(struct worker *w)
{
	char *page = area + PAGE * any(w, AREA / PAGE);
	static const int prot[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE,
	};

	switch (any(w, 4)) {
	case 0:
		mmap(page, PAGE, prot[any(w, 4)],
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	case 1:
		madvise(page, PAGE, MADV_DONTNEED);
		break;
	default:
		mprotect(page, PAGE, prot[any(w, 4)]);
	}
}

static void do_other(struct worker *w)
{
	int fd = some_fd(w), p[2];
	char path[64], buf[512];
	struct stat st;

	switch (any(w, 7)) {
	case 0:
		fstat(fd, &st);
		break;
	case 1:
		lseek(fd, any(w, 100), SEEK_SET);
		break;
	case 2:
		ioctl(fd, FIONREAD, buf);
		break;
	case 3:
		sendfile(fd, fd, NULL, 10);
		break;
	case 4:
		if (pipe2(p, O_CLOEXEC | O_NONBLOCK))
			break;
		splice(fd, NULL, p[1], NULL, 100, SPLICE_F_NONBLOCK);
		close(p[0]);
		close(p[1]);
		break;
	case 5:
		pread(fd, buf, 10, 5) < 0 ? fsync(fd) : 0;
		break;
	case 6:
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, buf, sizeof(buf)) < 0)
			errno = 0;
		if (fd >= 0)
			close(fd);
		break;
	}
}

static void do_fork(struct worker *w);

static const struct {
	void (*call)(struct worker *w);
	unsigned int weight;
} calls[] = {
	{ do_open, 6 }, { do_close, 3 }, { do_dup, 2 }, { do_write, 20 },
	{ do_writev, 8 }, { do_odd_write, 4 }, { do_read, 16 },
	{ do_odd_read, 12 }, { do_readv, 8 }, { do_poll, 4 }, { do_epoll, 2 },
	{ do_flags, 3 }, { do_mapping, 6 }, { do_other, 4 }, { do_fork, 1 },
};

void one_call(struct worker *w, bool may_fork)
{
	unsigned int i, sum = 0, pick;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		sum += calls[i].weight;
	pick = any(w, sum);
	for (i = 0; pick >= calls[i].weight; i++)
		pick -= calls[i].weight;
	if (calls[i].call == do_fork && !may_fork)
		return;
	calls[i].call(w);
	__atomic_add_fetch(&shared->calls, 1, __ATOMIC_RELAXED);
}

/* The child has all the descriptors; it ends in one of several ways. */
static void do_fork(struct worker *w)
{
	static const struct itimerval soon = { .it_value.tv_usec = 50000 };
	unsigned int i, n = any(w, 20);
	pid_t pid = fork();

	if (pid == 0) {
		/* Nobody interrupts what it sleeps in: it dies of it. */
		signal(SIGALRM, SIG_DFL);
		setitimer(ITIMER_REAL, &soon, NULL);
		for (i = 0; i < n; i++)
			one_call(w, false);
		if (n % 3 == 0)
			raise(SIGKILL);
		if (n % 3 == 1)
			execl("/bin/true", "true", NULL);
		_exit(0);
	}
	/* Wait, though signals come */
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void calls_begin(void)
{
	unsigned int i;

	area = mmap(NULL, AREA + PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(area + AREA, PAGE, PROT_NONE);
	for (i = 0; i < FDS; i++)
		fds[i] = -1;
}

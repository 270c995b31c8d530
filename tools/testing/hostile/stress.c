// SPDX-License-Identifier: GPL-2.0
/*
 * usage: stress.test [SEED [SECONDS]]
 * Processes of threads that do at random whatever can be done to the file, with
 * buffers that are odd, while signals come, and now and then the whole process
 * is killed. XENFS_STRESS_SEED and XENFS_STRESS_SECONDS do the same. The seed
 * decides what each thread does, not when.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

#define PROCESSES	3
#define THREADS		4
#define FDS		12
#define PAGE		4096UL
#define AREA		(8 * PAGE)

/* Shared by all processes */
static struct {
	bool stop;
	long calls, taken, got;
} *shared;

static int fds[FDS];		/* of this process; -1: none */
static char *area;		/* its pages come and go */

struct worker {
	pthread_t thread;
	unsigned int seed;
	bool ended;
	/* Good bytes that its writes are cut from; at: how far they came */
	char stream[16384];
	size_t len, at;
	uint32_t tx;
};

static unsigned int any(struct worker *w, unsigned int below)
{
	return rand_r(&w->seed) % below;
}

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

/* --- Requests ----------------------------------------------------------- */

static const uint32_t types[] = {
	XS_DIRECTORY, XS_READ, XS_GET_PERMS, XS_WATCH, XS_UNWATCH,
	XS_TRANSACTION_START, XS_TRANSACTION_END, XS_GET_DOMAIN_PATH, XS_WRITE,
	XS_MKDIR, XS_RM, XS_SET_PERMS, XS_IS_DOMAIN_INTRODUCED,
	XS_RESET_WATCHES, XS_DIRECTORY_PART,
};

static size_t good_request(struct worker *w, char *buf)
{
	uint32_t type = types[any(w, sizeof(types) / sizeof(types[0]))];
	char body[PAYLOAD_MAX], path[64];
	size_t len;

	/* The stock driver would drop everybody's watches. */
	if (is_stock() && type == XS_RESET_WATCHES)
		type = XS_READ;
	snprintf(path, sizeof(path), ROOT "/stress/%u", any(w, 20));
	switch (type) {
	case XS_WATCH:
	case XS_UNWATCH:
		len = pair(body, path, any(w, 2) ? "a" : "bb") + 1;
		body[len - 1] = '\0';
		break;
	case XS_WRITE:
		len = pair(body, path, "");
		memset(body + len, 'v', 4000);
		len += any(w, 8) ? any(w, 40) : any(w, 4000);
		break;
	case XS_SET_PERMS:
		len = pair(body, path, "n0") + 1;
		body[len - 1] = '\0';
		break;
	case XS_TRANSACTION_START:
		return msg_build(buf, type, any(w, 1000), 0, "", 1);
	case XS_TRANSACTION_END:
		return msg_string(buf, type, any(w, 1000), any(w, 50) + w->tx++ % 3,
				  any(w, 2) ? "T" : "F");
	case XS_GET_DOMAIN_PATH:
	case XS_IS_DOMAIN_INTRODUCED:
		return msg_string(buf, type, any(w, 1000), 0, "0");
	case XS_DIRECTORY_PART:
		len = pair(body, path, "0") + 1;
		body[len - 1] = '\0';
		break;
	default:
		len = strlen(path) + 1;
		memcpy(body, path, len);
	}
	return msg_build(buf, type, any(w, 1000), any(w, 4) ? 0 : any(w, 200),
			 body, len);
}

/*
 * Some of it breaks the syntax. Nothing here is for the whole host, as CONTROL
 * or INTRODUCE are, and no path is above our own.
 */
static size_t bad_request(struct worker *w, char *buf)
{
	char body[64];
	size_t i, len = any(w, sizeof(body));

	for (i = 0; i < len; i++)
		body[i] = any(w, 3) ? '\0' : 'a' + any(w, 26);
	return msg_build(buf, types[any(w, sizeof(types) / sizeof(types[0]))],
			 any(w, 1000), any(w, 2), body, len);
}

static void refill(struct worker *w)
{
	w->len = 0;
	w->at = 0;
	do {
		if (any(w, 8) || is_stock())
			w->len += good_request(w, w->stream + w->len);
		else
			w->len += bad_request(w, w->stream + w->len);
	} while (w->len < sizeof(w->stream) - 2 * PAGE && any(w, 4) && !is_stock());
}

/* --- Calls -------------------------------------------------------------- */

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

static void one_call(struct worker *w, bool may_fork)
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

/* --- Processes ---------------------------------------------------------- */

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	refill(w);
	while (!stopped())
		one_call(w, true);
	__atomic_store_n(&w->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Wakes threads out of what they sleep in, until all have ended. */
static void process_main(unsigned int seed)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct worker w[THREADS];
	unsigned int i, running;

	sigaction(SIGUSR1, &action, NULL);
	area = mmap(NULL, AREA + PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(area + AREA, PAGE, PROT_NONE);
	for (i = 0; i < FDS; i++)
		fds[i] = -1;
	for (i = 0; i < THREADS; i++) {
		w[i].seed = seed * THREADS + i;
		if (pthread_create(&w[i].thread, NULL, worker_main, &w[i]))
			_exit(1);
	}
	do {
		sleep_ms(3);
		for (i = 0, running = 0; i < THREADS; i++) {
			if (__atomic_load_n(&w[i].ended, __ATOMIC_ACQUIRE))
				continue;
			running++;
			if (rand_r(&seed) % 4 == 0)
				pthread_kill(w[i].thread, SIGUSR1);
		}
	} while (running);
	_exit(0);
}

static pid_t process(unsigned int seed)
{
	pid_t pid = fork();

	if (pid == 0)
		process_main(seed);
	return pid;
}

int main(int argc, char **argv)
{
	unsigned int seed = env_number("XENFS_STRESS_SEED", time(NULL) % 100000);
	unsigned int seconds = env_number("XENFS_STRESS_SECONDS", 20);
	unsigned int i, killed = 0, gone = 0, good = 0;
	pid_t pids[PROCESSES];
	long end, calls_before = 0, quiet = 0;

	if (argc > 1)
		seed = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seconds = strtoul(argv[2], NULL, 10);
	hostile_begin(seconds + 180);
	diag("seed %u, %u seconds", seed, seconds);
	shared = shared_memory(sizeof(*shared));
	scene_begin();
	for (i = 0; i < PROCESSES; i++)
		pids[i] = process(seed + i);
	end = now_ms() + seconds * 1000;
	while (now_ms() < end) {
		sleep_ms(500);
		quiet += shared->calls == calls_before;
		calls_before = shared->calls;
		i = killed % PROCESSES;
		kill(pids[i], SIGKILL);
		gone += waitpid(pids[i], NULL, 0) == pids[i];
		killed++;
		pids[i] = process(seed + PROCESSES + killed);
	}
	scene_goes_on("[I1] after %u seconds of stress", seconds);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < PROCESSES; i++)
		good += child_ends(pids[i]) == 0;
	diag("%ld calls, %ld bytes written, %ld read, %ld times half a second without",
	     shared->calls, shared->taken, shared->got, quiet);
	is(gone, killed, "[I4] who is killed is gone");
	is(good, PROCESSES, "[I4] who is told to end does");
	ok(shared->calls > 1000 && shared->taken > 1000 && shared->got > 1000,
	   "[W1, R1] something was done");
	ok(server_alive(), "[W5] the server lives");
	scene_end("stress");
	return tap_end();
}

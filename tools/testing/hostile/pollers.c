// SPDX-License-Identifier: GPL-2.0
/*
 * Very many who wait for one open. To wake them takes time, and while replies
 * come for it, others must not pay for that: I1. And all of them are woken: R3.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hostile.h"

#define MANY		100000	/* descriptors at most */
#define SAMPLES		300
#define SAMPLE_MS	(2000 * slow())
/* Requests at least, however slow the machine is */
#define SAMPLES_MIN	20

/* --- One who has many pollers ------------------------------------------- */

struct crowd {
	const char *what;
	/* Makes @n of them wait for @fd; in the process that uses it. */
	void (*make)(int fd, unsigned int n);
	unsigned int normal, large;
};

static void in_epoll(int fd, unsigned int n)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC), copy = fd;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (i)
			copy = dup(fd);
		if (copy < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, copy, &event))
			bail("%u descriptors in an epoll set: %s", i, strerror(errno));
	}
}

struct polled {
	struct pollfd *fds;
	unsigned int n;
};

static void poll_always(void *arg)
{
	struct polled *p = arg;

	for (;;)
		poll(p->fds, p->n, -1);
}

static void in_poll(int fd, unsigned int n)
{
	static struct polled p;
	static struct job job;
	unsigned int i;

	p.fds = calloc(n, sizeof(*p.fds));
	p.n = n;
	for (i = 0; p.fds && i < n; i++)
		p.fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	if (!p.fds || !job_start(&job, poll_always, &p))
		bail("%u times the same descriptor in a poll()", n);
}

/* The open has one poller, an epoll set, and that has many. */
static void in_poll_of_epoll(int fd, unsigned int n)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event))
		bail("an epoll set: %s", strerror(errno));
	in_poll(ep, n);
}

static const struct crowd crowds[] = {
	{ "in an epoll set", in_epoll, 40000, MANY },
	{ "in a poll()", in_poll, 20000, MANY },
	{ "in a poll() of an epoll set", in_poll_of_epoll, 20000, MANY },
};

/* Writes and reads all the time. */
static void owner_main(const struct crowd *crowd, unsigned int n, bool *ready)
{
	struct rlimit limit = { MANY + 1000, MANY + 1000 };
	struct client *c = client_new();

	if (setrlimit(RLIMIT_NOFILE, &limit))
		bail("%d descriptors: %s", MANY, strerror(errno));
	crowd->make(c->fd, n);
	__atomic_store_n(ready, true, __ATOMIC_RELEASE);
	for (;;)
		if (patient_string(c, XS_READ, 0, KEY, NULL))
			_exit(1);
}

/* --- How long it takes others ------------------------------------------- */

static long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000L + ts.tv_nsec / 1000;
}

static int by_value(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static long median(long *us, int n)
{
	qsort(us, n, sizeof(us[0]), by_value);
	return us[n / 2];
}

/* How long they took is for the reader: a busy machine has its say in it. */
static bool others_are_answered(void)
{
	long us[SAMPLES], end = now_ms() + SAMPLE_MS, begin, m;
	struct client *c = client_new();
	int n;

	for (n = 0; n < SAMPLES && (now_ms() < end || n < SAMPLES_MIN); n++) {
		begin = now_us();
		if (patient_string(c, XS_READ, 0, KEY, NULL))
			return false;
		us[n] = now_us() - begin;
	}
	client_close(c);
	m = median(us, n);
	diag("%d READs: median %ld us, 90%% %ld us, longest %ld us", n, m,
	     us[n * 9 / 10], us[n - 1]);
	return true;
}

static bool answered_beside(const struct crowd *crowd, unsigned int n)
{
	bool good, *ready = shared_memory(sizeof(*ready));
	long begin = now_ms(), end = begin + 4 * PATIENCE_MS;
	pid_t pid = fork();

	if (pid == 0)
		owner_main(crowd, n, ready);
	while (!__atomic_load_n(ready, __ATOMIC_ACQUIRE) && now_ms() < end)
		sleep_ms(10);
	diag("%u %s: ready in %ld ms", n, crowd->what, now_ms() - begin);
	good = *ready && others_are_answered();
	if (waitpid(pid, NULL, WNOHANG)) {
		diag("the process that has them has failed");
		good = false;
	}
	kill(pid, SIGKILL);
	child_ends(pid);
	return good;
}

static void beside(const struct crowd *crowd)
{
	unsigned int n = scaled(crowd->normal, crowd->large);

	scene_begin_at(NULL);
	ok(answered_beside(crowd, 1), "[I1] one open once %s: others are answered",
	   crowd->what);
	ok(answered_beside(crowd, n), "[I1] %u times: others are answered, too", n);
	scene_end(crowd->what);
}

/* --- Who wakes them ----------------------------------------------------- */

#define CROWD		100
#define KEPT_ROUNDS	40
#define ALONE_ROUNDS	4

static int woken_by(const char *whom)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/crowd/parameters/by_%s", whom);
	return file_number(path);
}

/* A reply comes while there are @n waiters for @fd. Who wakes them, who does not? */
static void crowd_is_woken(struct client *c, int fd, unsigned int n,
			   const char *who, const char *other, const char *what)
{
	long end = now_ms() + PATIENCE_MS;
	char parameters[64];
	struct msg m;
	uint32_t id;

	snprintf(parameters, sizeof(parameters), "fd=%d waiters=%u", fd, n);
	if (!module_load_with("crowd", parameters))
		bail("%s: the waiters do not come", what);
	id = client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	while (woken_by(who) < (int)n && now_ms() < end)
		sleep_ms(1);
	ok(woken_by(who) >= (int)n && !woken_by(other),
	   "[I1] %s: calls of %u waiters by a worker and by others: %d, %d", what, n,
	   woken_by("worker"), woken_by("others"));
	is(reply_to(c, id, &m), 0, "[W3] and the reply is there");
	if (!module_unload("crowd"))
		bail("%s: the waiters do not go", what);
}

/*
 * To wake them costs their number: one is woken by who has news, the xenbus
 * thread, that all wait for; more by a worker.
 */
static void who_wakes(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	struct client *c = client_new();

	crowd_is_woken(c, c->fd, 1, "others", "worker", "in a poll()");
	crowd_is_woken(c, c->fd, CROWD, "worker", "others", "in a poll()");
	if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &event))
		bail("an epoll set: %s", strerror(errno));
	crowd_is_woken(c, ep, 1, "worker", "others", "in a poll() of an epoll set");
	crowd_is_woken(c, ep, CROWD, "worker", "others", "in a poll() of an epoll set");
	close(ep);
	client_close(c);
}

/* Both are woken by workers, and the kernel hears of both replies at once. */
static bool both_woken(struct client *slow, struct client *c, struct client *other)
{
	static struct msg m[2];
	char parameters[64];
	long together;

	snprintf(parameters, sizeof(parameters), "fd=%d other=%d waiters=2", slow->fd, c->fd);
	if (!module_load_with("crowd", parameters))
		bail("the waiters of two opens do not come");
	pretend_begin();
	client_send(slow, XS_READ, 0, KEY, sizeof(KEY));
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	if (!pretend_receive(&m[0]) || !pretend_receive(&m[1]))
		bail("two READs do not come");
	pretend_send(XS_READ, &m[0], VALUE, strlen(VALUE));
	pretend_send(XS_READ, &m[1], VALUE, strlen(VALUE));
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	if (client_recv(slow, &m[0], PATIENCE_MS) || client_recv(c, &m[0], PATIENCE_MS) ||
	    client_recv(other, &m[0], PATIENCE_MS))
		bail("a reply does not come");
	together = file_number("/sys/module/crowd/parameters/together");
	if (!module_unload("crowd"))
		bail("the waiters of two opens do not go");
	return together == 1;
}

/* An open that another process has made is another client's. */
static struct client *client_of_another(void)
{
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	int status = 0;

	if (pid == 0)
		_exit(open(file_path(), O_RDWR | O_CLOEXEC));
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) >= 128)
		bail("another process can't open the file");
	return client_of(WEXITSTATUS(status));
}

/*
 * To wake those of one open takes long: those of another client's are woken meanwhile,
 * unless both workers happen to be on the same processor; if there is but one it never
 * is. Those of the same client's are not: however many it has, they take one worker.
 */
static void nobody_is_kept(void)
{
	static const char what[] = "[I1] those of another client's open are woken meanwhile";
	struct client *slow, *own, *c, *other;
	unsigned int i = 0, together = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		skip("one processor does one thing at a time", "%s", what);
		return;
	}
	if (!can_pretend(what))
		return;
	module_unload("kuser");
	slow = client_new();
	own = client_new();
	c = client_of_another();
	other = client_open(stock_path());
	while (++i <= KEPT_ROUNDS && !both_woken(slow, c, other))
		;
	ok(i <= KEPT_ROUNDS, "%s", what);
	diag("in round %u", i);
	for (i = 0; i < ALONE_ROUNDS; i++)
		together += both_woken(slow, own, other);
	is(together, 0, "[I1] those of the same client's by the same worker, later");
	client_close(slow);
	client_close(own);
	client_close(c);
	client_close(other);
}

/* --- All are woken ------------------------------------------------------ */

#define WAITERS		9
#define ROUNDS		30
/* An epoll set with more than are woken at a time, so that it takes a while */
#define BEHIND		1000

struct waiter {
	unsigned int waits, woken;	/* in which round */
};

static unsigned int *current_round;
static struct waiter *waiters;

static unsigned int load(unsigned int *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static bool epoll_once(int ep)
{
	struct epoll_event event;

	return epoll_wait(ep, &event, 1, 4 * PATIENCE_MS) == 1 &&
	       (event.events & EPOLLIN);
}

/* Every third waits by poll(), by epoll for a level, by epoll for an edge. */
static void waiter_main(int fd, struct waiter *w, unsigned int kind)
{
	struct epoll_event event = { .events = EPOLLIN | (kind == 2 ? EPOLLET : 0) };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int n;
	bool woken;

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event))
		_exit(1);
	for (n = 1; n <= ROUNDS; n++) {
		while (load(current_round) < n)
			sleep_ms(1);
		__atomic_store_n(&w->waits, n, __ATOMIC_RELEASE);
		woken = kind ? epoll_once(ep) :
			       poll_for(fd, POLLIN, 4 * PATIENCE_MS) & POLLIN;
		if (!woken)
			_exit(2);
		__atomic_store_n(&w->woken, n, __ATOMIC_RELEASE);
	}
	_exit(0);
}

static bool all_wait(unsigned int n)
{
	long end = now_ms() + PATIENCE_MS;
	int i;

	for (i = 0; i < WAITERS; i++)
		while (load(&waiters[i].waits) < n) {
			if (now_ms() > end)
				return false;
			sleep_ms(1);
		}
	return true;
}

static int how_many_woken(unsigned int n)
{
	long end = now_ms() + PATIENCE_MS;
	int i, woken = 0;

	for (i = 0; i < WAITERS; i++) {
		while (load(&waiters[i].woken) < n && now_ms() < end)
			sleep_ms(1);
		woken += load(&waiters[i].woken) >= n;
	}
	return woken;
}

/* A reply comes, all are told, and then it is read. */
static bool round_of_all(struct client *c, unsigned int n)
{
	static struct msg m;
	uint32_t id;
	int woken;

	__atomic_store_n(current_round, n, __ATOMIC_RELEASE);
	if (!all_wait(n))
		return false;
	/* Sometimes all sleep, sometimes some are about to. */
	sleep_ms(n % 3);
	id = client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	woken = how_many_woken(n);
	if (woken != WAITERS)
		diag("in round %u %d of %d are woken", n, woken, WAITERS);
	return woken == WAITERS && !reply_to(c, id, &m);
}

static void all_woken(unsigned int behind)
{
	unsigned int i, n = 1, good = 0;
	pid_t pids[WAITERS];
	struct client *c;

	scene_begin();
	c = client_new();
	*current_round = 0;
	memset(waiters, 0, WAITERS * sizeof(*waiters));
	for (i = 0; i < WAITERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			if (behind)
				in_epoll(c->fd, behind / WAITERS);
			waiter_main(c->fd, &waiters[i], i % 3);
		}
	}
	while (n <= ROUNDS && round_of_all(c, n))
		n++;
	is(n - 1, ROUNDS, "[R3] each of %d replies wakes all of %d waiters, and %u more",
	   ROUNDS, WAITERS, behind);
	for (i = 0; i < WAITERS; i++) {
		if (n <= ROUNDS)
			kill(pids[i], SIGKILL);
		good += child_ends(pids[i]) == 0;
	}
	is(good, WAITERS, "[R3] and nobody sleeps for ever");
	client_close(c);
	scene_end("waiters of one open");
}

int main(void)
{
	unsigned int i;

	hostile_begin(240);
	current_round = shared_memory(sizeof(*current_round));
	waiters = shared_memory(WAITERS * sizeof(*waiters));
	all_woken(0);
	all_woken(BEHIND);
	who_wakes();
	for (i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++)
		beside(&crowds[i]);
	if (!is_stock())
		nobody_is_kept();
	return tap_end();
}

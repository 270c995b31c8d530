// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand, for a kernel with CONFIG_FAULT_INJECTION: of all that a
 * system call of a client, or the xenbus thread, allocates and copies, one
 * fails, each in its turn. The client sees an errno or an XS_ERROR, loses
 * nothing but what it is told, and the others see nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <unistd.h>

#include "hostile.h"

#define DEBUGFS		"/sys/kernel/debug"
#define WATCHED		ROOT "/fault/watched"
#define LARGE		ROOT "/fault/large"
#define LARGE_SIZE	3000
/* More than any system call here has; the thread has some for each reply. */
#define FAULTS_MAX	200
#define THREAD_FAULTS	12
/* How long a client may wait for the news that its reply was lost */
#define LOST_MS		2000

static struct msg m;

/* --- Injection ---------------------------------------------------------- */

static int nth_open(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, pid);
	return open(path, O_RDWR);
}

/* By default, allocations that may sleep never fail, and each failure is told. */
static bool injection_begin(void)
{
	mount("none", DEBUGFS, "debugfs", 0, NULL);
	return file_put(DEBUGFS "/failslab/ignore-gfp-wait", "N") &&
	       file_put(DEBUGFS "/failslab/verbose", "0") &&
	       file_put(DEBUGFS "/fail_usercopy/verbose", "0") &&
	       file_put(DEBUGFS "/fail_page_alloc/verbose", "0");
}

static void arm(int nth, unsigned int n)
{
	char text[16];

	if (pwrite(nth, text, snprintf(text, sizeof(text), "%u", n), 0) < 0)
		diag("fail-nth: %s", strerror(errno));
}

/* Has it failed? If the look itself does then it has not. */
static bool disarm(int nth)
{
	char text[16] = "";
	bool fired = pread(nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (pwrite(nth, "0", 1, 0) != 1)
		;
	return fired;
}

static bool clean(int err)
{
	return err == ENOMEM || err == EFAULT;
}

/* --- What a client does ------------------------------------------------- */

/* One act, and what was sent before and is sent after it */
struct act {
	const char *name;
	void (*before)(struct client *c);
	long (*act)(struct client *c);	/* as a system call */
	/* After it; true if all is well. Was there a fault? */
	bool (*after)(struct client *c, long ret, int err, bool fired);
};

static char request[HEADER + PAYLOAD_MAX];
static size_t request_len;
static uint32_t tx;
static int opened;

static void prepare(uint32_t type, uint32_t tx_id, const void *body, size_t len)
{
	request_len = msg_build(request, type, 77, tx_id, body, len);
}

static void nothing(struct client *c)
{
	(void)c;
}

static void read_before(struct client *c)
{
	(void)c;
	prepare(XS_READ, 0, LARGE, sizeof(LARGE));
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

static int watch(struct client *c, uint32_t type)
{
	return patient_call(c, type, 0, WATCHED "\0t", sizeof(WATCHED "\0t"), &m);
}

static void unwatch_before(struct client *c)
{
	watch(c, XS_WATCH);
	prepare(XS_UNWATCH, 0, WATCHED "\0t", sizeof(WATCHED "\0t"));
}

static void start_before(struct client *c)
{
	(void)c;
	prepare(XS_TRANSACTION_START, 0, "", 1);
}

static void start(struct client *c)
{
	tx = patient_call(c, XS_TRANSACTION_START, 0, "", 1, &m) ? 0 :
	     strtoul(m.body, NULL, 10);
}

static void end_before(struct client *c)
{
	start(c);
	prepare(XS_TRANSACTION_END, tx, "T", 2);
}

static long send_it(struct client *c)
{
	return write(c->fd, request, request_len);
}

/* Sends what was not taken, and gets the reply: 0, or the errno it names. */
static int finish(struct client *c, long ret, int err)
{
	size_t done = ret > 0 ? ret : 0;

	if (ret < 0 && !clean(err)) {
		diag("write: %s", strerror(err));
		return -1;
	}
	if (client_raw(c, request + done, request_len - done))
		return -1;
	err = reply_to(c, 77, &m);
	return err ? err : msg_error(&m);
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

	return told(answer, fired) && (answer || m.hdr.len == LARGE_SIZE);
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

static int end(struct client *c)
{
	return patient_call(c, XS_TRANSACTION_END, tx, "T", 2, &m);
}

static bool start_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err);

	tx = strtoul(m.body, NULL, 10);
	return told(answer, fired) && (answer || !end(c));
}

static bool end_after(struct client *c, long ret, int err, bool fired)
{
	int answer = finish(c, ret, err), again = end(c);

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
	return !reply_to(c, 77, &m) && m.hdr.len == LARGE_SIZE;
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
	start(c);
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

static void client_faults(const struct act *a, int nth)
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

/* --- What the xenbus thread does ---------------------------------------- */

static bool answered_in_time(long began, int err)
{
	long took = now_ms() - began;

	if (took <= (long)LOST_MS * slow() && (!err || err == ENOMEM))
		return true;
	diag("answered with %d after %ld ms", err, took);
	return false;
}

static bool read_again(struct client *c, int answer)
{
	(void)answer;
	return !patient_string(c, XS_READ, 0, LARGE, &m);
}

static bool end_if_started(struct client *c, int answer)
{
	tx = strtoul(m.body, NULL, 10);
	return answer || !end(c);
}

/* Of the replies to a kind of request, some are lost. */
static void lost_replies(int nth, void (*before)(struct client *c),
			 bool (*after)(struct client *c, int answer),
			 const char *what)
{
	unsigned int n, bad = 0, lost = 0;
	struct client *c = client_new();
	long began;
	int err;

	for (n = 1; n <= 3 * THREAD_FAULTS; n++) {
		before(c);
		arm(nth, 1 + n % THREAD_FAULTS);
		began = now_ms();
		err = finish(c, send_it(c), errno);
		bad += !answered_in_time(began, err);
		lost += err == ENOMEM;
		disarm(nth);
		bad += !after(c, err);
	}
	is(bad, 0, "%s: ENOMEM in time, and all goes on", what);
	ok(lost, "%s: %u of %u were", what, lost, n - 1);
	client_close(c);
}

static void lost_events(int nth)
{
	struct client *c = client_new(), *socket = client_open(socket_path());
	unsigned int n, bad = 0, collapsed = 0;
	const char *path;

	watch(c, XS_WATCH);
	client_event(c, &m, PATIENCE_MS);
	for (n = 1; n <= 3 * THREAD_FAULTS; n++) {
		arm(nth, 1 + n % THREAD_FAULTS);
		call_write(socket, 0, WATCHED "/below", "x");
		if (client_event(c, &m, PATIENCE_MS)) {
			diag("fault %u: no event", 1 + n % THREAD_FAULTS);
			bad++;
			continue;
		}
		disarm(nth);
		path = event_path(&m);
		collapsed += !strcmp(path, WATCHED);
		bad += strcmp(path, WATCHED) && strcmp(path, WATCHED "/below");
	}
	disarm(nth);
	is(bad, 0, "[E4] no memory for an event: there is one all the same");
	ok(collapsed, "[E4] %u of %u on the watch's own path", collapsed, n - 1);
	client_close(c);
	client_close(socket);
}

/* --- What the workqueue does -------------------------------------------- */

#define WORKLOADS	20
#define PIPELINED	60

/* Marks all threads that do work, those that there are */
static unsigned int mark_workers(const char *how)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300], comm[32];
	unsigned int n = 0;
	FILE *f;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = atoi(entry->d_name) ? fopen(path, "r") : NULL;
		if (f && fscanf(f, "%31s", comm) == 1 &&
		    !strncmp(comm, "kworker", strlen("kworker"))) {
			snprintf(path, sizeof(path), "/proc/%s/make-it-fail",
				 entry->d_name);
			n += file_put(path, how);
		}
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return n;
}

static bool workers_fail(bool fail)
{
	return file_put(DEBUGFS "/failslab/task-filter", "Y") &&
	       file_put(DEBUGFS "/failslab/times", "-1") &&
	       file_put(DEBUGFS "/failslab/probability", fail ? "30" : "0") &&
	       mark_workers(fail ? "1" : "0");
}

/* Returns how many replies tell of a fault, or -1. */
static int workload(void)
{
	struct client *c = client_new();
	int i, failed = 0, err = 0;

	watch(c, XS_WATCH);
	start(c);
	read_before(c);
	for (i = 0; i < PIPELINED; i++)
		if (client_raw(c, request, request_len))
			goto bad;
	for (i = 0; i < PIPELINED; i++) {
		err = reply_to(c, 77, &m);
		err = err ? err : msg_error(&m);
		if (err && err != ENOMEM)
			goto bad;
		failed += err == ENOMEM;
	}
	client_close(c);
	return failed;
bad:
	diag("request %d of %d was answered with %d", i, PIPELINED, err);
	client_close(c);
	return -1;
}

/*
 * What an open holds is given back by the workqueue, sooner or later. Somebody
 * has a watch all the time: what the core's own watch needs is not at stake.
 */
static void worker_faults(void)
{
	int i, failed, bad = 0, sum = 0;
	struct client *c = client_new();

	watch(c, XS_WATCH);
	/* Who uses the file, uses the workers. */
	scene_begin_at(elsewhere_path());
	ok(workers_fail(true), "[I4] the workers' allocations fail");
	for (i = 0; i < WORKLOADS; i++) {
		failed = workload();
		bad += failed < 0;
		sum += failed > 0 ? failed : 0;
	}
	ok(workers_fail(false), "[I4] and succeed again");
	is(bad, 0, "[W8] each request is answered, with ENOMEM if need be");
	ok(sum, "[W8] %d of %d with ENOMEM", sum, WORKLOADS * PIPELINED);
	scene_goes_on("[I1] when they have succeeded again");
	scene_end("faults in the workqueue");
	client_close(c);
}

/* An UNWATCH that is refused for want of memory leaves the watch as it was. */
static bool unwatch_at_last(struct client *c, int *refused)
{
	int tries, err;

	for (tries = 0; tries < 100; tries++) {
		err = watch(c, XS_UNWATCH);
		if (err != ENOMEM)
			break;
		(*refused)++;
	}
	if (err)
		diag("UNWATCH was answered with %d", err);
	return !err;
}

/*
 * The module's one watch in the core comes and goes with those of clients. If
 * the core has no memory to remove it, the server has one too many; watches
 * must work all the same when there is memory again.
 */
static void carrier_faults(void)
{
	struct client *c = client_new();
	int i, bad = 0, refused = 0, kept = 0, err;

	ok(workers_fail(true), "[E1] the workers' allocations fail");
	for (i = 0; i < 10 * WORKLOADS; i++) {
		err = watch(c, XS_WATCH);
		if (err && err != ENOMEM && !bad++)
			diag("WATCH %d was answered with %d", i, err);
		refused += err == ENOMEM;
		if (!err)
			bad += !unwatch_at_last(c, &kept);
		sleep_ms(20);	/* for the last one to go */
	}
	ok(workers_fail(false), "[E1] and succeed again");
	is(bad, 0, "[E1] each WATCH is made, or refused with ENOMEM, as %d were", refused);
	diag("%d UNWATCHes were refused with ENOMEM, and repeated", kept);
	watch(c, XS_UNWATCH);
	sleep_ms(500);
	err = watch(c, XS_WATCH);
	/* That is the one who is told of an earlier fault. */
	if (err == ENOMEM)
		err = watch(c, XS_WATCH);
	is(err, 0, "[E1] then WATCH works");
	client_close(c);
}

static void thread_faults(void)
{
	int nth = nth_open(pid_of("xenbus"));

	if (!ok(nth >= 0, "[I2] the xenbus thread is there"))
		return;
	scene_begin_at(NULL);
	lost_replies(nth, read_before, read_again, "[I2] replies are lost");
	lost_replies(nth, start_before, end_if_started,
		     "[T1] replies to a START are lost");
	lost_events(nth);
	scene_end("faults in the xenbus thread");
	close(nth);
}

int main(void)
{
	int nth = nth_open(getpid());
	unsigned int i;
	char body[PAYLOAD_MAX];

	hostile_begin(240);
	if (nth < 0 || is_stock()) {
		skip(nth < 0 ? "this kernel can't inject faults" : "stock",
		     "[W8] faults");
		return tap_end();
	}
	if (!ok(injection_begin(), "[W8] faults can be injected"))
		return tap_end();
	memset(body, 'v', sizeof(body));
	memcpy(body, LARGE, sizeof(LARGE));
	call(client_open(socket_path()), XS_WRITE, 0, body,
	     sizeof(LARGE) + LARGE_SIZE, &m);
	scene_begin();
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		client_faults(&acts[i], nth);
	scene_goes_on("[I1] after all these faults");
	scene_end("faults in a client's system calls");
	thread_faults();
	worker_faults();
	carrier_faults();
	return tap_end();
}

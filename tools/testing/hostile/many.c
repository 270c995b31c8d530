// SPDX-License-Identifier: GPL-2.0
/* Very many opens, very many watches, and very many ends of them: I3, I4 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define OPENS		10000
#define WATCHED		ROOT "/watched"
#define EACH		10
#define CHURNERS	8
#define SHARERS		400
#define CHANGES		60
/* Of all who share a watch; design.rst */
#define LOOKED_AT	8192

static bool asks(int fd)
{
	static struct msg m;
	struct client *c = client_of(fd);
	int err = patient_string(c, XS_READ, 0, KEY, &m);

	free(c->events);
	free(c);
	return !err && !strcmp(m.body, VALUE);
}

static void opens(void)
{
	static int fd[OPENS];
	int i, n = 0, good = 0;

	scene_begin();
	for (i = 0; i < OPENS; i++) {
		fd[i] = open(file_path(), O_RDWR | O_CLOEXEC);
		n += fd[i] >= 0;
	}
	is(n, OPENS, "[I3] %d opens", OPENS);
	scene_goes_on("[I2] with %d opens", OPENS);
	for (i = 0; i < OPENS; i += 100)
		good += asks(fd[i]);
	is(good, OPENS / 100, "[I2] each hundredth asks, and is answered");
	for (i = 0; i < OPENS; i++)
		close(fd[i]);
	scene_goes_on("[I4] after %d closes", OPENS);
	scene_end("very many opens");
}

/* A WATCH more or less; 0, the errno of the reply, or -errno */
static int watch(struct client *c, uint32_t type, int number)
{
	char body[64];
	static struct msg m;
	int len = snprintf(body, sizeof(body), WATCHED "%c%d", 0, number) + 1;

	return patient_call(c, type, 0, body, len, &m);
}

static unsigned int events(struct client *c, unsigned int max, int timeout_ms)
{
	static struct msg m;
	unsigned int n = 0;

	while (n < max && !client_recv(c, &m, timeout_ms))
		n += m.hdr.type == XS_WATCH_EVENT;
	return n;
}

static void drain(struct client *c)
{
	while (read(c->fd, c->in, sizeof(c->in)) > 0)
		;
	c->have = 0;
}

static void change(void)
{
	struct client *sock = client_open(socket_path());
	static int n;
	char value[16];

	snprintf(value, sizeof(value), "%d", n++);
	call_write(sock, 0, WATCHED, value);
	client_close(sock);
}

/*
 * The first error tells where the server's quota, or what one open may have,
 * ends: no error but E2BIG, and nothing is broken after it. An open whose own
 * WATCH was the first has at least one.
 */
static void watches(void)
{
	int i, w, n = scaled(60, 1000), err = 0, total = 0, wrong = 0;
	struct client **c = calloc(n, sizeof(*c));
	unsigned int seen = 0;

	change();
	scene_begin();
	for (i = 0; i < n; i++) {
		c[i] = client_new();
		for (w = 0; w < EACH && !err; w++) {
			err = watch(c[i], XS_WATCH, w);
			total += !err;
			wrong += err && err != E2BIG;
		}
	}
	diag("%d watches in all", total);
	ok(total == n * EACH || err == E2BIG, "[E1] %d opens with %d watches each, or E2BIG",
	   n, EACH);
	is(wrong, 0, "[E1] and no other error");
	scene_goes_on("[I1] with %d watches", total);
	for (i = 0; i < n; i++)
		drain(c[i]);
	change();
	for (i = 0; i < n; i++)
		seen += events(c[i], EACH, seen < (unsigned int)total ? PATIENCE_MS : 0);
	is(seen, total, "[E2] a change: each watch has its event, once");
	scene_goes_on("[I1] after %u events", seen);
	for (i = 0; i < n; i++)
		client_close(c[i]);
	free(c);
	scene_goes_on("[I4] while the watches are given back");
	scene_end("very many watches");
}

/* What of the watch's own path and of others is unread, before the reply to a READ? */
static void count_events(struct client *c, unsigned int *own, unsigned int *others)
{
	static struct msg m;

	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	while (!client_recv(c, &m, PATIENCE_MS) && m.hdr.type == XS_WATCH_EVENT)
		++*(strcmp(m.body, WATCHED) ? others : own);
}

/*
 * An event is compared with what is unread of all who share its watch: that is bounded,
 * as nobody is told of anything meanwhile. Past it they collapse.
 */
static void sharers(void)
{
	struct client *c[SHARERS], *sock = client_open(socket_path());
	unsigned int own = 0, others = 0;
	char path[64];
	int i, n = 0;

	if (is_stock()) {
		skip("nobody shares a watch", "[I1] unread events of very many");
		return;
	}
	scene_begin();
	for (i = 0; i < SHARERS; i++) {
		c[i] = client_new();
		n += !watch(c[i], XS_WATCH, 0) && events(c[i], 1, PATIENCE_MS);
	}
	is(n, SHARERS, "[E1] %d opens watch a path", SHARERS);
	for (i = 0; i < CHANGES; i++) {
		snprintf(path, sizeof(path), WATCHED "/%d", i);
		call_write(sock, 0, path, "1");
	}
	scene_goes_on("[I1] with their events unread");
	for (i = 0; i < SHARERS; i++)
		count_events(c[i], &own, &others);
	diag("%u events, %u on the watch's own path", own + others, own);
	ok(own == SHARERS && others > 0, "[E4] each has some events, and one for the rest");
	ok(others <= LOOKED_AT, "[I1] they are no more than what is looked at for an event");
	for (i = 0; i < SHARERS; i++)
		client_close(c[i]);
	client_close(sock);
	scene_end("very many who share a watch");
}

/* One open takes as many as it gets. */
static void greedy(void)
{
	struct client *c;
	int err = 0, n;

	if (is_stock()) {
		skip("it has no bound", "[E1] as many watches as one open may have");
		return;
	}
	scene_begin();
	c = client_new();
	for (n = 0; n < 20000 && !err; n++) {
		err = watch(c, XS_WATCH, n);
		drain(c);
	}
	is(err, E2BIG, "[E1] an open wants ever more watches: E2BIG after %d", n - 1);
	is(watch(c, XS_WATCH, 0), EEXIST, "[E1] but EEXIST for one that it has");
	change();
	is(events(c, n - 1, PATIENCE_MS), n - 1, "[E2] those that it has are there");
	is(watch(c, XS_UNWATCH, 0), 0, "[E1] it gives one back");
	is(watch(c, XS_WATCH, 0), 0, "[E1] and may have another");
	drain(c);
	scene_goes_on("[I1] with a greedy open");
	client_close(c);
	scene_end("a greedy open");
}

/* Each turn an open in another state, closed at once */
static void churn_main(unsigned int which, bool *stop, long *count)
{
	char buf[64], body[64];
	struct client *c;
	unsigned int n;
	size_t len;

	len = snprintf(body, sizeof(body), WATCHED "%ct", 0) + 1;
	for (n = which; !__atomic_load_n(stop, __ATOMIC_RELAXED); n++) {
		c = client_new();
		switch (n % 6) {
		case 0:
			break;
		case 1:	/* a partial message */
			if (write(c->fd, buf, msg_string(buf, XS_READ, 1, 0, KEY) - 3) < 0)
				_exit(1);
			break;
		case 2:	/* in flight */
			if (!client_send(c, XS_READ, 0, KEY, sizeof(KEY)))
				_exit(1);
			break;
		case 3:	/* a watch being set */
			if (!client_send(c, XS_WATCH, 0, body, len))
				_exit(1);
			break;
		case 4:	/* a transaction being started */
			if (!client_send(c, XS_TRANSACTION_START, 0, "", 1))
				_exit(1);
			break;
		case 5:	/* a request that is answered in vain */
			if (patient_string(c, XS_READ, 0, KEY, NULL))
				_exit(1);
			break;
		}
		client_close(c);
		__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static void churn(void)
{
	struct { bool stop; long count; } *shared = shared_memory(sizeof(*shared));
	long end = now_ms() + scaled(2500, 60000);
	pid_t pids[CHURNERS];
	int i, good = 0;

	scene_begin();
	for (i = 0; i < CHURNERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			churn_main(i, &shared->stop, &shared->count);
	}
	do {
		scene_goes_on("[I1] %d processes open and close", CHURNERS);
		sleep_ms(500);
	} while (now_ms() < end);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < CHURNERS; i++)
		good += child_ends(pids[i]) == 0;
	is(good, CHURNERS, "[I4] they end, and no open or write of theirs failed");
	diag("%ld opens", shared->count);
	ok(shared->count > 2 * CHURNERS, "[I4] each did so some times");
	scene_end("opens and closes");
}

int main(void)
{
	struct rlimit limit = { OPENS + 100, OPENS + 100 };

	hostile_begin(scaled(240, 1500));
	setrlimit(RLIMIT_NOFILE, &limit);
	/* The table of descriptors is not what we ask for. */
	close(dup2(0, OPENS + 50));
	opens();
	churn();
	sharers();
	greedy();
	watches();
	return tap_end();
}

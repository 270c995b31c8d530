// SPDX-License-Identifier: GPL-2.0
/* Clients that write and do not read, or read too slowly: W4, E4, I2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define FLOODERS	8
#define WATCHED		ROOT "/watched"
/* All that an open may hold is less than that (I3) */
#define BOUND		(512 * 1024)

/* The stock driver takes one request a write, and any number of them. */
static void flood_main(bool reads)
{
	struct client *c = client_new();
	unsigned int i, batch = is_stock() ? 1 : 64;
	static char buf[64 * 64], in[8192];
	size_t len = 0;

	for (i = 0; i < batch; i++)
		len += msg_string(buf + len, XS_READ, i, 0, KEY);
	client_block(c, !reads);
	for (i = 0; i < 200000; i++) {
		if (write(c->fd, buf, len) < 0 && errno != EAGAIN)
			_exit(1);
		if (!reads)
			continue;
		poll_for(c->fd, POLLIN, 1000);
		while (read(c->fd, in, sizeof(in)) > 0)
			;
	}
	pause();
	_exit(0);
}

static int only_fd(pid_t pid)
{
	char path[64], target[64];
	ssize_t n;
	int fd;

	for (fd = 3; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n > 0 && !memcmp(target, "/proc/xen/", 10))
			return fd;
	}
	return -1;
}

static long held_bytes(pid_t pid)
{
	int fd = only_fd(pid);

	return held(pid, fd, "request-bytes") + held(pid, fd, "reply-bytes") +
	       held(pid, fd, "event-bytes") + held(pid, fd, "watch-bytes");
}

static void flooders(int n)
{
	pid_t pids[FLOODERS];
	int i, blocked = 0, bound = 0, dead = 0;

	scene_begin();
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			flood_main(false);
	}
	scene_goes_on("[I2] %d floods begin", n);
	if (is_stock())
		sleep_ms(1000);
	for (i = 0; i < n && !is_stock(); i++) {
		blocked += sleeps_in(pids[i], SYS_write);
		bound += held_bytes(pids[i]) < BOUND;
	}
	is(blocked, n, "[W4] who writes without reading is stopped");
	is(bound, n, "[I3] with less than %d KiB each", BOUND / 1024);
	scene_goes_on("[I2] %d floods stand", n);
	for (i = 0; i < n; i++) {
		kill(pids[i], SIGKILL);
		dead += waitpid(pids[i], NULL, 0) == pids[i];
	}
	is(dead, n, "[I4] they can be killed");
	scene_goes_on("[I2] %d floods were killed", n);
	scene_end(n == 1 ? "a flood" : "many floods");
}

/* As fast as they can, for ever, and with all that they may have in flight */
static void busy(void)
{
	pid_t pids[FLOODERS];
	int i, dead = 0;

	scene_begin();
	for (i = 0; i < FLOODERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			flood_main(true);
	}
	for (i = 0; i < 3; i++)
		scene_goes_on("[I2] %d floods that read, too", FLOODERS);
	for (i = 0; i < FLOODERS; i++) {
		kill(pids[i], SIGKILL);
		dead += waitpid(pids[i], NULL, 0) == pids[i];
	}
	is(dead, FLOODERS, "[I4] they can be killed");
	scene_end("floods that read");
}

/* Writes to different keys, over the socket: none of our bounds slows it. */
static void write_many(unsigned int first, unsigned int n)
{
	struct client *sock = client_open(socket_path());
	char buf[256], path[64], value[16];
	unsigned int i, answered = 0;
	static struct msg m;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), WATCHED "/%u", (first + i) % 500);
		snprintf(value, sizeof(value), "%u", i);
		if (client_raw(sock, buf, msg_write_req(buf, i, 0, path, value)))
			_exit(1);
		/* No more than the server likes to keep */
		if (i - answered > 16 && !client_recv(sock, &m, PATIENCE_MS))
			answered++;
	}
	while (answered < n && !client_recv(sock, &m, PATIENCE_MS))
		answered++;
	_exit(answered != n);
}

struct seen {
	unsigned int messages, events, other;
	bool root, last;
};

static struct seen read_all(struct client *c)
{
	struct seen seen = { };
	struct msg m;

	while (!client_recv(c, &m, seen.messages ? 1000 : PATIENCE_MS)) {
		seen.messages++;
		seen.events += m.hdr.type == XS_WATCH_EVENT;
		seen.other += m.hdr.type != XS_WATCH_EVENT;
		if (m.hdr.type != XS_WATCH_EVENT)
			continue;
		seen.root |= !strcmp(event_path(&m), "/");
		seen.last |= !strcmp(event_path(&m), WATCHED "/499");
	}
	return seen;
}

static void silent_watcher(void)
{
	struct client *c = client_new();
	unsigned int i, n = scaled(5000, 100000), good = 0;
	struct seen seen;
	pid_t pids[2];
	struct msg m;

	call_string(c, XS_MKDIR, 0, WATCHED, NULL);
	client_close(c);
	scene_begin();
	c = client_new();
	is(call_watch(c, XS_WATCH, "/", "silent"), 0, "[E4] a watch on /");
	client_event(c, &m, PATIENCE_MS);
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			write_many(i * 250, n / 2);
	}
	scene_goes_on("[E4] others write and the watcher does not read");
	for (i = 0; i < 2; i++)
		good += child_wait(pids[i], n * 10 * slow()) == 0;
	is(good, 2, "[E4] %u writes, and nobody reads the events", n);
	if (!is_stock())
		ok(held(getpid(), c->fd, "event-bytes") < 32 * 1024,
		   "[E4] the unread events are bounded");
	scene_goes_on("[E4] afterwards");
	/* It reads at last, but others write all the time: so for a while */
	client_send(c, XS_UNWATCH, 0, "/\0silent", sizeof("/\0silent"));
	seen = read_all(c);
	diag("%u events read", seen.events);
	ok(seen.root || seen.last, "[E4] the watcher learns that something changed");
	ok(seen.events < n / 4, "[E4] and need not read an event for each write");
	is(seen.other, 1, "[E4] then comes the reply to UNWATCH");
	client_close(c);
	scene_end("a watcher that does not read");
}

static void sip_main(void)
{
	unsigned int i, n = 30, seconds = scaled(4, 30);
	struct client *c = client_new();
	static struct msg m;
	uint32_t id = 0;

	if (call_watch(c, XS_WATCH, "/", "sip"))
		_exit(1);
	for (i = 0; i < n; i++)
		id = client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	client_block(c, true);
	for (i = 0; i < seconds; i++, sleep(1))
		if (read(c->fd, c->in + c->have++, 1) != 1)
			_exit(2);
	client_block(c, false);
	_exit(reply_to(c, id, &m) || strcmp(m.body, VALUE) ? 3 : 0);
}

static void sipping(void)
{
	pid_t pid;

	scene_begin();
	pid = fork();
	if (pid == 0)
		sip_main();
	scene_goes_on("[I2] a client reads a byte a second");
	sleep_ms(2000);
	scene_goes_on("[I2] it still does");
	is(child_wait(pid, 60 * 1000), 0,
	   "[R1] when it reads on in the end, the stream is whole");
	scene_end("a byte a second");
}

/* --- One process with very many opens ------------------------------------ */

#define OPENS		100

/* Asks as much as it may by so many opens, and counts the bytes of the answers. */
static void ask_without_end(unsigned int opens, long *bytes)
{
	static char buf[64 * 64], in[8192];
	struct client *c[OPENS];
	size_t len = 0;
	unsigned int i;
	ssize_t n;

	for (i = 0; i < 64; i++)
		len += msg_string(buf + len, XS_READ, i, 0, KEY);
	for (i = 0; i < opens; i++)
		c[i] = client_new();
	for (;;) {
		for (i = 0; i < opens; i++) {
			if (write(c[i]->fd, buf, len) < 0 && errno != EAGAIN)
				_exit(1);
			while ((n = read(c[i]->fd, in, sizeof(in))) > 0)
				__atomic_add_fetch(bytes, n, __ATOMIC_RELAXED);
		}
	}
}

static long counted(const long *bytes)
{
	return __atomic_load_n(bytes, __ATOMIC_RELAXED);
}

/* Two clients for a while, what each got since both have something; false: not both. */
static bool both_get(const long bytes[2], long got[2])
{
	long end = now_ms() + PATIENCE_MS;
	int i;

	while (!(counted(&bytes[0]) && counted(&bytes[1])) && now_ms() < end)
		sleep_ms(10);
	for (i = 0; i < 2; i++)
		got[i] = counted(&bytes[i]);
	sleep_ms(scaled(3000, 10000));
	for (i = 0; i < 2; i++)
		got[i] = counted(&bytes[i]) - got[i];
	return got[0] && got[1];
}

static void end_them(const pid_t *pids, unsigned int n)
{
	while (n--) {
		kill(pids[n], SIGKILL);
		waitpid(pids[n], NULL, 0);
	}
}

static void shares_of_opens(void)
{
	long *bytes = shared_memory(2 * sizeof(*bytes)), got[2];
	pid_t pids[2];
	bool both;
	int i;

	scene_begin();
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			ask_without_end(i ? OPENS : 1, &bytes[i]);
	}
	both = both_get(bytes, got);
	diag("bytes of answers: %ld by one open, %ld by %d opens", got[0], got[1], OPENS);
	ok(both && got[1] <= 2 * got[0],
	   "[I2] a process that floods through %d opens gets no more than one through one",
	   OPENS);
	scene_goes_on("[I2] a process floods through %d opens", OPENS);
	end_them(pids, 2);
	scene_end("a flood through many opens");
}

/* The processes of a group are one client: there may be as many as there like. */
#define PROCESSES	10

static void shares_of_groups(void)
{
	static const char *const groups[] = { "one", "many" };
	long *bytes = shared_memory(2 * sizeof(*bytes)), got[2];
	pid_t pids[1 + PROCESSES];
	bool both;
	int i;

	if (!groups_mounted()) {
		skip("no control groups here", "[I2] a group of many processes");
		return;
	}
	scene_begin();
	for (i = 0; i < 2; i++)
		group_make(groups[i]);
	for (i = 0; i <= PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0 && group_join(groups[!!i]))
			ask_without_end(1, &bytes[!!i]);
		if (pids[i] == 0)
			_exit(1);
	}
	both = both_get(bytes, got);
	diag("bytes of answers: %ld by one process, %ld by %d", got[0], got[1], PROCESSES);
	ok(both && got[1] <= 2 * got[0],
	   "[I2] %d processes of one control group get no more than one of another",
	   PROCESSES);
	end_them(pids, 1 + PROCESSES);
	for (i = 0; i < 2; i++)
		group_remove(groups[i]);
	scene_end("a flood by many processes of a group");
}

static void shares(void)
{
	if (is_stock()) {
		skip("it takes no turns", "[I2] a process with many opens");
		return;
	}
	shares_of_opens();
	shares_of_groups();
}

/* --- Watches that are given back while their events are unread ----------- */

#define PAIRS		2000
/* What others do with slabs meanwhile */
#define NOISE		(128 * 1024)

/* A watch of the largest size, and all watches given back */
static size_t pair_of_requests(char *buf, unsigned int number)
{
	char path[3000], token[1000], body[PAYLOAD_MAX];
	size_t len;

	memset(path, 'p', sizeof(path));
	memcpy(path, ROOT "/", sizeof(ROOT));
	path[sizeof(path) - 1] = '\0';
	memset(token, 't', sizeof(token));
	token[snprintf(token, 16, "%u", number)] = 't';
	token[sizeof(token) - 1] = '\0';
	len = pair(body, path, token);
	body[len++] = '\0';
	len = msg_build(buf, XS_WATCH, 2 * number, 0, body, len);
	return len + msg_build(buf + len, XS_RESET_WATCHES, 2 * number + 1, 0, "", 1);
}

struct pairs {
	char buf[2 * PAYLOAD_MAX];
	size_t len, off;	/* of the pair that was begun */
	unsigned int n;		/* that are written */
};

/* Until all are written, or there is no room for a while */
static void write_pairs(struct client *c, struct pairs *p)
{
	ssize_t n;

	while (p->n < PAIRS) {
		if (p->off == p->len) {
			p->len = pair_of_requests(p->buf, p->n);
			p->off = 0;
		}
		n = write(c->fd, p->buf + p->off, p->len - p->off);
		if (n < 0 && !poll_for(c->fd, POLLOUT, 1000))
			return;
		p->off += n > 0 ? n : 0;
		p->n += p->off == p->len;
	}
}

/* Reads until nothing comes any more; how many replies there were */
static unsigned int read_replies(struct client *c, unsigned int want)
{
	unsigned int n = 0;
	struct msg m;

	while (!client_recv(c, &m, n < want ? PATIENCE_MS : 300))
		n += m.hdr.type != XS_WATCH_EVENT;
	return n;
}

static void given_back_unread(void)
{
	static struct pairs p;
	unsigned int replies, requests;
	long before, bytes, counted;
	struct client *c;

	if (is_stock()) {
		skip("RESET_WATCHES takes the kernel's watches there",
		     "[E4] watches given back while their events are unread");
		return;
	}
	scene_begin_at(NULL);
	c = client_new();
	before = slab_bytes_at_rest(OUR_SLABS);
	write_pairs(c, &p);
	bytes = slab_bytes_at_rest(OUR_SLABS) - before;
	counted = held_bytes(getpid());
	diag("%u pairs written: %ld bytes, and %ld as it counts itself", p.n, bytes, counted);
	if (slabs_are_padded())
		bytes = counted;
	ok(bytes < BOUND + NOISE, "[I3, E4] WATCH and RESET_WATCHES, unread: less than %d KiB",
	   BOUND / 1024);
	replies = read_replies(c, 2 * p.n);
	requests = 2 * (p.n + (p.off < p.len));
	client_raw(c, p.buf + p.off, p.len - p.off);
	replies += read_replies(c, requests - replies);
	is(replies, requests, "[W4] when all is read, all is answered");
	is(held_bytes(getpid()), 0, "[I3] and the open holds nothing");
	client_close(c);
	scene_end("watches given back unread");
}

int main(void)
{
	hostile_begin(scaled(240, 1500));
	given_back_unread();
	silent_watcher();
	sipping();
	busy();
	shares();
	flooders(1);
	flooders(FLOODERS);
	return tap_end();
}

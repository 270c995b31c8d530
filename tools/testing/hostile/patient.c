// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that hold a lock while they write which their reader needs, as libraries
 * do that share a connection among threads. They hang if a write waits for a
 * reply to be read; on the server's socket they do not: W4.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

#define LARGE		ROOT "/a-value-of-4000"	/* 30 characters */
#define LARGE_SIZE	4000
#define WRITERS		200
/* One in so many is large: enough for all the room that there is for replies */
#define SMALL		8

struct shared {
	struct client *c;
	pthread_mutex_t mutex;
	unsigned int each;		/* requests that a writer writes */
	size_t expected, got;		/* bytes of replies */
	unsigned int written, failed;	/* requests; the first under the lock */
	bool stop;
};

static void write_one(struct shared *s)
{
	const char *path = s->written++ % SMALL ? KEY : LARGE;
	char buf[64];
	ssize_t len = msg_string(buf, XS_READ, 1, 0, path);

	if (write(s->c->fd, buf, len) != len)
		__atomic_add_fetch(&s->failed, 1, __ATOMIC_RELAXED);
}

/* All requests with the lock held */
static void write_all(void *arg)
{
	struct shared *s = arg;
	unsigned int i;

	pthread_mutex_lock(&s->mutex);
	for (i = 0; i < s->each && !s->failed; i++)
		write_one(s);
	pthread_mutex_unlock(&s->mutex);
}

/* One of many: takes the lock for each. */
static void write_each(void *arg)
{
	struct shared *s = arg;
	unsigned int i;

	for (i = 0; i < s->each; i++) {
		pthread_mutex_lock(&s->mutex);
		if (!s->failed)
			write_one(s);
		pthread_mutex_unlock(&s->mutex);
	}
}

static void read_locked(void *arg)
{
	static char buf[64 * 1024];
	struct shared *s = arg;
	ssize_t n;

	while (s->got < s->expected && !s->stop) {
		if (!poll_for(s->c->fd, POLLIN, 100))
			continue;
		pthread_mutex_lock(&s->mutex);
		n = read(s->c->fd, buf, sizeof(buf));
		pthread_mutex_unlock(&s->mutex);
		if (n <= 0)
			return;
		__atomic_add_fetch(&s->got, n, __ATOMIC_RELAXED);
	}
}

/* Looks on for as long as there are more replies. */
static bool all_read(struct shared *s, struct job *reader)
{
	size_t before;

	do {
		before = __atomic_load_n(&s->got, __ATOMIC_RELAXED);
		if (job_done(reader, PATIENCE_MS))
			return s->got == s->expected;
	} while (__atomic_load_n(&s->got, __ATOMIC_RELAXED) != before);
	return false;
}

static void give_up(struct shared *s, struct job *jobs, unsigned int n)
{
	unsigned int i;

	s->failed++;
	s->stop = true;
	for (i = 0; i < n; i++)
		if (!job_done(&jobs[i], 0))
			job_interrupt(&jobs[i]);
}

static size_t expected_bytes(unsigned int requests)
{
	unsigned int large = (requests + SMALL - 1) / SMALL;

	return requests * HEADER + large * LARGE_SIZE +
	       (requests - large) * strlen(VALUE);
}

static void play(const char *path, unsigned int writers, unsigned int each,
		 const char *what)
{
	struct shared s = { .each = each, .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct job jobs[WRITERS], reader;
	unsigned int i, gone = 0;
	long begin = now_ms();
	bool done;

	s.c = client_open(path);
	s.expected = expected_bytes(writers * each);
	client_block(s.c, true);
	job_start(&reader, read_locked, &s);
	for (i = 0; i < writers; i++)
		job_start(&jobs[i], writers == 1 ? write_all : write_each, &s);
	done = all_read(&s, &reader);
	diag("%zu of %zu bytes of replies in %ld ms", s.got, s.expected, now_ms() - begin);
	if (!done)
		give_up(&s, jobs, writers);
	for (i = 0; i < writers; i++)
		gone += job_join(&jobs[i], PATIENCE_MS);
	if (gone != writers || !job_join(&reader, PATIENCE_MS))
		bail("threads hang");
	ok(done && !s.failed && s.got == s.expected,
	   "[W4] %s: %u that write %u requests, and who reads takes their lock", what,
	   writers, each);
	client_close(s.c);
}

static void both(const char *path, const char *what)
{
	play(path, 1, 1500, what);
	play(path, WRITERS, 3, what);
}

/* With as much room taken by what is not read as there may be */
static void bound(size_t payload, int want)
{
	struct client *c = client_new();
	char path[128], buf[256];
	int n = 0, len;

	snprintf(path, sizeof(path), "%-*s", (int)payload - 1, LARGE);
	*strchr(path, ' ') = '\0';
	memset(path + strlen(path), '/', payload - 1 - strlen(path));
	path[payload - 1] = '\0';
	len = msg_string(buf, XS_READ, 1, 0, path);
	while (n < 3 * want && write(c->fd, buf, len) == len)
		n++;
	ok(n >= want, "[W4] of requests with %zu bytes of payload %d are taken", payload, want);
	diag("%d", n);
	client_close(c);
}

static void bounds(void)
{
	if (is_stock()) {
		skip("it has no bound", "[W4] how many requests are taken");
		return;
	}
	scene_begin_at(NULL);
	bound(32, 2048);
	/* Where the kernel's memory has no such pieces they take 256. */
	bound(96, access("/sys/kernel/slab/kmalloc-cg-192", F_OK) ? 1024 : 1365);
	scene_end("a writer who does not read");
}

int main(void)
{
	static char value[LARGE_SIZE + 1];

	hostile_begin(240);
	memset(value, 'v', LARGE_SIZE);
	call_write(client_open(socket_path()), 0, LARGE, value);
	both(socket_path(), "the socket");
	/* Processes would get their share of the ring, and it takes longer. */
	scene_begin_at(NULL);
	both(file_path(), "the file");
	scene_goes_on("[I1] afterwards");
	scene_end("a lock for writer and reader");
	bounds();
	return tap_end();
}

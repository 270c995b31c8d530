// SPDX-License-Identifier: GPL-2.0
/* The server stops for a while, with every queue full: nothing is lost. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

#define OPENS	40	/* more than there are slots */
#define FULL	3	/* that write until there is no room: less than closed opens may have */
#define SOME	4	/* requests of each other */
/* All that closed opens may hold, with what is allocated beside (I3) */
#define CLOSED_BYTES	(4 * 1024 * 1024)

struct writer {
	struct client *c;
	unsigned int sent, answered;
	bool wrong;
};

/* Numbers of the opens, and so of their keys, in each scene */
#define FIRST_CLOSED	(3 * OPENS)
#define FIRST_LOOPED	1000

/* The stock driver is never full, and never says that there is room. */
static unsigned int most(unsigned int open)
{
	return open >= FULL ? SOME : is_stock() ? 20 : 1000;
}

static bool has_room(const struct writer *w)
{
	return is_stock() || poll_now(w->c->fd, POLLOUT);
}

/* Numbered WRITEs, until there is no room; few ones are small, too. */
static void fill(struct writer *w, unsigned int number, unsigned int max)
{
	/* As large as either server takes them */
	static char buf[PAYLOAD_MAX], value[2000];
	char path[64];
	size_t len;

	memset(value, 'x', sizeof(value));
	value[max == SOME ? 40 : sizeof(value) - 1] = '\0';
	while (w->sent < max && has_room(w)) {
		snprintf(path, sizeof(path), ROOT "/s/%u/%u", number, w->sent % 2);
		value[snprintf(value, 12, "%u ", w->sent)] = 'x';
		len = msg_write_req(buf, w->sent, 0, path, value);
		if (client_raw(w->c, buf, len))
			break;
		w->sent++;
	}
}

/* The replies come in the order of the requests, one each. */
static void collect(struct writer *w)
{
	static struct msg m;

	while (w->answered < w->sent && !client_recv(w->c, &m, PATIENCE_MS)) {
		w->wrong |= m.hdr.req_id != w->answered || msg_error(&m);
		w->answered++;
	}
}

static bool last_values(unsigned int number, unsigned int sent)
{
	const char *value;
	char path[64];
	unsigned int i;

	for (i = sent > 2 ? sent - 2 : 0; i < sent; i++) {
		snprintf(path, sizeof(path), ROOT "/s/%u/%u", number, i % 2);
		value = peek(path);
		if (!value || strtoul(value, NULL, 10) != i)
			return false;
	}
	return true;
}

static void full_queues(bool kernel_only)
{
	static struct writer w[OPENS];
	unsigned int i, sent = 0, answered = 0, right = 0, kept = 0, full = 0;

	scene_begin_at(kernel_only ? NULL : file_path());
	memset(w, 0, sizeof(w));
	server_stop();
	for (i = 0; i < OPENS; i++) {
		w[i].c = client_new();
		fill(&w[i], i, most(i));
		sent += w[i].sent;
		full += i < FULL && !has_room(&w[i]);
	}
	diag("%u requests of %d opens wait", sent, OPENS);
	is(full, FULL, "[W4] the server stands still, %d opens are full", FULL);
	sleep_ms(1000);
	server_continue();
	for (i = 0; i < OPENS; i++) {
		collect(&w[i]);
		answered += w[i].answered;
		right += !w[i].wrong;
	}
	is(answered, sent, "[W3] it goes on: every request is answered");
	is(right, OPENS, "[W3] in order, and well");
	for (i = 0; i < OPENS; i++)
		kept += last_values(i, w[i].sent);
	is(kept, OPENS, "[W3] and was carried out, the last one last");
	scene_goes_on("[I1] after the server stood still");
	for (i = 0; i < OPENS; i++)
		client_close(w[i].c);
	scene_end(kernel_only ? "full queues" : "full queues, with bystanders");
}

static void close_all(void *arg)
{
	struct writer *w = arg;
	unsigned int i;

	for (i = 0; i < OPENS; i++)
		client_close(w[i].c);
}

/* Closed while it stands: what was written is carried out all the same. */
static void full_and_closed(void)
{
	static struct writer w[OPENS];
	unsigned int i, kept = 0;
	struct job job;
	bool closed;
	long end;

	if (is_stock()) {
		skip("it gives up transactions and watches only", "[I4] closed while full");
		return;
	}
	scene_begin();
	memset(w, 0, sizeof(w));
	server_stop();
	for (i = 0; i < OPENS; i++) {
		w[i].c = client_new();
		fill(&w[i], FIRST_CLOSED + i, most(i));
	}
	job_start(&job, close_all, w);
	closed = job_join(&job, PATIENCE_MS);
	server_continue();
	ok(closed, "[I4] %d closes with full queues while the server stands still", OPENS);
	end = now_ms() + 4 * PATIENCE_MS;
	for (i = 0; i < OPENS; i++) {
		while (!last_values(FIRST_CLOSED + i, w[i].sent) && now_ms() < end)
			sleep_ms(100);
		kept += last_values(FIRST_CLOSED + i, w[i].sent);
	}
	is(kept, OPENS, "[I4] when it goes on, all that was written is carried out");
	scene_goes_on("[I1] after that");
	scene_end("full queues that are closed");
}

/*
 * Opens that are closed while the server stands still, over and over: no limit
 * on descriptors counts them. What they wrote is kept up to a bound, the opens
 * themselves only if something of theirs has to go to the server. Returns the
 * bytes that they take.
 */
static long close_over_and_over(int n, unsigned int max)
{
	long before = slab_bytes_at_rest(OUR_SLABS);
	static unsigned int number = FIRST_LOOPED;
	struct writer w = { };
	int i;

	for (i = 0; i < n; i++) {
		w.c = client_new();
		w.sent = 0;
		fill(&w, number++, max);
		client_close(w.c);
	}
	return slab_bytes_at_rest(OUR_SLABS) - before;
}

/* Of those opens, how many the server had a request of before it answered this */
static int were_before(struct client *c, uint32_t directory)
{
	static struct msg m;
	const char *name;
	int n = 0;

	if (reply_to(c, directory, &m) || msg_error(&m))
		return -1;
	for (name = m.body; name < m.body + m.hdr.len; name += strlen(name) + 1)
		n += strtoul(name, NULL, 10) >= FIRST_LOOPED;
	return n;
}

/* The server has a megabyte of requests to carry out, and takes its time. */
static bool carried_out(long before)
{
	long end = now_ms() + 4 * PATIENCE_MS;

	while (slab_bytes(OUR_SLABS) > before + 128 * 1024) {
		if (now_ms() > end)
			return false;
		sleep_ms(200);
	}
	return true;
}

static void closed_over_and_over(void)
{
	long some, full, idle, slab = slab_bytes(OUR_SLABS);
	struct client *c;
	uint32_t id;
	int before;

	/* Processes would get impatient. */
	scene_begin_at(NULL);
	server_stop();
	some = close_over_and_over(300, SOME);
	c = client_new();
	id = client_send(c, XS_DIRECTORY, 0, ROOT "/s", sizeof(ROOT "/s"));
	full = close_over_and_over(300, most(0));
	some += close_over_and_over(4000, SOME);
	idle = close_over_and_over(4000, 0);
	server_continue();
	diag("300 full opens: %ld bytes, 4300 with %d requests: %ld, 4000 idle: %ld",
	     full, SOME, some, idle);
	ok(full < CLOSED_BYTES, "[I3] full opens, closed over and over, are bounded together");
	ok(some < CLOSED_BYTES, "[I3] and small ones");
	ok(idle < CLOSED_BYTES / 4, "[I3] and idle ones");
	before = were_before(c, id);
	diag("%d of 300 closed opens got to the server before it", before);
	ok(before >= 0 && before < 150, "[I2] one who is open does not wait for all of them");
	client_close(c);
	ok(carried_out(slab), "[I4] what they wrote is carried out");
	scene_goes_on("[I1] after that");
	scene_end("opens closed over and over");
}

int main(void)
{
	hostile_begin(240);
	full_queues(true);
	full_queues(false);
	full_and_closed();
	closed_over_and_over();
	return tap_end();
}

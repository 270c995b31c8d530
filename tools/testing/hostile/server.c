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
#define FULL	6	/* that write until there is no room */
#define SOME	4	/* requests of each other */

struct writer {
	struct client *c;
	unsigned int sent, answered;
	bool wrong;
};

/*
 * Numbered WRITEs, of some opens until there is no room: the stock driver is
 * never full.
 */
static void fill(struct writer *w, unsigned int number)
{
	unsigned int max = number % OPENS >= FULL ? SOME : is_stock() ? 20 : 1000;
	/* As large as either server takes them */
	static char buf[PAYLOAD_MAX], value[2000];
	char path[64];
	size_t len;

	memset(value, 'x', sizeof(value));
	value[max == SOME ? 40 : sizeof(value) - 1] = '\0';
	while (w->sent < max && poll_now(w->c->fd, POLLOUT)) {
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
		fill(&w[i], i);
		sent += w[i].sent;
		full += i < FULL && !poll_now(w[i].c->fd, POLLOUT);
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
	unsigned int i, j, kept = 0;
	struct job job;
	bool closed;

	if (is_stock()) {
		skip("it gives up transactions and watches only", "[I4] closed while full");
		return;
	}
	scene_begin();
	memset(w, 0, sizeof(w));
	server_stop();
	for (i = 0; i < OPENS; i++) {
		w[i].c = client_new();
		fill(&w[i], 3 * OPENS + i);
	}
	job_start(&job, close_all, w);
	closed = job_join(&job, PATIENCE_MS);
	server_continue();
	ok(closed, "[I4] %d closes with full queues while the server stands still", OPENS);
	for (i = 0; i < OPENS; i++) {
		for (j = 0; j < 150 && !last_values(3 * OPENS + i, w[i].sent); j++)
			sleep_ms(100);
		kept += j < 150;
	}
	is(kept, OPENS, "[I4] when it goes on, all that was written is carried out");
	scene_goes_on("[I1] after that");
	scene_end("full queues that are closed");
}

int main(void)
{
	hostile_begin(240);
	full_queues(true);
	full_queues(false);
	full_and_closed();
	return tap_end();
}

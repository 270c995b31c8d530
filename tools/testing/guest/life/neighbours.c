// SPDX-License-Identifier: GPL-2.0
/* What one process can do to the others: I1, I2 */
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "job.h"
#include "life.h"
#include "pages.h"
#include "process.h"
#include "server.h"
#include "tap.h"

/* The reader sleeps in a page fault while a second reply comes for it. */
static void lazy_reader(void)
{
	struct client *c = client_new();
	struct lazy_page page;
	struct transfer io;
	struct job job;

	if (!lazy_page(&page)) {
		skip("no userfaultfd", "[I1] a reader in a page fault");
		client_close(c);
		return;
	}
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	poll_for(c->fd, POLLIN, DEADLINE_MS);
	io = (struct transfer){ .fd = c->fd, .buf = page.addr, .len = 256 };
	job_start(&job, transfer_read, &io);
	ok(lazy_wait(&page, DEADLINE_MS), "[I1] a reader sleeps in a page fault");
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	sleep_ms(100);
	ok(others_work(), "[I1] while replies come for it, another open works");
	lazy_resolve(&page, NULL, 0);
	ok(job_join(&job, DEADLINE_MS) && io.n > 0, "[I1] the reader gets its reply in the end");
	job_done(&job, 3 * DEADLINE_MS);
	ok(others_work(), "[I1] and all goes on");
	client_close(c);
}

/* A writer sleeps in a page fault while a reply comes for its open. */
static void lazy_writer(void)
{
	struct client *c = client_new();
	struct lazy_page page;
	char req[128];
	struct msg m;
	struct transfer io;
	struct job job;
	size_t len;

	if (!lazy_page(&page)) {
		skip("no userfaultfd", "[I1] a writer in a page fault");
		client_close(c);
		return;
	}
	len = msg_string(req, XS_READ, 77, 0, KEY);
	server_stop();
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	io = (struct transfer){ .fd = c->fd, .buf = page.addr, .len = len };
	job_start(&job, transfer_write, &io);
	ok(lazy_wait(&page, DEADLINE_MS), "[I1] a writer sleeps in a page fault");
	server_continue();
	sleep_ms(100);
	ok(others_work(), "[I1] while a reply comes for it, another open works");
	ok(!client_reply(c, &m), "[I1] and that reply can be read");
	lazy_resolve(&page, req, len);
	ok(job_join(&job, DEADLINE_MS) && io.n == (ssize_t)len,
	   "[I1] the writer gets through in the end");
	job_done(&job, 3 * DEADLINE_MS);
	ok(!client_reply(c, &m) && m.hdr.req_id == 77, "[I1] and its request is answered");
	client_close(c);
}

static void flood(void)
{
	pid_t pids[3];
	unsigned int i, n = 20, good = 0;

	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			flood_child(20000);
	}
	sleep_ms(200);
	for (i = 0; i < n && others_work(); i++)
		good++;
	is(good, n, "[I2] three floods that never read: another open gets its replies");
	for (i = 0; i < 3; i++) {
		kill(pids[i], SIGKILL);
		child_wait(pids[i], DEADLINE_MS);
	}
	for (i = 0; i < 10 && !others_work(); i++)
		;
	ok(i < 10, "[I4] they can be killed, and all goes on");
}

void neighbours(void)
{
	lazy_reader();
	lazy_writer();
	flood();
}

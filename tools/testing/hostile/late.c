// SPDX-License-Identifier: GPL-2.0
/*
 * The first WATCH of all comes while the server stands still. It has to wait, but
 * no thread of the kernel's: that is a complaint on the console, which ends the
 * run: I1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

#define HUNG_TASKS	"/proc/sys/kernel/hung_task_timeout_secs"
/* Two looks of the kernel's at who sleeps, and some more */
#define HUNG_SECONDS	5
#define STILL_MS	13000

static long hung_seconds;

static void restore(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", hung_seconds);
	file_put(HUNG_TASKS, text);
}

static void look_for_hung_tasks(void)
{
	char text[32];

	hung_seconds = file_number(HUNG_TASKS);
	if (hung_seconds < 0)
		bail("this kernel does not look for tasks that hang");
	atexit(restore);
	snprintf(text, sizeof(text), "%d", HUNG_SECONDS);
	file_put(HUNG_TASKS, text);
}

static void late_watch(void)
{
	static const char watch[] = KEY "\0late";
	struct client *c = client_new();
	struct msg m;
	uint32_t id;

	server_stop();
	id = client_send(c, XS_WATCH, 0, watch, sizeof(watch));
	ok(id, "[W4] a WATCH is written while the server stands still");
	is(client_recv(c, &m, STILL_MS), -ETIMEDOUT,
	   "[I1] it waits, and no thread of the kernel's hangs");
	server_continue();
	ok(!client_recv(c, &m, PATIENCE_MS) && m.hdr.type == XS_WATCH &&
	   m.hdr.req_id == id, "[E2] when the server goes on, the WATCH is OK");
	ok(!client_recv(c, &m, PATIENCE_MS) && m.hdr.type == XS_WATCH_EVENT &&
	   !strcmp(event_path(&m), KEY), "[E2] and its event comes");
	client_close(c);
}

int main(void)
{
	hostile_begin(120);
	/* It would wait for the server, as it may. */
	if (!module_unload("kuser"))
		bail("the kernel's user of xenstore does not go");
	look_for_hung_tasks();
	late_watch();
	ok(server_alive(), "[I1] afterwards");
	return tap_end();
}

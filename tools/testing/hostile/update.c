// SPDX-License-Identifier: GPL-2.0
/*
 * xenstored replaces itself by a new program, with all clients there and busy (a live
 * update, five times in a row): nobody sees it: W3, E2, T1. While one is pending, since
 * somebody has a transaction, it postpones STARTs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

#define TIMES	5

/* What runs; the update starts it once more. */
static char program[256];

static bool server_program(void)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%d/exe", server_pid());
	len = readlink(link, program, sizeof(program) - 1);
	program[len < 0 ? 0 : len] = '\0';
	return len > 0;
}

/* It waits until no transaction is open, for a minute at most. */
static pid_t begin_update(void)
{
	pid_t pid = fork();

	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp("xenstore-control", "xenstore-control", "live-update", "-t", "60",
		       program, NULL);
		_exit(127);
	}
	return pid;
}

static bool ends(pid_t update)
{
	return update > 0 && !child_wait(update, 4 * PATIENCE_MS);
}

/* Its watch is as old as the first program. */
static struct client *watcher;

static void watch_lives(int time)
{
	static struct msg m;
	char value[16];

	snprintf(value, sizeof(value), "%d", time);
	is(call_write(watcher, 0, KEY, value), 0, "[W1] update %d: WRITE", time);
	ok(!client_event(watcher, &m, PATIENCE_MS) && !strcmp(event_path(&m), KEY),
	   "[E2] update %d: the watch sees it", time);
	ok(client_quiet(watcher), "[E2] update %d: once", time);
}

/* Those of before it is pending are answered. */
static uint32_t start_postponed(struct client *c)
{
	long end = now_ms() + PATIENCE_MS;
	static struct msg m;
	uint32_t id;

	while (now_ms() < end) {
		id = client_send(c, XS_TRANSACTION_START, 0, "", 1);
		if (client_recv(c, &m, 500))
			return id;
		if (msg_error(&m) || call_end(c, atoi(m.body), false))
			break;
	}
	return 0;
}

/* Longer than the module looks for replies that don't come */
static int reads_in_five_seconds(struct client *c)
{
	int n = 0, i;

	for (i = 0; i < 5; i++) {
		n += !patient_string(c, XS_READ, 0, KEY, NULL);
		sleep_ms(1000);
	}
	return n;
}

static void postponed(void)
{
	struct client *holder = client_open(socket_path()), *other = client_new();
	struct client *c = client_new();
	static struct msg m;
	uint32_t held, id;
	pid_t pid;

	is(call_start(holder, &held), 0, "[T1] somebody else has a transaction");
	pid = begin_update();
	id = start_postponed(c);
	ok(id, "[T1] a START is not answered while an update is pending");
	is(reads_in_five_seconds(other), 5, "[I1] others are");
	ok(client_quiet(c), "[T1] nor is it in the server's place");
	is(call_end(holder, held, false), 0, "[T1] the transaction ends");
	ok(ends(pid), "[W3] the update is done");
	is(reply_to(c, id, &m), 0, "[T1, W3] the START is answered");
	held = msg_error(&m) ? 0 : strtoul(m.body, NULL, 10);
	ok(held, "[T1] by its number");
	is(call_write(c, held, KEY, VALUE), 0, "[T1] which can be used");
	is(call_end(c, held, true), 0, "[T1] and ended");
	client_close(holder);
	client_close(other);
	client_close(c);
}

int main(void)
{
	static struct msg m;
	int i;

	hostile_begin(240);
	if (!server_is_c() || server_is_remote() || !server_program()) {
		skip("this server has no live update here", "[W3] a live update");
		return tap_end();
	}
	watcher = client_new();
	is(call_watch(watcher, XS_WATCH, KEY, "t"), 0, "[E1] WATCH");
	is(client_event(watcher, &m, PATIENCE_MS), 0, "[E2] and its event");
	scene_begin();
	for (i = 1; i <= TIMES; i++) {
		ok(ends(begin_update()), "[W3] update %d is done", i);
		scene_goes_on("[W3, E2, T1] update %d", i);
		watch_lives(i);
	}
	scene_end("live updates");
	postponed();
	client_close(watcher);
	ok(server_alive(), "[I1] afterwards");
	return tap_end();
}

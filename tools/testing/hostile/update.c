// SPDX-License-Identifier: GPL-2.0
/*
 * xenstored replaces itself by a new program, with all clients there and busy (a live
 * update, five times in a row): nobody sees it: W3, E2, T1.
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
static bool update(void)
{
	pid_t pid = fork();

	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp("xenstore-control", "xenstore-control", "live-update", "-t", "60",
		       program, NULL);
		_exit(127);
	}
	return pid > 0 && !child_wait(pid, 4 * PATIENCE_MS);
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
		ok(update(), "[W3] update %d is done", i);
		scene_goes_on("[W3, E2, T1] update %d", i);
		watch_lives(i);
	}
	scene_end("live updates");
	client_close(watcher);
	ok(server_alive(), "[I1] afterwards");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* Those who have a transaction and want another, or do nothing with the one */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "line.h"

/* All who have one ask for a second: they would wait for each other. */
static void want_two(void)
{
	struct client *has[PLACES], *other;
	unsigned int i, refused = 0;
	uint32_t tx;

	scene_begin_at(NULL);
	take_all(has);
	for (i = 0; i < PLACES; i++)
		refused += call_start(has[i], &tx) == ENOSPC;
	is(refused, PLACES, "[T3] who has one, and asks for another: ENOSPC at once");
	other = starter();
	is(behind(other), 0, "[T3] who has none waits");
	is(call_start(has[0], &tx), ENOSPC, "[T3] and the others do not, still");
	client_close(has[0]);
	ok(starts(other), "[T3, T1] a close makes room");
	close_some(has + 1, PLACES - 1);
	client_close(other);
	scene_end("all want two");
}

/* Two in one write: for the second there is no place, and the first is held. */
static void two_at_once(void)
{
	struct client *has[PLACES], *c = client_new();
	char buf[64];
	size_t len;

	scene_begin_at(NULL);
	take_all(has);
	len = msg_string(buf, XS_TRANSACTION_START, 1, 0, "");
	len += msg_string(buf + len, XS_TRANSACTION_START, 2, 0, "");
	client_raw(c, buf, len);
	is(behind(c), 0, "[T3] two STARTs in one write: the first waits");
	client_close(has[0]);
	ok(starts(c), "[T3] it is served");
	is(started(c), ENOSPC, "[T3] the second is not");
	close_some(has + 1, PLACES - 1);
	client_close(c);
	scene_end("two STARTs");
}

/* One process that has all, by some of its handles, and waits by another */
static struct client *begin_two_handles(struct client *has[PLACES])
{
	scene_begin_at(NULL);
	take_all(has);
	return starter();
}

static void end_two_handles(struct client *has[PLACES], struct client *c,
			    const char *what)
{
	close_some(has, PLACES);
	client_close(c);
	scene_end(what);
}

static void two_handles(void)
{
	struct client *has[PLACES], *c = begin_two_handles(has);

	ok(waits(c), "[T3] a process waits for what it has itself, by another handle");
	client_send(has[2], XS_RESET_WATCHES, 0, "", 1);
	ok(starts(c), "[T3] and gets it when it gives one back");
	end_two_handles(has, c, "two handles");
}

static void hold_main(bool *holds, bool reads)
{
	struct client *c = starter();
	struct msg m;

	*holds = reads ? !client_recv(c, &m, PATIENCE_MS) : true;
	for (;;)
		pause();
}

/*
 * Processes that have all of them, all stopped, of which the first one has never
 * read; and two that wait.
 */
static void begin_stopped(pid_t pids[PLACES], struct client *waiting[2])
{
	bool *holds = shared_memory(PLACES);
	unsigned int i;

	scene_begin_at(NULL);
	for (i = 0; i < PLACES; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			hold_main(&holds[i], i);
		while (!__atomic_load_n(&holds[i], __ATOMIC_RELAXED))
			sleep_ms(5);
	}
	/* So that the START of the one that does not read is dispatched, too */
	scene_goes_on("[T3] processes have all transactions");
	for (i = 0; i < PLACES; i++)
		kill(pids[i], SIGSTOP);
	for (i = 0; i < 2; i++)
		waiting[i] = starter();
}

static void end_stopped(const pid_t pids[PLACES], struct client *waiting[2],
			const char *what)
{
	unsigned int i;

	for (i = 0; i < PLACES; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	close_some(waiting, 2);
	scene_end(what);
}

static void stopped(void)
{
	struct client *c[2];
	pid_t pids[PLACES];

	begin_stopped(pids, c);
	is(behind(c[1]), 1, "[T3] two wait for processes that are stopped");
	scene_goes_on("[T3, I1] with those in line");
	ok(waits(c[0]), "[T3] they wait");
	kill(pids[0], SIGKILL);
	ok(starts(c[0]), "[T3] one that never read is killed: the first is served");
	kill(pids[1], SIGKILL);
	ok(starts(c[1]), "[T3] one that was stopped: the second is served");
	end_stopped(pids, c, "holders that are stopped");
}

void holders(void)
{
	want_two();
	two_at_once();
	two_handles();
	stopped();
}

/* Nobody gives one back: who waits has an answer all the same. */
static void stopped_for_long(void)
{
	struct client *c[2];
	pid_t pids[PLACES];

	begin_stopped(pids, c);
	is(started(c[0]), ENOSPC, "[T3] who waits for processes that are stopped: ENOSPC");
	is(started(c[1]), ENOSPC, "[T3] so has the next one");
	end_stopped(pids, c, "holders that are stopped for long");
}

static void two_handles_for_long(void)
{
	struct client *has[PLACES], *c = begin_two_handles(has);

	is(started(c), ENOSPC,
	   "[T3] a process waits for what it has itself, by another handle: ENOSPC");
	end_two_handles(has, c, "two handles for long");
}

void holders_for_long(void)
{
	stopped_for_long();
	two_handles_for_long();
}

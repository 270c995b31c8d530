// SPDX-License-Identifier: GPL-2.0
/*
 * The host of the initial domain goes to sleep, with xenstored frozen like any other
 * process, and requests unanswered: that must not keep it awake, and when it wakes
 * all goes on: I1, W3.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define FLOODERS	4
#define WINDOW		40	/* READs of each that have no answer */
#define TIMES		3

/* --- Beside a flood ----------------------------------------------------- */

static long *answers;		/* of each, in shared memory */

static void flooder_main(long *count)
{
	struct client *c = client_new();
	static struct msg m;
	unsigned int i;

	for (i = 0; i < WINDOW; i++)
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	while (!client_recv(c, &m, PATIENCE_MS) && !msg_error(&m)) {
		__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	}
	_exit(1);
}

static bool flood_goes_on(void)
{
	long before[FLOODERS], end = now_ms() + PATIENCE_MS;
	unsigned int i;

	for (i = 0; i < FLOODERS; i++)
		before[i] = __atomic_load_n(&answers[i], __ATOMIC_RELAXED);
	for (i = 0; i < FLOODERS; i++)
		while (__atomic_load_n(&answers[i], __ATOMIC_RELAXED) <
		       before[i] + 2 * WINDOW) {
			if (now_ms() > end)
				return false;
			sleep_ms(2);
		}
	return true;
}

static void beside_flood(void)
{
	unsigned int i, live = 0;
	pid_t pids[FLOODERS];

	scene_begin();
	answers = shared_memory(FLOODERS * sizeof(*answers));
	for (i = 0; i < FLOODERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			flooder_main(&answers[i]);
	}
	ok(flood_goes_on(), "[W3] %d processes READ without a pause", FLOODERS);
	for (i = 1; i <= TIMES; i++) {
		is(sleep_once(), 0, "[I1] time %u: the host goes to sleep", i);
		ok(flood_goes_on(), "[W3, I1] time %u: it wakes, and all are answered", i);
	}
	scene_goes_on("[I1] after that");
	for (i = 0; i < FLOODERS; i++) {
		live += waitpid(pids[i], NULL, WNOHANG) == 0;
		kill(pids[i], SIGKILL);
		child_ends(pids[i]);
	}
	is(live, FLOODERS, "[W3] nobody missed an answer");
	scene_end("a host that goes to sleep");
}

/* --- While the server stands still --------------------------------------- */

/* Other tests may have had it on the ring. */
static void fill_ring(struct client *c)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		patient_string(c, XS_READ, 0, KEY, NULL);
}

static bool on_ring(const char *what)
{
	long end = now_ms() + PATIENCE_MS;
	char past[1024];

	do {
		pretend_past(past);
		if (memmem(past, sizeof(past), what, strlen(what)))
			return true;
		sleep_ms(5);
	} while (now_ms() < end);
	return false;
}

/*
 * The first WATCH of all: the core is asked to set one that stands for all, and the
 * thread that does so waits for the server. It can't be frozen.
 */
static void while_core_waits(void)
{
	static const char watch[] = KEY "\0token";
	struct client *c = client_new(), *other = client_open(stock_path());
	static struct msg m;
	uint32_t id;

	module_unload("kuser");
	fill_ring(other);
	pretend_begin();
	id = client_send(c, XS_WATCH, 0, watch, sizeof(watch));
	if (ok(pretend_receive(&m) && m.hdr.type == XS_READ,
	       "[E2] the first WATCH of all: is the server there?"))
		pretend_send(XS_READ, &m, "0", 1);
	/* The kernel looks, and the server will answer it. */
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	ok(on_ring("xenfs/carrier"), "[E2] the core sets one, and waits for the server");
	is(sleep_once(), 0, "[I1] the host goes to sleep");
	pretend_end();
	ok(!client_recv(c, &m, PATIENCE_MS) && m.hdr.type == XS_WATCH &&
	   m.hdr.req_id == id, "[E2] it wakes, the server goes on: the WATCH is OK");
	is(client_event(c, &m, PATIENCE_MS), 0, "[E2] and its event comes");
	client_close(c);
	client_close(other);
}

int main(void)
{
	hostile_begin(240);
	if (!can_sleep("[I1] the host goes to sleep"))
		return tap_end();
	beside_flood();
	if (can_pretend("[I1] the host goes to sleep while the core waits"))
		while_core_waits();
	ok(server_alive(), "[I1] afterwards");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A task of real-time priority that never sleeps keeps a processor to itself, and
 * whatever is bound to that one waits. Requests that begin on the other are
 * answered all the same: I1.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define RT_RUNTIME	"/proc/sys/kernel/sched_rt_runtime_us"
#define BATCH		64
#define LOADS		2
/* It depends on where the module's work just is: some tries for each processor */
#define TRIES		8
/* The spinning ends by itself after that, or when all is answered */
#define SPIN_MS		(4000 * slow())

static long rt_runtime = -1;

static void restore(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", rt_runtime);
	if (rt_runtime != -1)
		file_put(RT_RUNTIME, text);
}

static bool pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return !sched_setaffinity(pid, sizeof(set), &set);
}

static void spin_main(int cpu, bool *spins)
{
	struct sched_param param = { .sched_priority = 50 };
	long end;

	if (!pin(0, cpu) || sched_setscheduler(0, SCHED_FIFO, &param))
		_exit(1);
	end = now_ms() + SPIN_MS;
	__atomic_store_n(spins, true, __ATOMIC_RELEASE);
	while (now_ms() < end)
		;
	__atomic_store_n(spins, false, __ATOMIC_RELEASE);
	_exit(0);
}

/* A batch of READs, of which a stock driver takes one a write; none on failure */
static unsigned int send_batch(struct client *c)
{
	static char buf[BATCH * 64];
	size_t len = 0, one;
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		one = msg_string(buf + len, XS_READ, i, 0, KEY);
		if (is_stock() && client_raw(c, buf + len, one))
			return 0;
		len += one;
	}
	return !is_stock() && client_raw(c, buf, len) ? 0 : BATCH;
}

static unsigned int collect_batch(struct client *c, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	static struct msg m;
	unsigned int n = 0;

	while (n < BATCH && !client_recv(c, &m, end - now_ms()))
		n += m.hdr.req_id == n && !strcmp(m.body, VALUE);
	return n;
}

/* Keeps the module at work, wherever the scheduler likes that to be. */
static void load_main(void)
{
	struct client *c = client_new();

	while (send_batch(c) == BATCH)
		if (collect_batch(c, SPIN_MS + PATIENCE_MS) != BATCH)
			break;
	_exit(1);
}

/* True if all is answered before the spinning ends */
static bool answered_beside(int cpu, bool *spins)
{
	struct client *c = client_new();
	unsigned int n = 0;
	bool ret;
	pid_t pid;

	*spins = false;
	pid = fork();
	if (pid == 0)
		spin_main(cpu, spins);
	while (!__atomic_load_n(spins, __ATOMIC_ACQUIRE) && !waitpid(pid, NULL, WNOHANG))
		sleep_ms(1);
	if (send_batch(c) == BATCH)
		n = collect_batch(c, SPIN_MS + PATIENCE_MS);
	ret = n == BATCH && __atomic_load_n(spins, __ATOMIC_ACQUIRE);
	if (!ret)
		diag("%u of %d answered, and it spins no more", n, BATCH);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	client_close(c);
	return ret;
}

static void one_is_kept(int cpu, int other)
{
	bool *spins = shared_memory(sizeof(*spins));
	int i, n = 0;

	/* What is not the module's gets out of the way. */
	if (!pin(0, other) || !pin(server_pid(), other))
		bail("a task can't be bound to processor %d: %s", other, strerror(errno));
	for (i = 0; i < TRIES && n == i; i++) {
		sleep_ms(20);
		n += answered_beside(cpu, spins);
	}
	is(n, TRIES, "[I1] processor %d is kept: requests from the other are answered", cpu);
}

static void kept(void)
{
	pid_t pids[LOADS];
	cpu_set_t all;
	int i;

	sched_getaffinity(0, sizeof(all), &all);
	/* Processes would get impatient. */
	scene_begin_at(NULL);
	for (i = 0; i < LOADS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			load_main();
	}
	one_is_kept(0, 1);
	one_is_kept(1, 0);
	sched_setaffinity(0, sizeof(all), &all);
	sched_setaffinity(server_pid(), sizeof(all), &all);
	for (i = 0; i < LOADS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	scene_goes_on("[I1] afterwards");
	scene_end("a processor that is kept");
}

int main(void)
{
	hostile_begin(240);
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		skip("there is one processor", "[I1] a processor that is kept");
		return tap_end();
	}
	rt_runtime = file_number(RT_RUNTIME);
	atexit(restore);
	if (!file_put(RT_RUNTIME, "-1"))
		bail("real-time tasks can't have all of a processor");
	kept();
	return tap_end();
}

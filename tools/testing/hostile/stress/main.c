// SPDX-License-Identifier: GPL-2.0
/*
 * usage: stress.test [SEED [SECONDS]]
 * Processes of threads that do at random whatever can be done to the file, with
 * buffers that are odd, while signals come, and now and then the whole process
 * is killed. XENFS_STRESS_SEED and XENFS_STRESS_SECONDS do the same. The seed
 * decides what each thread does, not when.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

#define PROCESSES	3
#define THREADS		4

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	refill(w);
	while (!stopped())
		one_call(w, true);
	__atomic_store_n(&w->ended, true, __ATOMIC_RELEASE);
	return NULL;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Wakes threads out of what they sleep in, until all have ended. */
static void process_main(unsigned int seed)
{
	struct sigaction action = { .sa_handler = on_signal };
	static struct worker w[THREADS];
	unsigned int i, running;

	sigaction(SIGUSR1, &action, NULL);
	calls_begin();
	for (i = 0; i < THREADS; i++) {
		w[i].seed = seed * THREADS + i;
		if (pthread_create(&w[i].thread, NULL, worker_main, &w[i]))
			_exit(1);
	}
	do {
		sleep_ms(3);
		for (i = 0, running = 0; i < THREADS; i++) {
			if (__atomic_load_n(&w[i].ended, __ATOMIC_ACQUIRE))
				continue;
			running++;
			if (rand_r(&seed) % 4 == 0)
				pthread_kill(w[i].thread, SIGUSR1);
		}
	} while (running);
	_exit(0);
}

static pid_t process(unsigned int seed)
{
	pid_t pid = fork();

	if (pid == 0)
		process_main(seed);
	return pid;
}

int main(int argc, char **argv)
{
	unsigned int seed = env_number("XENFS_STRESS_SEED", time(NULL) % 100000);
	unsigned int seconds = env_number("XENFS_STRESS_SECONDS", 20);
	unsigned int i, killed = 0, gone = 0, good = 0;
	pid_t pids[PROCESSES];
	long end, calls_before = 0, quiet = 0;

	if (argc > 1)
		seed = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seconds = strtoul(argv[2], NULL, 10);
	hostile_begin(seconds + 180);
	diag("seed %u, %u seconds", seed, seconds);
	shared = shared_memory(sizeof(*shared));
	scene_begin();
	for (i = 0; i < PROCESSES; i++)
		pids[i] = process(seed + i);
	end = now_ms() + seconds * 1000;
	while (now_ms() < end) {
		sleep_ms(500);
		quiet += shared->calls == calls_before;
		calls_before = shared->calls;
		i = killed % PROCESSES;
		kill(pids[i], SIGKILL);
		gone += waitpid(pids[i], NULL, 0) == pids[i];
		killed++;
		pids[i] = process(seed + PROCESSES + killed);
	}
	scene_goes_on("[I1] after %u seconds of stress", seconds);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < PROCESSES; i++)
		good += child_ends(pids[i]) == 0;
	diag("%ld calls, %ld bytes written, %ld read, %ld times half a second without",
	     shared->calls, shared->taken, shared->got, quiet);
	is(gone, killed, "[I4] who is killed is gone");
	is(good, PROCESSES, "[I4] who is told to end does");
	ok(shared->calls && shared->taken && shared->got, "[W1, R1] something was done");
	ok(server_alive(), "[W5] the server lives");
	scene_end("stress");
	return tap_end();
}

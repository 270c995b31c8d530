// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "deadline.h"
#include "job.h"
#include "tap.h"

static void *job_main(void *arg)
{
	struct job *job = arg;

	job->fn(job->arg);
	__atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
	return NULL;
}

bool job_start(struct job *job, void (*fn)(void *arg), void *arg)
{
	job->fn = fn;
	job->arg = arg;
	job->done = false;
	return !pthread_create(&job->thread, NULL, job_main, job);
}

bool job_done(struct job *job, int timeout_ms)
{
	long end = now_ms() + timeout_ms;

	while (!__atomic_load_n(&job->done, __ATOMIC_ACQUIRE)) {
		if (now_ms() >= end)
			return false;
		sleep_ms(2);
	}
	return true;
}

bool job_join(struct job *job, int timeout_ms)
{
	if (!job_done(job, timeout_ms))
		return false;
	pthread_join(job->thread, NULL);
	return true;
}

void jobs_run(void (*fn)(void *arg), void *args, size_t size, int n, int timeout_ms,
	      const char *what)
{
	struct job *jobs = calloc(n, sizeof(*jobs));
	int i;

	for (i = 0; i < n; i++)
		if (!job_start(&jobs[i], fn, (char *)args + i * size))
			bail("no thread");
	for (i = 0; i < n; i++)
		if (!job_join(&jobs[i], timeout_ms))
			bail("%s: thread %d hangs", what, i);
	free(jobs);
}

static void on_signal(int sig)
{
	(void)sig;
}

void job_interrupt(struct job *job)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &sa, NULL);
	pthread_kill(job->thread, SIGUSR1);
}

void transfer_read(void *arg)
{
	struct transfer *t = arg;

	t->n = read(t->fd, t->buf, t->len);
	t->err = errno;
}

void transfer_write(void *arg)
{
	struct transfer *t = arg;

	t->n = write(t->fd, t->buf, t->len);
	t->err = errno;
}

void transfer_interrupted(struct job *job, const char *what)
{
	const struct transfer *t = job->arg;

	ok(!job_done(job, 300), "%s waits", what);
	job_interrupt(job);
	if (!ok(job_join(job, DEADLINE_MS), "%s: a signal wakes it", what))
		bail("%s hangs", what);
	if (!ok(t->n == -1 && t->err == EINTR, "%s: with EINTR", what))
		diag("%zd, errno %d", t->n, t->err);
}

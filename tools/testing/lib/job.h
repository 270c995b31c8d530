/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that must be done in time */
#ifndef JOB_H
#define JOB_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct job {
	pthread_t thread;
	void (*fn)(void *arg);
	void *arg;
	volatile bool done;
};

bool job_start(struct job *job, void (*fn)(void *arg), void *arg);
bool job_done(struct job *job, int timeout_ms);
/* True if it was done in time; only then is the thread gone. */
bool job_join(struct job *job, int timeout_ms);
/*
 * One for each of @n arguments of @size bytes, and wait until all are done. If one isn't
 * within that time it is the end of the program: it may still use what it has.
 */
void jobs_run(void (*fn)(void *arg), void *args, size_t size, int n, int timeout_ms,
	      const char *what);
/* A signal for it, which does nothing but to wake it */
void job_interrupt(struct job *job);

/* Jobs that are one system call: @n is what it returns, @err its errno. */
struct transfer {
	int fd;
	void *buf;
	size_t len;
	ssize_t n;
	int err;
};

void transfer_read(void *arg);
void transfer_write(void *arg);
/*
 * Results, for a transfer that was started just now: it waits, a signal wakes it,
 * with EINTR. @what is what waits, with its clauses.
 */
void transfer_interrupted(struct job *job, const char *what);

#endif

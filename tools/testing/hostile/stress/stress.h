/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share */
#ifndef STRESS_H
#define STRESS_H

#include <pthread.h>
#include <stdlib.h>

#include "hostile.h"

#define PAGE		4096UL

/* By all processes */
struct shared {
	bool stop;
	long calls, taken, got;
};

extern struct shared *shared;

struct worker {
	pthread_t thread;
	unsigned int seed;
	bool ended;
	/* Good bytes that its writes are cut from; at: how far they came */
	char stream[16384];
	size_t len, at;
	uint32_t tx;
};

static inline unsigned int any(struct worker *w, unsigned int below)
{
	return rand_r(&w->seed) % below;
}

/* --- requests.c: a stream of requests, good and bad */
void refill(struct worker *w);

/* --- calls.c */
/* What calls are made on, and with, in this process */
void calls_begin(void);
void one_call(struct worker *w, bool may_fork);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What programs do that share one connection among their threads */
#ifndef SHARED_H
#define SHARED_H

#include "../mux.h"

#define ROOT	"/test/clients"

/* The threads that ask, and what each of them makes of it */
#define ASKERS	16

struct asker {
	struct mux *m;
	int number;
	long good;	/* so many were as they should be */
	char wrong[128];	/* the first that was not */
};

/* Run it in all threads at once, wait for all, and tell of each one. */
void each(struct mux *m, int askers, void (*fn)(void *asker), long want,
	  const char *what);
/* What was wrong, if nothing was before */
void complain(struct asker *a, const char *what, int err, const struct msg *reply);

void requests(struct mux *m);
void transactions(struct mux *m);
void watches(struct mux *m);
void flood(const struct mux_io *io);

#endif

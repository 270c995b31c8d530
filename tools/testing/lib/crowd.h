/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Very many processes that each make a transaction over and over, as a server of
 * libxenvchan does as it begins: START, WRITEs with SET_PERMS, END
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>

#define CROWD	100

struct crowd_result {
	unsigned int ended;		/* processes, as they were told to */
	long least, most;		/* of one */
	long commits, again, refused;	/* of all; EAGAIN and ENOSPC */
	long others;			/* all other errors, and no answer at all */
};

/* Begin, with nodes of their own below @root, whose owner is @permission. */
void crowd_begin(const char *root, const char *permission);
/*
 * For @ms, and on until each has a few, for @more at most: how fast a machine is counts for
 * nothing, who is served never is found.
 */
void crowd_lasts(long ms, long more);
/* Tell them to end, wait until they have, and say what they counted. */
void crowd_end(struct crowd_result *r);
/* Results: nobody was refused, and all had their share. */
void crowd_was_served(const struct crowd_result *r);

#endif

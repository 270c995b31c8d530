/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the guest's test */
#ifndef DOMU_H
#define DOMU_H

#include <stdbool.h>

#include "client.h"

/* What the module leaves to clients, of the server's ten or eleven for a guest */
#define CLIENTS		8
/* More than any server has for a guest */
#define MANY		20

/* Only to end a hang: a suspend and what follows, in an emulated machine */
#define LIMIT_MS	(100 * 1000)

/* load.c: values with numbers, written and read back without an end */

/* Message K of a series: a WRITE of a value, the READ of it, the next WRITE */
bool numbered_send(struct client *c, const char *node, unsigned long k);
/*
 * Is this the answer to message K? A READ that finds nothing counts in @lost: a
 * restore came between its WRITE and it.
 */
bool numbered_good(const struct msg *m, unsigned long k, unsigned long *lost);

/* Before any open: a child must not have them. */
void load_begin(void);
/* Has it a pause? It begins with one, for the rest needs the time. */
void load_calm(bool calm);
/* False if it made no progress, or anything that it saw was wrong */
bool load_goes_on(unsigned long restores);
/* False if it could not end as it should */
bool load_end(void);

/* dom0.c: what dom0.sh does for the guest */

/* Ask for a suspend of this kind, or for more; then wait until it is done. */
void dom0_asked(struct client *c, const char *what);
bool dom0_done(struct client *c);
/* Can it change how many watches a guest may have? */
bool dom0_has_quota(void);
/* Can it have the guest migrate? */
bool dom0_migrates(void);
/* Does it want nothing but the crowd? */
bool dom0_wants_crowd(void);

/* brief.c: suspends while the only watch in the guest comes and goes */
void brief_watch(struct client *c);

/* crowd.c: all who want a transaction get it */
void crowd(struct client *c);

/* devices.c: the kernel's drivers have their part of what there is */

/* Take all watches that programs may have. */
void devices_begin(struct client *c);
void devices_end(void);
/* Have dom0 attach a device, and detach it. */
void device_comes(struct client *c, const char *when);

/* poor.c: a restore at a server with fewer watches */
void poor_restore(struct client *c);

/* suspend.c */

/* How many transactions clients may have, as the module says */
int all_transactions(void);
/* Until what was closed or refused is done with; false if that takes too long */
bool module_settles(long references);
long module_references(void);
/* The cancelled ones, then @between, then those with a restore */
void suspends(void (*between)(void));

#endif

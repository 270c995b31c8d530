/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose turn it is to send; see turns.c
 */
#ifndef _XENFS_TURNS_H
#define _XENFS_TURNS_H

#include <linux/types.h>

struct xenfs_connection;
struct xenfs_slot;

/**
 * typedef xenfs_send_fn - sends a request of the open whose turn it is
 * @c: the connection; ends with xenfs_turns_end(), and drops its reference
 * @slot: to send with, or for xenfs_transport_unclaim()
 *
 * Context: the module's workqueue.
 */
typedef void (*xenfs_send_fn)(struct xenfs_connection *c,
			      struct xenfs_slot *slot);

/**
 * enum xenfs_freed - why something of an open's is at the server no more
 * @XENFS_ANSWERED: it was answered; or it may never be (xenfs_overtaken_fn)
 * @XENFS_ANSWERED_LATE: it was answered after that
 * @XENFS_UNSENT: nothing was sent
 */
enum xenfs_freed { XENFS_ANSWERED, XENFS_ANSWERED_LATE, XENFS_UNSENT };

void xenfs_turns_init(xenfs_send_fn send);
void xenfs_turns_exit(void);

void xenfs_turns_join(struct xenfs_connection *c);
struct xenfs_slot *xenfs_turns_own(struct xenfs_connection *c, bool may_sleep);
void xenfs_turns_end(struct xenfs_connection *c, bool more);
void xenfs_turns_answered(struct xenfs_connection *c, enum xenfs_freed how,
			  bool more);

void xenfs_turns_park(struct xenfs_connection *c, bool alone);
void xenfs_turns_unpark(void);
void xenfs_turns_unpark_one(struct xenfs_connection *c);
void xenfs_turns_unpark_soon(void);

void xenfs_turns_closed(struct xenfs_connection *c, bool leaves);
void xenfs_turns_gives_back(struct xenfs_connection *c);

#endif

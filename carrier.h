/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one watch of the core's that stands for all of clients; see carrier.c
 */
#ifndef _XENFS_CARRIER_H
#define _XENFS_CARRIER_H

#include "request.h"

/**
 * typedef xenfs_event_fn - told of an event
 * @id: which watch it is for, as given to xenfs_carrier_token(); any number, if
 *	somebody else made up such a token
 * @path: what has changed
 *
 * Context: the xenbus thread, under the core's watches_lock: may not sleep.
 */
typedef void (*xenfs_event_fn)(u32 id, const char *path);

void xenfs_carrier_init(xenfs_event_fn event);
void xenfs_carrier_exit(void);
int xenfs_carrier_get(struct xenfs_connection *c);
void xenfs_carrier_count(int change);
u32 xenfs_carrier_token(char *buf, u32 id);

#endif

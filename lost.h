/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replies that don't come; see lost.c
 */
#ifndef _XENFS_LOST_H
#define _XENFS_LOST_H

#include <linux/types.h>

#include "transport.h"

/**
 * typedef xenfs_overtaken_fn - told that what was sent may never be answered
 * @req: as given to xenfs_transport_send(); it may be answered yet, but not meanwhile
 * @certain: the server answers what was sent after it; else, once before perhaps: it has
 *	answered nothing for long
 *
 * Whoever waits to send waits for its answer in vain, perhaps: the server was killed,
 * or it takes its time (XS_CONTROL).
 *
 * Context: the module's workqueue, under a mutex that the xenbus thread takes.
 */
typedef void (*xenfs_overtaken_fn)(struct xenfs_request *req, bool certain);

void xenfs_lost_init(xenfs_answered_fn answered, xenfs_overtaken_fn overtaken);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watches of opens; see watch.c
 */
#ifndef _XENFS_WATCH_H
#define _XENFS_WATCH_H

#include "request.h"

extern const struct xenfs_kind xenfs_watch_kind;
extern const struct xenfs_kind xenfs_unwatch_kind;

void xenfs_watches_init(void);
void xenfs_watches_exit(void);
void xenfs_watches_drop(struct xenfs_connection *c);
void xenfs_watches_resumed(void);

#endif

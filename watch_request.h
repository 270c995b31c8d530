/* SPDX-License-Identifier: GPL-2.0 */
/*
 * WATCH and UNWATCH of clients; see watch_request.c
 */
#ifndef _XENFS_WATCH_REQUEST_H
#define _XENFS_WATCH_REQUEST_H

struct xenfs_kind;

extern const struct xenfs_kind xenfs_watch_kind;
extern const struct xenfs_kind xenfs_unwatch_kind;

#endif

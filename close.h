/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How an open gives back what it holds; see close.c
 */
#ifndef _XENFS_CLOSE_H
#define _XENFS_CLOSE_H

#include "request.h"

extern const struct xenfs_kind xenfs_reset_kind;

void xenfs_break(struct xenfs_connection *c, bool may_sleep);
void xenfs_close(struct xenfs_connection *c);

#endif

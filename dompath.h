/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The domain's own directory in xenstore; see dompath.c
 */
#ifndef _XENFS_DOMPATH_H
#define _XENFS_DOMPATH_H

#include <linux/types.h>

void xenfs_dompath_learn(const char *text, u32 len);
void xenfs_dompath_ask(void);
void xenfs_dompath_resumed(void);
bool xenfs_same_node(const char *a, const char *b);

#endif

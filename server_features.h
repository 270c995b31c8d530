/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the server can do; see server_features.c
 */
#ifndef _XENFS_SERVER_FEATURES_H
#define _XENFS_SERVER_FEATURES_H

#include <linux/types.h>

bool xenfs_server_knows_depth(void);

#endif

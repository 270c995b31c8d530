/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an open has, and waits for, for people; see fdinfo.c
 */
#ifndef _XENFS_FDINFO_H
#define _XENFS_FDINFO_H

#include <linux/seq_file.h>

#include "connection.h"

void xenfs_fdinfo_show(struct seq_file *m, struct xenfs_connection *c);

#endif

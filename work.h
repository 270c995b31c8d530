/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's workqueues; see work.c
 */
#ifndef _XENFS_WORK_H
#define _XENFS_WORK_H

struct workqueue_struct;

extern struct workqueue_struct *xenfs_wq;
extern struct workqueue_struct *xenfs_wake_wq;
extern struct workqueue_struct *xenfs_core_wq;

int xenfs_work_init(void);
void xenfs_work_exit(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: there is but one task. */
#ifndef XENFS_UNIT_LINUX_SCHED_H
#define XENFS_UNIT_LINUX_SCHED_H

#define cond_resched()	((void)0)

#endif /* XENFS_UNIT_LINUX_SCHED_H */

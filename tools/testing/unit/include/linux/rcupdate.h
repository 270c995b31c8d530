/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: a place for its head. */
#ifndef XENFS_UNIT_LINUX_RCUPDATE_H
#define XENFS_UNIT_LINUX_RCUPDATE_H

struct rcu_head {
};

#endif /* XENFS_UNIT_LINUX_RCUPDATE_H */

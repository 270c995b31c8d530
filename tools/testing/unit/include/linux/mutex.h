/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: a place for it; nothing that is tested takes one. */
#ifndef XENFS_UNIT_LINUX_MUTEX_H
#define XENFS_UNIT_LINUX_MUTEX_H

struct mutex {
};

#endif /* XENFS_UNIT_LINUX_MUTEX_H */

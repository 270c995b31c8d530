/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: nobody here counts any. */
#ifndef XENFS_UNIT_LINUX_REFCOUNT_H
#define XENFS_UNIT_LINUX_REFCOUNT_H

#define refcount_t	unsigned int

#endif /* XENFS_UNIT_LINUX_REFCOUNT_H */

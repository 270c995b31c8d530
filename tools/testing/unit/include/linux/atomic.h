/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: a number that nothing which is tested touches. */
#ifndef XENFS_UNIT_LINUX_ATOMIC_H
#define XENFS_UNIT_LINUX_ATOMIC_H

typedef struct { int counter; } atomic_t;

#endif /* XENFS_UNIT_LINUX_ATOMIC_H */

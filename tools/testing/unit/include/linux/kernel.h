/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: the helpers that what is tested uses. */
#ifndef XENFS_UNIT_LINUX_KERNEL_H
#define XENFS_UNIT_LINUX_KERNEL_H

#include <stddef.h>
#include <stdio.h>

#define READ_ONCE(x)		(*(volatile typeof(x) *)&(x))

#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define min_t(type, x, y) \
	({ type min_x = (x); type min_y = (y); min_x < min_y ? min_x : min_y; })

#define max_t(type, x, y) \
	({ type max_x = (x); type max_y = (y); max_x > max_y ? max_x : max_y; })

#define max(x, y)	max_t(typeof(x), x, y)

#endif /* XENFS_UNIT_LINUX_KERNEL_H */

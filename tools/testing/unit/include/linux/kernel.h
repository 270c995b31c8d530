/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: the helpers that message.c and syntax.c use. */
#ifndef XENFS_UNIT_LINUX_KERNEL_H
#define XENFS_UNIT_LINUX_KERNEL_H

#include <stdio.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define min_t(type, x, y) \
	({ type min_x = (x); type min_y = (y); min_x < min_y ? min_x : min_y; })

#endif /* XENFS_UNIT_LINUX_KERNEL_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: the limits that message.c uses. */
#ifndef XENFS_UNIT_LINUX_LIMITS_H
#define XENFS_UNIT_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U32_MAX		((uint32_t)~0U)

#endif /* XENFS_UNIT_LINUX_LIMITS_H */

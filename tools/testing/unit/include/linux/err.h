/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: errors as pointers. */
#ifndef XENFS_UNIT_LINUX_ERR_H
#define XENFS_UNIT_LINUX_ERR_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define ERR_PTR(error)	((void *)(intptr_t)(error))

static inline bool IS_ERR(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)-4095;
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

#endif /* XENFS_UNIT_LINUX_ERR_H */

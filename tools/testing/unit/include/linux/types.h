/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: the types that what is tested uses. */
#ifndef XENFS_UNIT_LINUX_TYPES_H
#define XENFS_UNIT_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int16_t s16;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#endif /* XENFS_UNIT_LINUX_TYPES_H */

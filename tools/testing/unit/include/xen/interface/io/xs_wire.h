/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: what message.c uses of the kernel's header. */
#ifndef XENFS_UNIT_XS_WIRE_H
#define XENFS_UNIT_XS_WIRE_H

#include <linux/errno.h>

#include "wire.h"

#endif /* XENFS_UNIT_XS_WIRE_H */

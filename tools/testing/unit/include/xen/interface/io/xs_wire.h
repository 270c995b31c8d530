/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: what message.c uses of the kernel's header. */
#ifndef XENFS_UNIT_XS_WIRE_H
#define XENFS_UNIT_XS_WIRE_H

#include <linux/errno.h>
#include <stdint.h>

#define XENSTORE_PAYLOAD_MAX	4096

enum xsd_sockmsg_type {
	XS_CONTROL = 0,
	XS_DIRECTORY = 1,
	XS_READ = 2,
	XS_GET_PERMS = 3,
	XS_WATCH = 4,
	XS_UNWATCH = 5,
	XS_TRANSACTION_START = 6,
	XS_TRANSACTION_END = 7,
	XS_INTRODUCE = 8,
	XS_RELEASE = 9,
	XS_GET_DOMAIN_PATH = 10,
	XS_WRITE = 11,
	XS_MKDIR = 12,
	XS_RM = 13,
	XS_SET_PERMS = 14,
	XS_WATCH_EVENT = 15,
	XS_ERROR = 16,
	XS_IS_DOMAIN_INTRODUCED = 17,
	XS_RESUME = 18,
	XS_SET_TARGET = 19,
	XS_RESET_WATCHES = 21,
	XS_DIRECTORY_PART = 22,
};

struct xsd_sockmsg {
	uint32_t type;
	uint32_t req_id;
	uint32_t tx_id;
	uint32_t len;
};

struct xsd_errors {
	int errnum;
	const char *errstring;
};

#define XENFS_UNIT_ERROR(name)	{ name, #name }
static const struct xsd_errors xsd_errors[] __attribute__((unused)) = {
	XENFS_UNIT_ERROR(EINVAL),
	XENFS_UNIT_ERROR(EACCES),
	XENFS_UNIT_ERROR(EEXIST),
	XENFS_UNIT_ERROR(EISDIR),
	XENFS_UNIT_ERROR(ENOENT),
	XENFS_UNIT_ERROR(ENOMEM),
	XENFS_UNIT_ERROR(ENOSPC),
	XENFS_UNIT_ERROR(EIO),
	XENFS_UNIT_ERROR(ENOTEMPTY),
	XENFS_UNIT_ERROR(ENOSYS),
	XENFS_UNIT_ERROR(EROFS),
	XENFS_UNIT_ERROR(EBUSY),
	XENFS_UNIT_ERROR(EAGAIN),
	XENFS_UNIT_ERROR(EISCONN),
	XENFS_UNIT_ERROR(E2BIG),
};

#endif /* XENFS_UNIT_XS_WIRE_H */

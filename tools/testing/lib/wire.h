/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire protocol in Xen's own names, the one list of it for all tests: the
 * kernel's xen/interface/io/xs_wire.h, which the unit tests have this in place
 * of. So nothing may be here that the kernel's header does not have, but what
 * begins with wire_.
 */
#ifndef WIRE_H
#define WIRE_H

#include <errno.h>
#include <stdbool.h>
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

#define WIRE_ERROR(name)	{ name, #name }
static const struct xsd_errors xsd_errors[] __attribute__((unused)) = {
	WIRE_ERROR(EINVAL),
	WIRE_ERROR(EACCES),
	WIRE_ERROR(EEXIST),
	WIRE_ERROR(EISDIR),
	WIRE_ERROR(ENOENT),
	WIRE_ERROR(ENOMEM),
	WIRE_ERROR(ENOSPC),
	WIRE_ERROR(EIO),
	WIRE_ERROR(ENOTEMPTY),
	WIRE_ERROR(ENOSYS),
	WIRE_ERROR(EROFS),
	WIRE_ERROR(EBUSY),
	WIRE_ERROR(EAGAIN),
	WIRE_ERROR(EISCONN),
	WIRE_ERROR(E2BIG),
	WIRE_ERROR(EPERM),	/* since after Xen 4.17; Linux's list lacks it */
};

/*
 * Is the payload of such a request one string, with its nul and no more? That
 * of a TRANSACTION_END is one of two.
 */
static inline bool wire_one_string(uint32_t type)
{
	switch (type) {
	case XS_DIRECTORY:
	case XS_READ:
	case XS_GET_PERMS:
	case XS_MKDIR:
	case XS_RM:
	case XS_RELEASE:
	case XS_GET_DOMAIN_PATH:
	case XS_IS_DOMAIN_INTRODUCED:
	case XS_RESUME:
		return true;
	default:
		return false;
	}
}

#endif

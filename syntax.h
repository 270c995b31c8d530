/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The syntax of requests, without any kernel state; see syntax.c. Compiles in
 * userspace as well, as message.h does.
 */
#ifndef XENFS_SYNTAX_H
#define XENFS_SYNTAX_H

#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>

#include "message.h"

/**
 * struct xenfs_arguments - what was found in a request's payload
 * @path_len: of a WATCH or UNWATCH: bytes of the path, which the payload begins
 *	with; nul included
 * @token_len: bytes of the token, which follows; nul included
 * @depth: of a WATCH: levels below the path that count, or XENFS_DEPTH_ANY
 * @commit: of an END: whether the argument is "T"
 */
struct xenfs_arguments {
	u16 path_len;
	u16 token_len;
	union {
		u32 depth;
		bool commit;
	};
};

int xenfs_message_parse(const struct xsd_sockmsg *hdr, const char *body,
			struct xenfs_arguments *args);
bool xenfs_message_changes(u32 type);

#endif /* XENFS_SYNTAX_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches as the server has them, by the numbers in their tokens; see registry.c
 */
#ifndef _XENFS_REGISTRY_H
#define _XENFS_REGISTRY_H

#include "event.h"
#include "request.h"

/**
 * struct xenfs_registration - a watch as the server has it
 * @node: in registrations.table while it can be joined; registrations.lock
 * @rcu: when it never will be any more: registry_event() finds it without a
 *	reference
 * @members: the sources whose opens want it, or are about to give it back;
 *	registrations.lock, and RCU to read
 * @id: the number in its token; constant
 * @depth: what the server was told of it, or XENFS_DEPTH_ANY; constant when it has
 *	a member
 * @count: of @members; registrations.lock, peeked at
 * @wanted: of @members, those that are not given back; registrations.lock
 * @path_len: bytes of the path, with the nul; constant
 * @present: the server has it, as its last answer tells; registrations.lock
 * @missing: a new server refused it, or may have, and is asked again; registrations.lock
 * @missed: its members are to look for themselves; registrations.lock
 * @watching: a WATCH that no client asked for has no answer; registrations.lock
 * @fired: a WATCH that came before that one's answer made the server tell all;
 *	registrations.lock
 * @unwatching: @unwatch was not released yet; registrations.lock
 * @unwatch: to give it back without a client; the last that is ever sent
 * @wire: what is sent without a client; for who set @watching or @unwatching
 * @body: path, token and depth
 */
struct xenfs_registration {
	union {
		struct hlist_node node;
		struct rcu_head rcu;
	};
	struct list_head members;
	u32 id;
	u32 depth;
	u16 count;
	u16 wanted;
	u16 path_len;
	bool present : 1;
	bool missing : 1;
	bool missed : 1;
	bool watching : 1;
	bool fired : 1;
	bool unwatching : 1;
	struct xenfs_request unwatch;
	struct xsd_sockmsg wire;
	char body[];
};

void xenfs_registry_init(void);
void xenfs_registry_exit(void);
int xenfs_registry_add(struct xenfs_registration *r);
void xenfs_registry_remove(struct xenfs_registration *r);
void xenfs_registry_each(void (*fn)(struct xenfs_registration *r));
void xenfs_registry_tell(struct xenfs_registration *r, const char *path);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who opens the file: a service, or a process; see client.c
 */
#ifndef _XENFS_CLIENT_H
#define _XENFS_CLIENT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "group.h"

struct pid;

/**
 * struct xenfs_client - an account, and turns
 * @node: in clients.table; clients.lock
 * @opens: how many opens have it; clients.lock
 * @cgroup: the number of the control group, or 0
 * @pid: the process, or NULL
 * @group: its opens, but those that only give back; turns.lock
 * @lock: guards what follows; nothing else is taken under it
 * @bytes: of replies, also those that may come, and of unread events
 * @waits: somebody was told that there is no room
 * @closed_bytes: of requests without a reply that its closed opens have
 */
struct xenfs_client {
	struct hlist_node node;
	unsigned int opens;
	u64 cgroup;
	struct pid *pid;
	struct xenfs_group group;
	spinlock_t lock;		/* what follows */
	u32 bytes;
	bool waits;
	u32 closed_bytes;
};

struct xenfs_client *xenfs_client_get(void);
void xenfs_client_put(struct xenfs_client *client);

bool xenfs_client_charge(struct xenfs_client *client, u32 bytes, bool must);
bool xenfs_client_recharge(struct xenfs_client *client, u32 from, u32 to);
bool xenfs_client_charge_closed(struct xenfs_client *client, u32 bytes);
void xenfs_client_uncharge_closed(struct xenfs_client *client, u32 bytes);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who opens the file: a service, or a process; see client.c
 */
#ifndef _XENFS_CLIENT_H
#define _XENFS_CLIENT_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "group.h"

struct pid;

/**
 * struct xenfs_client - an account, and turns
 * @node: in clients.table; clients.lock
 * @opens: how many opens have it, and its work; from 1 to 0 under clients.lock
 * @cgroup: the number of the control group, or 0
 * @pid: the process, or NULL
 * @group: its opens, but those that only give back; turns.lock
 * @lock: guards what follows; nothing else is taken under it
 * @bytes: of replies, also those that may come, and of unread events
 * @waits: somebody was told that there is no room
 * @closed_bytes: of requests without a reply that its closed opens have
 * @to_wake: opens for which many are to be woken
 * @wake_work: does that, one after the other; has no lock, holds the account
 */
struct xenfs_client {
	struct hlist_node node;
	refcount_t opens;
	u64 cgroup;
	struct pid *pid;
	struct xenfs_group group;
	spinlock_t lock;		/* what follows */
	u32 bytes;
	bool waits;
	u32 closed_bytes;
	struct list_head to_wake;
	struct work_struct wake_work;
};

void xenfs_clients_init(work_func_t wake);
struct xenfs_client *xenfs_client_get(void);
void xenfs_client_put(struct xenfs_client *client);

bool xenfs_client_charge(struct xenfs_client *client, u32 bytes, bool must);
bool xenfs_client_recharge(struct xenfs_client *client, u32 from, u32 to);
bool xenfs_client_charge_closed(struct xenfs_client *client, u32 bytes);
void xenfs_client_uncharge_closed(struct xenfs_client *client, u32 bytes);

bool xenfs_client_wakes(struct xenfs_client *client, struct list_head *open);
struct list_head *xenfs_client_next_to_wake(struct xenfs_client *client);

#endif

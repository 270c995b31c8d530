// SPDX-License-Identifier: GPL-2.0
/*
 * Who opens the file, and what all the opens of one may hold together
 *
 * A client is the control group that a process is in, which is a service, a
 * container or a session where something like systemd makes those; the user says
 * little, as nearly all who may open the file are root. For what is in no group
 * but the root one it is the process. Whoever overdraws an account loses or waits
 * himself (contract I2, I3). It is also the client that gets a turn (turns.c): more
 * opens, or in a group more processes, are no way to get more.
 */
#include <linux/atomic.h>
#include <linux/cgroup.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "client.h"
#include "limits.h"
#include "work.h"

static struct {
	spinlock_t lock;		/* nothing else is taken under it */
	DECLARE_HASHTABLE(table, 10);	/* lock */
} clients = {
	.lock = __SPIN_LOCK_UNLOCKED(clients.lock),
};

/*
 * Closed opens' requests of all clients together. Who forks without end is a new
 * client each time, where there are no groups: so many accounts may be full.
 */
#define FULL_ACCOUNTS	16
static atomic_t all_closed_bytes;

static work_func_t wake_work;	/* set at init, then constant */

/* The number of the group that the caller is in, or 0 for the root one. */
static u64 own_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	struct cgroup *cgroup;

	rcu_read_lock();
	cgroup = task_dfl_cgroup(current);
	if (cgroup_parent(cgroup))
		id = cgroup_id(cgroup);
	rcu_read_unlock();
#endif
	return id;
}

static struct xenfs_client *find(u64 cgroup, struct pid *pid)
{
	struct xenfs_client *client;

	lockdep_assert_held(&clients.lock);
	hash_for_each_possible(clients.table, client, node,
			       cgroup ?: (unsigned long)pid)
		if (client->cgroup == cgroup && client->pid == pid)
			return client;
	return NULL;
}

/* Counts one more open of the account, if there is such. */
static struct xenfs_client *find_and_count(u64 cgroup, struct pid *pid)
{
	struct xenfs_client *client;

	lockdep_assert_held(&clients.lock);
	client = find(cgroup, pid);
	if (client)
		refcount_inc(&client->opens);
	return client;
}

static struct xenfs_client *client_new(u64 cgroup, struct pid *pid)
{
	struct xenfs_client *client;

	client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);
	if (!client)
		return NULL;
	spin_lock_init(&client->lock);
	xenfs_group_init(&client->group);
	INIT_LIST_HEAD(&client->to_wake);
	INIT_WORK(&client->wake_work, wake_work);
	refcount_set(&client->opens, 1);
	client->cgroup = cgroup;
	client->pid = get_pid(pid);
	return client;
}

static void client_free(struct xenfs_client *client)
{
	put_pid(client->pid);
	kfree(client);
}

/**
 * xenfs_clients_init() - learn how an account's opens are woken
 * @wake: the work that does it; ends with xenfs_client_put()
 *
 * Context: module init.
 */
void xenfs_clients_init(work_func_t wake)
{
	wake_work = wake;
}

/**
 * xenfs_client_get() - the caller's account
 *
 * Context: process context; may sleep.
 * Return: the account, for xenfs_client_put(); or NULL: no memory.
 */
struct xenfs_client *xenfs_client_get(void)
{
	u64 cgroup = own_cgroup();
	struct pid *pid = cgroup ? NULL : task_tgid(current);
	struct xenfs_client *client, *new;

	spin_lock(&clients.lock);
	client = find_and_count(cgroup, pid);
	spin_unlock(&clients.lock);
	if (client)
		return client;

	new = client_new(cgroup, pid);
	if (!new)
		return NULL;
	spin_lock(&clients.lock);
	client = find_and_count(cgroup, pid);
	if (!client)
		hash_add(clients.table, &new->node,
			 cgroup ?: (unsigned long)pid);
	spin_unlock(&clients.lock);
	if (!client)
		return new;
	client_free(new);
	return client;
}

/**
 * xenfs_client_put() - an open has ended
 * @client: its account
 *
 * Context: any.
 */
void xenfs_client_put(struct xenfs_client *client)
{
	bool last;

	if (refcount_dec_not_one(&client->opens))
		return;
	spin_lock(&clients.lock);
	last = refcount_dec_and_test(&client->opens);
	if (last)
		hash_del(&client->node);
	spin_unlock(&clients.lock);
	if (last)
		client_free(client);
}

/**
 * xenfs_client_charge() - is there room for something that will be unread?
 * @client: the account
 * @bytes: how much memory it may take; charged if there is room
 * @must: or if there is none
 *
 * Context: any (contract I3).
 * Return: true if there is; else xenfs_client_recharge() tells when there may be.
 */
bool xenfs_client_charge(struct xenfs_client *client, u32 bytes, bool must)
{
	bool ret;

	spin_lock(&client->lock);
	ret = must || client->bytes + bytes <= xenfs_limits.client_bytes;
	if (ret)
		client->bytes += bytes;
	else
		client->waits = true;
	spin_unlock(&client->lock);
	return ret;
}

/**
 * xenfs_client_recharge() - it takes another amount of memory than was charged
 * @client: the account
 * @from: what was charged
 * @to: what it takes; 0 if it is gone
 *
 * Context: any.
 * Return: true if somebody was told that there is no room, and there is a good
 * deal now.
 */
bool xenfs_client_recharge(struct xenfs_client *client, u32 from, u32 to)
{
	bool ret;

	spin_lock(&client->lock);
	client->bytes += to - from;
	ret = client->waits &&
	      client->bytes <= xenfs_limits.client_bytes / 4 * 3;
	if (ret)
		client->waits = false;
	spin_unlock(&client->lock);
	return ret;
}

/**
 * xenfs_client_charge_closed() - an open was closed that has something to send
 * @client: the account
 * @bytes: how much memory that takes; charged in any case
 *
 * No limit on descriptors counts it, so a client's account has a bound, and that
 * of all clients together (contract I3, I4).
 *
 * Context: any.
 * Return: true if it is within its bounds.
 */
bool xenfs_client_charge_closed(struct xenfs_client *client, u32 bytes)
{
	int max = xenfs_limits.closed_bytes;
	bool ret;

	spin_lock(&client->lock);
	client->closed_bytes += bytes;
	ret = client->closed_bytes <= max;
	spin_unlock(&client->lock);
	return atomic_add_return(bytes, &all_closed_bytes) <=
	       max * FULL_ACCOUNTS && ret;
}

/**
 * xenfs_client_uncharge_closed() - something of a closed open was sent
 * @client: the account
 * @bytes: how much memory it took
 *
 * Context: any.
 */
void xenfs_client_uncharge_closed(struct xenfs_client *client, u32 bytes)
{
	spin_lock(&client->lock);
	client->closed_bytes -= bytes;
	spin_unlock(&client->lock);
	atomic_sub(bytes, &all_closed_bytes);
}

/**
 * xenfs_client_wakes() - many are to be woken who wait for an open
 * @client: its account
 * @open: what stands for it
 *
 * Context: any; the open has the account (contract I1).
 * Return: true if it is new in the list of those for which that is to be done.
 */
bool xenfs_client_wakes(struct xenfs_client *client, struct list_head *open)
{
	bool ret;

	spin_lock(&client->lock);
	ret = list_empty(open);
	if (ret)
		list_add_tail(open, &client->to_wake);
	spin_unlock(&client->lock);
	if (!ret)
		return false;
	refcount_inc(&client->opens);
	if (!queue_work(xenfs_wake_wq, &client->wake_work))
		xenfs_client_put(client);
	return true;
}

/**
 * xenfs_client_next_to_wake() - take an open from the list
 * @client: the account
 *
 * Context: any.
 * Return: what stands for it, or NULL.
 */
struct list_head *xenfs_client_next_to_wake(struct xenfs_client *client)
{
	struct list_head *open = NULL;

	spin_lock(&client->lock);
	if (!list_empty(&client->to_wake)) {
		open = client->to_wake.next;
		list_del_init(open);
	}
	spin_unlock(&client->lock);
	return open;
}

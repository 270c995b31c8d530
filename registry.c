// SPDX-License-Identifier: GPL-2.0
/*
 * Watches as the server has them, by the numbers in their tokens
 *
 * An event brings a token with the number of a registration, and all who share
 * that are told. In the xenbus thread, so that it is read in its place among the
 * replies (contract E2, E5).
 */
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "carrier.h"
#include "registry.h"

/* All of them; its own lock, and RCU to look one up */
static DEFINE_XARRAY_ALLOC1(ids);
static u32 last_id;	/* ids' lock */

/**
 * xenfs_registry_add() - give a registration its number
 * @r: which events may look for from now on
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM.
 */
int xenfs_registry_add(struct xenfs_registration *r)
{
	if (xa_alloc_cyclic(&ids, &r->id, r, xa_limit_31b, &last_id,
			    GFP_KERNEL_ACCOUNT) < 0)
		return -ENOMEM;
	xenfs_carrier_count(1);
	return 0;
}

/**
 * xenfs_registry_remove() - no event looks for it any more
 * @r: has no members; is freed
 *
 * Context: any.
 */
void xenfs_registry_remove(struct xenfs_registration *r)
{
	xa_erase(&ids, r->id);
	xenfs_carrier_count(-1);
	kfree_rcu(r, rcu);
}

/**
 * xenfs_registry_each() - do something with each registration
 * @fn: what, under rcu_read_lock()
 *
 * Context: any.
 */
void xenfs_registry_each(void (*fn)(struct xenfs_registration *r))
{
	struct xenfs_registration *r;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&ids, id, r)
		fn(r);
	rcu_read_unlock();
}

/*
 * At how many unread events an event is compared with, of all members together and of
 * each: this is done in the xenbus thread, under a spinlock of the core's
 */
#define LOOK_MAX	8192U
#define LOOK_MIN	8U

static void tell(struct xenfs_event_source *source, const char *path, u32 look)
{
	struct xenfs_connection *c = source->connection;

	spin_lock(&c->lock);
	if (!source->set || c->state != XENFS_OPEN)
		;
	else if (path)
		xenfs_event_happened(source, path, look);
	else
		xenfs_event_missed(source);
	spin_unlock(&c->lock);
}

/**
 * xenfs_registry_tell() - tell all who share a registration
 * @r: it
 * @path: what has changed; NULL: something may have
 *
 * Context: any, under rcu_read_lock(); takes connection->lock of each.
 */
void xenfs_registry_tell(struct xenfs_registration *r, const char *path)
{
	u32 look = max(LOOK_MAX / max_t(u32, READ_ONCE(r->count), 1), LOOK_MIN);
	struct xenfs_event_source *source;

	list_for_each_entry_rcu(source, &r->members, peers)
		tell(source, path, look);
}

/* In the xenbus thread, under a spinlock of the core's. */
static void registry_event(u32 id, const char *path)
{
	struct xenfs_registration *r;

	rcu_read_lock();
	r = xa_load(&ids, id);
	if (r)
		xenfs_registry_tell(r, path);
	rcu_read_unlock();
}

/**
 * xenfs_registry_init() - be told of events
 *
 * Context: module init.
 */
void xenfs_registry_init(void)
{
	xenfs_carrier_init(registry_event);
}

/**
 * xenfs_registry_exit() - undo xenfs_registry_init()
 *
 * Context: module exit; no connection is left, and so no registration.
 */
void xenfs_registry_exit(void)
{
	xenfs_carrier_exit();
	xa_destroy(&ids);
}

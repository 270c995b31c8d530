/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one request needs while it is at the server; for transport.c, which sends it
 * and takes the answer, and lost.c, which looks for those that don't come
 */
#ifndef _XENFS_SLOT_H
#define _XENFS_SLOT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core.h"

struct xenfs_request;

/*
 * How often to look for replies that don't come. The core drops one, silently, when
 * it has no memory to queue it.
 */
#define XENFS_LOST_PERIOD	HZ

/**
 * struct xenfs_slot - what one request needs while it is at the server
 * @file: where the core delivers the reply
 * @entry: on @file.read_waitq for good: calls slot_woken()
 * @list: on the transport's @free or @in_flight; its lock
 * @request: what is in flight; the transport's lock
 * @type: its type; the transport's lock
 * @begun: when it was about to be given to the core; the transport's lock
 * @given: when the core had it, or 0; the transport's lock
 * @overtaken: one that was begun after @given was answered before it; the transport's
 *	lock
 * @looks: how often it was seen so by lost.c; the transport's lock
 * @stalled: those above were told that it may never be answered; the transport's lock
 * @told: they were told that it is overtaken; the transport's lock
 */
struct xenfs_slot {
	struct core_file file;
	struct wait_queue_entry entry;
	struct list_head list;
	struct xenfs_request *request;
	u32 type;
	u64 begun;
	u64 given;
	bool overtaken;
	unsigned int looks;
	bool stalled;
	bool told;
};

/**
 * struct xenfs_transport - the slots
 * @lock: guards what follows, but for the last two; taken with others held
 * @free: the one that was freed first is the first
 * @in_flight: the one that was begun first is the first
 * @clock: orders what is given to the core
 * @answers: how often something was answered; peeked at
 * @slots: xenfs_limits.slots of them; never changes
 * @lost_work: looks for replies that don't come; has no lock
 */
struct xenfs_transport {
	spinlock_t lock;	/* what follows */
	struct list_head free;
	struct list_head in_flight;
	u64 clock;
	unsigned int answers;
	struct xenfs_slot *slots;
	struct delayed_work lost_work;
};

extern struct xenfs_transport xenfs_transport;

/**
 * xenfs_slot_returned() - is the core done with a slot?
 * @slot: the slot
 *
 * Context: any. Pairs with the core's kref_put().
 */
static inline bool xenfs_slot_returned(struct xenfs_slot *slot)
{
	if (kref_read(&slot->file.kref) != 1)
		return false;
	smp_acquire__after_ctrl_dep();
	return true;
}

/**
 * xenfs_slot_free() - take a slot's request; the slot may be claimed again
 * @slot: the slot
 *
 * Context: any, under the transport's lock.
 * Return: the request.
 */
static inline struct xenfs_request *xenfs_slot_free(struct xenfs_slot *slot)
{
	struct xenfs_request *req = slot->request;

	lockdep_assert_held(&xenfs_transport.lock);
	slot->request = NULL;
	list_move_tail(&slot->list, &xenfs_transport.free);
	return req;
}

#endif

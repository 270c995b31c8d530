// SPDX-License-Identifier: GPL-2.0
/*
 * The way to the ring: requests to, and replies from, the kernel's xenbus core
 *
 * The core owns the domain's one ring to xenstored. Its exported
 * xenbus_dev_request_and_reply() queues a request and returns; when the reply
 * comes, the core's xenbus thread hands it to the struct xenbus_file_priv that
 * came with the request. A slot embeds such an object (core.h) and has an entry
 * of its own on the object's wait queue, so that the wake-up which the core
 * means for a sleeping reader calls slot_woken() instead.
 *
 * The slots are a fixed pool: they bound what all opens together have at the
 * server. A slot is either free, claimed by who is about to send, or in flight.
 * After slot_woken() the core still needs the slot for a few instructions, to
 * unlock its mutex and to drop its reference; so a free slot may be claimed
 * only once that reference is gone. The xenbus thread is one thread, so that is at
 * most one of the free slots; if no other is free, the others are in flight or
 * claimed, and what becomes of those brings the next chance.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core.h"
#include "limits.h"
#include "transport.h"
#include "work.h"

/*
 * How often to look for replies that the core dropped. It does so, silently,
 * when it has no memory to queue them.
 */
#define LOST_PERIOD	HZ

/*
 * How many such looks to wait for a reply that others have overtaken, before
 * the log says so
 */
#define FORSAKEN_LOOKS	5

/**
 * struct xenfs_slot - what one request needs while it is at the server
 * @file: where the core delivers the reply
 * @entry: on @file.read_waitq for good: calls slot_woken()
 * @list: on transport.free or transport.in_flight; transport.lock
 * @request: what is in flight; transport.lock
 * @type: its type; transport.lock
 * @begun: when it was about to be given to the core; transport.lock
 * @given: when the core had it, or 0; transport.lock
 * @overtaken: one that was begun after @given was answered before it;
 *	transport.lock
 * @looks: how often lost_work() has seen it so; transport.lock
 * @told: so transport.overtaken() was told; transport.lock
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
	bool told;
};

static struct {
	spinlock_t lock;		/* the lists; taken with others held */
	struct list_head free;		/* lock; the one freed first is first */
	struct list_head in_flight;	/* lock; the one begun first is first */
	u64 clock;			/* lock; orders what is given to the core */
	struct xenfs_slot *slots;	/* xenfs_limits.slots of them */
	struct delayed_work lost_work;	/* looks for dropped replies */
	xenfs_answered_fn answered;	/* never changes */
	xenfs_overtaken_fn overtaken;	/* never changes */
} transport = {
	.lock = __SPIN_LOCK_UNLOCKED(transport.lock),
	.free = LIST_HEAD_INIT(transport.free),
	.in_flight = LIST_HEAD_INIT(transport.in_flight),
};

/* Is the core done with the slot? Pairs with its kref_put(). */
static bool slot_returned(struct xenfs_slot *slot)
{
	if (kref_read(&slot->file.kref) != 1)
		return false;
	smp_acquire__after_ctrl_dep();
	return true;
}

/**
 * xenfs_transport_claim() - take a free slot
 *
 * Context: any; takes the transport's lock.
 * Return: a slot, for xenfs_transport_send() or xenfs_transport_unclaim(), or
 * NULL when there is none. Then others are claimed or in flight, and when one of
 * those is free again that is told.
 */
struct xenfs_slot *xenfs_transport_claim(void)
{
	struct xenfs_slot *slot, *found = NULL;

	spin_lock(&transport.lock);
	/* At most two steps: one may not have been returned yet. */
	list_for_each_entry(slot, &transport.free, list) {
		if (slot_returned(slot)) {
			list_del_init(&slot->list);
			found = slot;
			break;
		}
	}
	spin_unlock(&transport.lock);
	return found;
}

/**
 * xenfs_transport_idle() - is nothing of the module at the server?
 *
 * Context: any; takes the transport's lock.
 */
bool xenfs_transport_idle(void)
{
	bool ret;

	spin_lock(&transport.lock);
	ret = list_empty(&transport.in_flight);
	spin_unlock(&transport.lock);
	return ret;
}

/**
 * xenfs_transport_unclaim() - give back a slot that was not used
 * @slot: from xenfs_transport_claim()
 *
 * Context: any; takes the transport's lock.
 */
void xenfs_transport_unclaim(struct xenfs_slot *slot)
{
	spin_lock(&transport.lock);
	list_add(&slot->list, &transport.free);
	spin_unlock(&transport.lock);
}

/* Takes the slot's request; from here on the slot may be claimed again. */
static struct xenfs_request *slot_free(struct xenfs_slot *slot)
{
	struct xenfs_request *req = slot->request;

	lockdep_assert_held(&transport.lock);
	slot->request = NULL;
	list_move_tail(&slot->list, &transport.free);
	return req;
}

/**
 * xenfs_transport_send() - send a request to xenstored
 * @slot: from xenfs_transport_claim(); is used up unless this fails
 * @msg: header and payload. The header may be changed after the return, the
 *	payload not before the answer is there
 * @req: what is answered
 *
 * The answer comes as a call of what xenfs_transport_init() was given, maybe
 * before this returns.
 *
 * Context: process context. May sleep: for memory, and as long as the domain
 * is being suspended. Never waits for xenstored.
 * Return: 0, or -ENOMEM: nothing was sent and no answer will come.
 */
int xenfs_transport_send(struct xenfs_slot *slot, struct xsd_sockmsg *msg,
			 struct xenfs_request *req)
{
	u64 begun;
	int err;

	err = xenfs_core_add_holder(&slot->file, msg);
	if (err)
		return err;

	kref_get(&slot->file.kref);
	spin_lock(&transport.lock);
	slot->request = req;
	slot->type = msg->type;
	slot->overtaken = false;
	slot->looks = 0;
	slot->told = false;
	begun = ++transport.clock;
	slot->begun = begun;
	slot->given = 0;
	list_add_tail(&slot->list, &transport.in_flight);
	spin_unlock(&transport.lock);

	err = xenbus_dev_request_and_reply(msg, &slot->file);
	if (!err) {
		/* It may be answered by now, and the slot be another's. */
		spin_lock(&transport.lock);
		if (slot->begun == begun)
			slot->given = ++transport.clock;
		spin_unlock(&transport.lock);
		if (!delayed_work_pending(&transport.lost_work))
			queue_delayed_work(xenfs_wq, &transport.lost_work,
					   LOST_PERIOD);
		return 0;
	}

	spin_lock(&transport.lock);
	list_del_init(&slot->list);
	spin_unlock(&transport.lock);
	refcount_dec(&slot->file.kref.refcount);
	xenfs_core_remove_holder(&slot->file);
	return err;
}

/*
 * Replies come in the order of the requests. When one comes while an older
 * slot is back from the core without one, that reply was dropped: don't let
 * its client wait for the next look.
 */
static bool oldest_is_lost(void)
{
	struct xenfs_slot *slot;

	lockdep_assert_held(&transport.lock);
	slot = list_first_entry_or_null(&transport.in_flight,
					struct xenfs_slot, list);
	return slot && slot_returned(slot);
}

/*
 * Replies to those that were sent before @slot should have come before its own:
 * see find_broken_start().
 */
static void note_overtaken(struct xenfs_slot *slot)
{
	struct xenfs_slot *older;

	lockdep_assert_held(&transport.lock);
	list_for_each_entry(older, &transport.in_flight, list) {
		if (older == slot)
			break;
		if (older->given && older->given < slot->begun)
			older->overtaken = true;
	}
}

/*
 * The core has queued a reply and wakes the reader that it believes in. Runs in
 * the xenbus thread, under the wait queue's lock, with interrupts off and the
 * file's reply_mutex held: nothing else looks at the buffers.
 */
static int slot_woken(struct wait_queue_entry *entry, unsigned int mode,
		      int flags, void *key)
{
	struct xenfs_slot *slot = container_of(entry, struct xenfs_slot, entry);
	struct xenfs_answer answer = { };
	struct core_buffer *hdr, *body;
	struct xenfs_request *req;
	bool lost;

	hdr = xenfs_core_take_buffer(&slot->file);
	if (WARN_ON_ONCE(!hdr))
		return 0;
	body = xenfs_core_take_buffer(&slot->file);
	memcpy(&answer.hdr, hdr->msg, sizeof(answer.hdr));
	kfree(hdr);
	answer.body = body ? body->msg : NULL;
	answer.buffer = body;

	spin_lock(&transport.lock);
	answer.tx_id = xenfs_core_remove_holder(&slot->file);
	note_overtaken(slot);
	req = slot_free(slot);
	lost = oldest_is_lost();
	spin_unlock(&transport.lock);

	if (lost)
		mod_delayed_work(xenfs_wq, &transport.lost_work, 0);
	transport.answered(req, &answer);
	return 0;
}

/* Takes a slot whose reply the core dropped out of flight. */
static struct xenfs_request *take_lost(u32 *tx_id)
{
	struct xenfs_request *req = NULL;
	struct xenfs_slot *slot;

	spin_lock(&transport.lock);
	list_for_each_entry(slot, &transport.in_flight, list) {
		if (slot_returned(slot)) {
			*tx_id = xenfs_core_remove_holder(&slot->file);
			req = slot_free(slot);
			break;
		}
	}
	spin_unlock(&transport.lock);
	return req;
}

/*
 * A START whose answer is no number at all ends in a warning of the core, which
 * then keeps its reference and calls nobody. What is left to see is that a later
 * request was answered, and some time has passed: replies come in order.
 */
static struct xenfs_slot *find_broken_start(struct xenfs_request **req)
{
	struct xenfs_slot *slot, *found = NULL;

	spin_lock(&transport.lock);
	list_for_each_entry(slot, &transport.in_flight, list) {
		if (slot->type == XS_TRANSACTION_START && slot->overtaken &&
		    slot->looks > 1) {
			*req = slot->request;
			found = slot;
			break;
		}
	}
	spin_unlock(&transport.lock);
	return found;
}

/*
 * Takes a START out of flight, unless its answer came meanwhile. Without the
 * holder the core gives up on one that is to come, as on the first.
 */
static bool take_broken_start(struct xenfs_slot *slot,
			      struct xenfs_request *req)
{
	struct core_holder *holder = NULL;

	mutex_lock(&slot->file.msgbuffer_mutex);
	spin_lock(&transport.lock);
	if (slot->request == req && slot->overtaken)
		holder = list_first_entry_or_null(&slot->file.transactions,
						  struct core_holder, list);
	if (holder && holder->handle.id)
		holder = NULL;
	if (holder) {
		list_del(&holder->list);
		refcount_dec(&slot->file.kref.refcount);
		slot_free(slot);
	}
	spin_unlock(&transport.lock);
	mutex_unlock(&slot->file.msgbuffer_mutex);
	kfree(holder);
	return holder;
}

static void answer_broken_starts(void)
{
	struct xenfs_answer answer = { .error = -EIO };
	struct xenfs_request *req;
	struct xenfs_slot *slot;

	while ((slot = find_broken_start(&req))) {
		if (!take_broken_start(slot, req))
			break;
		transport.answered(req, &answer);
		cond_resched();
	}
}

/*
 * Counts the looks at what was overtaken. When the server that has it was killed,
 * nobody ever answers it, and nobody tells the kernel. An XS_CONTROL, as for a
 * live update, may take its time. Returns whether anything is in flight.
 */
static bool look(void)
{
	unsigned int forsaken = 0;
	struct xenfs_slot *slot;
	bool ret;

	spin_lock(&transport.lock);
	list_for_each_entry(slot, &transport.in_flight, list) {
		if (!slot->overtaken || slot->type == XS_CONTROL)
			continue;
		if (++slot->looks == FORSAKEN_LOOKS)
			forsaken++;
	}
	ret = !list_empty(&transport.in_flight);
	spin_unlock(&transport.lock);
	if (forsaken)
		pr_warn("requests without a reply, though later ones have theirs: %u. Was xenstored killed? Restart the programs that wait\n",
			forsaken);
	return ret;
}

/* Under the mutex the core can't answer it, and so nobody frees it. */
static void tell_overtaken(struct xenfs_slot *slot)
{
	struct xenfs_request *req = NULL;

	/* What is seen too late is seen at the next look. */
	if (!data_race(slot->overtaken && !slot->told))
		return;
	mutex_lock(&slot->file.reply_mutex);
	spin_lock(&transport.lock);
	if (slot->overtaken && !slot->told)
		req = slot->request;
	slot->told = true;
	spin_unlock(&transport.lock);
	if (req)
		transport.overtaken(req);
	mutex_unlock(&slot->file.reply_mutex);
}

static void lost_work(struct work_struct *work)
{
	struct xenfs_answer answer = { .error = -ENOMEM };
	struct xenfs_request *req;
	unsigned int i;

	while ((req = take_lost(&answer.tx_id))) {
		transport.answered(req, &answer);
		cond_resched();
	}
	answer_broken_starts();
	for (i = 0; i < xenfs_limits.slots; i++)
		tell_overtaken(&transport.slots[i]);
	if (look())
		queue_delayed_work(xenfs_wq, &transport.lost_work,
				   LOST_PERIOD);
}

/* The core calls this when nobody holds the file: that can't be. */
static void slot_dropped(struct work_struct *work)
{
	WARN_ONCE(1, "the core dropped a reference that it had not\n");
}

static void slot_init(struct xenfs_slot *slot)
{
	struct core_file *file = &slot->file;

	mutex_init(&file->msgbuffer_mutex);
	INIT_LIST_HEAD(&file->transactions);
	INIT_LIST_HEAD(&file->watches);
	mutex_init(&file->reply_mutex);
	INIT_LIST_HEAD(&file->read_buffers);
	init_waitqueue_head(&file->read_waitq);
	kref_init(&file->kref);
	INIT_WORK(&file->wq, slot_dropped);

	init_waitqueue_func_entry(&slot->entry, slot_woken);
	add_wait_queue(&file->read_waitq, &slot->entry);
	list_add_tail(&slot->list, &transport.free);
}

/**
 * xenfs_transport_init() - make the slots
 * @answered: called for each request that was sent
 * @overtaken: called, before that, for one that others overtook
 *
 * Context: module init.
 * Return: 0; -ENOMEM; or -ENOEXEC: the module was built for another kernel.
 */
int xenfs_transport_init(xenfs_answered_fn answered, xenfs_overtaken_fn overtaken)
{
	unsigned int i;
	int err;

	err = xenfs_core_check();
	if (err)
		return err;
	transport.slots = kvcalloc(xenfs_limits.slots,
				   sizeof(*transport.slots), GFP_KERNEL);
	if (!transport.slots)
		return -ENOMEM;
	for (i = 0; i < xenfs_limits.slots; i++)
		slot_init(&transport.slots[i]);
	INIT_DELAYED_WORK(&transport.lost_work, lost_work);
	transport.answered = answered;
	transport.overtaken = overtaken;
	return 0;
}

/**
 * xenfs_transport_exit() - give up the slots
 *
 * Nothing is in flight: every open that had a request there held the module.
 * But the xenbus thread may not yet be back from slot_woken(), which is code
 * of this module, nor have dropped its reference to the slot.
 *
 * Context: module exit; sleeps.
 */
void xenfs_transport_exit(void)
{
	unsigned int i;

	for (i = 0; i < xenfs_limits.slots; i++)
		while (!slot_returned(&transport.slots[i]))
			schedule_timeout_uninterruptible(1);
	cancel_delayed_work_sync(&transport.lost_work);
	kvfree(transport.slots);
}

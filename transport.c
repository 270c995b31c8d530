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
 * most one of the free slots.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core.h"
#include "limits.h"
#include "slot.h"
#include "transport.h"
#include "work.h"

struct xenfs_transport xenfs_transport = {
	.lock = __SPIN_LOCK_UNLOCKED(xenfs_transport.lock),
	.free = LIST_HEAD_INIT(xenfs_transport.free),
	.in_flight = LIST_HEAD_INIT(xenfs_transport.in_flight),
};

static xenfs_answered_fn answered;	/* never changes */

/**
 * xenfs_transport_claim() - take a free slot
 *
 * Context: any; takes the transport's lock.
 * Return: a slot, for xenfs_transport_send() or xenfs_transport_unclaim(); NULL: all
 * are claimed or in flight, and when one of those is free again that is told; or
 * ERR_PTR(-EAGAIN): there will be one presently, and nobody is told.
 */
struct xenfs_slot *xenfs_transport_claim(void)
{
	struct xenfs_slot *slot, *found = NULL;

	spin_lock(&xenfs_transport.lock);
	/* At most two steps: one may not have been returned yet. */
	list_for_each_entry(slot, &xenfs_transport.free, list) {
		if (xenfs_slot_returned(slot)) {
			list_del_init(&slot->list);
			found = slot;
			break;
		}
		found = ERR_PTR(-EAGAIN);
	}
	spin_unlock(&xenfs_transport.lock);
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

	spin_lock(&xenfs_transport.lock);
	ret = list_empty(&xenfs_transport.in_flight);
	spin_unlock(&xenfs_transport.lock);
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
	spin_lock(&xenfs_transport.lock);
	list_add(&slot->list, &xenfs_transport.free);
	spin_unlock(&xenfs_transport.lock);
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
	spin_lock(&xenfs_transport.lock);
	slot->request = req;
	slot->type = msg->type;
	slot->overtaken = false;
	slot->looks = 0;
	slot->stalled = false;
	slot->told = false;
	begun = ++xenfs_transport.clock;
	slot->begun = begun;
	slot->given = 0;
	list_add_tail(&slot->list, &xenfs_transport.in_flight);
	spin_unlock(&xenfs_transport.lock);

	err = xenbus_dev_request_and_reply(msg, &slot->file);
	if (!err) {
		/* It may be answered by now, and the slot be another's. */
		spin_lock(&xenfs_transport.lock);
		if (slot->begun == begun)
			slot->given = ++xenfs_transport.clock;
		spin_unlock(&xenfs_transport.lock);
		if (!delayed_work_pending(&xenfs_transport.lost_work))
			queue_delayed_work(xenfs_wq, &xenfs_transport.lost_work,
					   XENFS_LOST_PERIOD);
		return 0;
	}

	spin_lock(&xenfs_transport.lock);
	list_del_init(&slot->list);
	spin_unlock(&xenfs_transport.lock);
	refcount_dec(&slot->file.kref.refcount);
	xenfs_core_remove_holder(&slot->file);
	return err;
}

/*
 * Replies to those that were sent before @slot should have come before its own. Returns
 * whether one of them is back from the core without: that reply was dropped, and its
 * client need not wait for the next look.
 */
static bool note_overtaken(struct xenfs_slot *slot)
{
	struct xenfs_slot *older;
	bool lost = false;

	lockdep_assert_held(&xenfs_transport.lock);
	list_for_each_entry(older, &xenfs_transport.in_flight, list) {
		if (older == slot)
			break;
		if (older->given && older->given < slot->begun)
			older->overtaken = true;
		lost |= xenfs_slot_returned(older);
	}
	return lost;
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

	spin_lock(&xenfs_transport.lock);
	answer.tx_id = xenfs_core_remove_holder(&slot->file);
	lost = note_overtaken(slot);
	req = xenfs_slot_free(slot);
	WRITE_ONCE(xenfs_transport.answers, xenfs_transport.answers + 1);
	spin_unlock(&xenfs_transport.lock);

	if (lost)
		mod_delayed_work(xenfs_wq, &xenfs_transport.lost_work, 0);
	answered(req, &answer);
	return 0;
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
	list_add_tail(&slot->list, &xenfs_transport.free);
}

/**
 * xenfs_transport_init() - make the slots
 * @fn: called for each request that was sent
 *
 * Context: module init.
 * Return: 0; -ENOMEM; or -ENOEXEC: the module was built for another kernel.
 */
int xenfs_transport_init(xenfs_answered_fn fn)
{
	unsigned int i;
	int err;

	err = xenfs_core_check();
	if (err)
		return err;
	xenfs_transport.slots = kvcalloc(xenfs_limits.slots,
					 sizeof(*xenfs_transport.slots), GFP_KERNEL);
	if (!xenfs_transport.slots)
		return -ENOMEM;
	for (i = 0; i < xenfs_limits.slots; i++)
		slot_init(&xenfs_transport.slots[i]);
	answered = fn;
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
		while (!xenfs_slot_returned(&xenfs_transport.slots[i]))
			schedule_timeout_uninterruptible(1);
	cancel_delayed_work_sync(&xenfs_transport.lost_work);
	kvfree(xenfs_transport.slots);
}

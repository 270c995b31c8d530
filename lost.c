// SPDX-License-Identifier: GPL-2.0
/*
 * Replies that don't come
 *
 * The core drops a reply when it has no memory for it; a server that was killed answers
 * nothing of what it had taken. None of that is told to anybody. So while anything is in
 * flight, somebody looks once a second, and when a reply comes before that to an older
 * request, which the core dropped. If it didn't, that may still come: xenstored answers
 * a START late that was written during a live update, and the core needs the slot then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "lost.h"
#include "slot.h"
#include "work.h"

/*
 * How many looks to wait for a reply that others have overtaken, before the log says so;
 * and for one that may have to wait until a live update is over, which has a minute
 */
#define FORSAKEN_LOOKS	5
#define POSTPONED_LOOKS	70

/* How many looks without any reply, before one request more may be sent at each */
#define STALLED_LOOKS	10

static struct {
	unsigned int answers;		/* lost_work: as it found them last time */
	unsigned int quiet;		/* lost_work: looks since there was one */
	xenfs_answered_fn answered;	/* never changes */
	xenfs_overtaken_fn overtaken;	/* never changes */
} lost;

/* Takes a slot whose reply the core dropped out of flight. */
static struct xenfs_request *take_lost(u32 *tx_id)
{
	struct xenfs_request *req = NULL;
	struct xenfs_slot *slot;

	spin_lock(&xenfs_transport.lock);
	list_for_each_entry(slot, &xenfs_transport.in_flight, list) {
		if (xenfs_slot_returned(slot)) {
			*tx_id = xenfs_core_remove_holder(&slot->file);
			req = xenfs_slot_free(slot);
			break;
		}
	}
	spin_unlock(&xenfs_transport.lock);
	return req;
}

static bool is_forsaken(const struct xenfs_slot *slot)
{
	switch (slot->type) {
	case XS_CONTROL: /* as for a live update: may take its time */
		return false;
	case XS_TRANSACTION_START:
		return slot->looks == POSTPONED_LOOKS;
	default:
		return slot->looks == FORSAKEN_LOOKS;
	}
}

/*
 * Counts the looks at what was overtaken. When the server that has it was killed,
 * nobody ever answers it, and nobody tells the kernel. Returns whether anything is in
 * flight.
 */
static bool look(void)
{
	unsigned int forsaken = 0;
	struct xenfs_slot *slot;
	bool ret;

	spin_lock(&xenfs_transport.lock);
	list_for_each_entry(slot, &xenfs_transport.in_flight, list) {
		if (!slot->overtaken)
			continue;
		slot->looks++;
		forsaken += is_forsaken(slot);
	}
	ret = !list_empty(&xenfs_transport.in_flight);
	spin_unlock(&xenfs_transport.lock);
	if (forsaken)
		pr_warn("requests without a reply, though later ones have theirs: %u. Was xenstored killed? Restart the programs that wait\n",
			forsaken);
	return ret;
}

/* The oldest that those above were not told of: overtaken ones, or any that count still */
static struct xenfs_slot *find_untold(bool certain, u64 *begun)
{
	struct xenfs_slot *slot, *found = NULL;

	spin_lock(&xenfs_transport.lock);
	list_for_each_entry(slot, &xenfs_transport.in_flight, list) {
		if (!slot->told &&
		    (certain ? slot->overtaken : slot->given && !slot->stalled)) {
			*begun = slot->begun;
			found = slot;
			break;
		}
	}
	spin_unlock(&xenfs_transport.lock);
	return found;
}

/*
 * It may be answered by now, and the slot another's. Under the mutex the core can't
 * answer it, and so nobody frees it.
 */
static void tell(struct xenfs_slot *slot, u64 begun, bool certain)
{
	struct xenfs_request *req = NULL;

	mutex_lock(&slot->file.reply_mutex);
	spin_lock(&xenfs_transport.lock);
	if (slot->begun == begun) {
		req = slot->request;
		slot->told = certain;
		slot->stalled = !certain;
	}
	spin_unlock(&xenfs_transport.lock);
	if (req)
		lost.overtaken(req, certain);
	mutex_unlock(&slot->file.reply_mutex);
}

static void tell_overtaken(void)
{
	struct xenfs_slot *slot;
	u64 begun;

	while ((slot = find_untold(true, &begun))) {
		tell(slot, begun, true);
		cond_resched();
	}
}

/*
 * Nothing at all is answered: the server stands still, or was killed. In the latter case
 * it may be that all who could overtake what it had may send nothing, as that is their
 * share. So somebody may send one more, and if that is answered, the rest follows.
 */
static void look_for_stalled(void)
{
	unsigned int answers = READ_ONCE(xenfs_transport.answers);
	struct xenfs_slot *slot;
	u64 begun;

	slot = find_untold(false, &begun);
	if (!slot || answers != lost.answers)
		lost.quiet = 0;
	lost.answers = answers;
	if (slot && ++lost.quiet > STALLED_LOOKS)
		tell(slot, begun, false);
}

static void lost_work(struct work_struct *work)
{
	struct xenfs_answer answer = { .error = -ENOMEM };
	struct xenfs_request *req;

	while ((req = take_lost(&answer.tx_id))) {
		lost.answered(req, &answer);
		cond_resched();
	}
	tell_overtaken();
	look_for_stalled();
	if (look())
		queue_delayed_work(xenfs_wq, &xenfs_transport.lost_work,
				   XENFS_LOST_PERIOD);
}

/**
 * xenfs_lost_init() - have somebody look for replies that don't come
 * @answered: called for each request whose reply is known to be lost
 * @overtaken: called for what may never be answered
 *
 * Context: module init, before xenfs_transport_init().
 */
void xenfs_lost_init(xenfs_answered_fn answered, xenfs_overtaken_fn overtaken)
{
	INIT_DELAYED_WORK(&xenfs_transport.lost_work, lost_work);
	lost.answered = answered;
	lost.overtaken = overtaken;
}

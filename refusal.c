// SPDX-License-Identifier: GPL-2.0
/*
 * Making good for what a refused START does to the core
 *
 * The core counts who uses the ring, and a suspend of the domain waits until
 * that is nobody. A client's START counts as one user while it is at the server,
 * but an error to it as two that leave: the number wraps, and the domain can
 * never be suspended. For each such refusal the core is therefore asked to start
 * a transaction itself, which counts until the core ends it; but it is ended
 * as those of clients are, which does not count.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "close.h"
#include "refusal.h"
#include "transaction.h"
#include "transport.h"
#include "work.h"

/* When to try again to make good for a refusal */
#define REFUSAL_RETRY	HZ

/* How long a suspend may wait for the answers to what was sent before it */
#define SETTLE_TIMEOUT	(10 * HZ)

static void refusal_work(struct work_struct *work);

static struct {
	atomic_t count;			/* not made good yet; they hold the module */
	struct delayed_work work;
} refusals = {
	.work = __DELAYED_WORK_INITIALIZER(refusals.work, refusal_work, 0),
};

/*
 * Makes good for one refusal: the connection aborts what it has as it ends.
 * Returns false if that must be tried again.
 */
static bool refusal_compensate(void)
{
	struct xenfs_connection *c;
	int err;

	c = xenfs_open();
	if (!c)
		return false;
	err = xenfs_transaction_take(c);
	xenfs_close(c);
	return !err;
}

/* One more is good; the last one lets the module go. */
static bool refusal_done(void)
{
	if (!atomic_dec_and_test(&refusals.count))
		return false;
	module_put(THIS_MODULE);
	return true;
}

static void refusal_work(struct work_struct *work)
{
	do {
		if (!refusal_compensate()) {
			queue_delayed_work(xenfs_core_wq, &refusals.work,
					   REFUSAL_RETRY);
			return;
		}
	} while (!refusal_done());
}

/**
 * xenfs_refusals_settle() - before a suspend: make all refusals good
 *
 * First the answers to what is at the server have to come: there may be one more
 * refusal among them. The transactions that the core starts for this need not be
 * ended before the suspend.
 *
 * Context: process context, with tasks and workqueues frozen; waits for xenstored.
 * Return: 0, or -EBUSY: the domain can't be suspended now.
 */
int xenfs_refusals_settle(void)
{
	unsigned long end = jiffies + SETTLE_TIMEOUT;

	while (!xenfs_transport_idle()) {
		if (time_after(jiffies, end))
			return -EBUSY;
		msleep(20);
	}
	while (atomic_read(&refusals.count)) {
		if (!refusal_compensate())
			return -EBUSY;
		/* It is frozen, or its timer runs; the last refusal ends it. */
		if (atomic_read(&refusals.count) == 1)
			cancel_delayed_work(&refusals.work);
		refusal_done();
	}
	return 0;
}

/**
 * xenfs_refused() - the server has refused a START
 *
 * Context: any, with a connection that holds the module.
 */
void xenfs_refused(void)
{
	if (atomic_inc_return(&refusals.count) > 1)
		return;
	__module_get(THIS_MODULE);
	queue_delayed_work(xenfs_core_wq, &refusals.work, 0);
}

/**
 * xenfs_refusals_exit() - wait until the last one was made good
 *
 * Context: module exit; no refusal is left, but refusal_work() may not have
 * returned yet.
 */
void xenfs_refusals_exit(void)
{
	flush_delayed_work(&refusals.work);
}

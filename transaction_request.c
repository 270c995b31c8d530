// SPDX-License-Identifier: GPL-2.0
/*
 * START and END of clients, and what a refused START does to the core
 *
 * A START that the server refuses for its quota waits until there is a place for
 * it, with all that its open wrote behind it (contract T1, W3): so nothing of the
 * open is sent while the server has one that may come back.
 *
 * The core counts who uses the ring, and a suspend of the domain waits until
 * that is nobody. A client's START counts as one user while it is at the server,
 * but an error to it as two that leave: the number wraps, and the domain can
 * never be suspended. For each such refusal the core is therefore asked to start
 * a transaction itself, which counts until the core ends it; but it is ended
 * as those of clients are, which does not count.
 *
 * So it is the core, too, that asks the server whether it has more than it had:
 * it is not miscounted when the server refuses that.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>

#include "close.h"
#include "limits.h"
#include "transaction.h"
#include "transaction_request.h"
#include "transport.h"
#include "work.h"

/* When to try again to make good for a refusal */
#define REFUSAL_RETRY	HZ

/*
 * With so many to be made good for, which a suspend has to wait for, only those who
 * may wait in line ask the server for more: each refusal of theirs keeps the others.
 */
#define REFUSALS_MAX	16

/* How long a suspend may wait for the answers to what was sent before it */
#define SETTLE_TIMEOUT	(10 * HZ)

/* When to ask the server whether it has more, and after it had no more */
#define PROBE_FIRST	HZ
#define PROBE_LAST	(4 * HZ)

static void refusal_work(struct work_struct *work);
static void probe_work(struct work_struct *work);

static struct {
	atomic_t count;			/* not made good yet; they hold the module */
	struct delayed_work work;
	struct delayed_work probe;
	unsigned long probe_delay;	/* of probe_work() alone */
} refusals = {
	.work = __DELAYED_WORK_INITIALIZER(refusals.work, refusal_work, 0),
	.probe = __DELAYED_WORK_INITIALIZER(refusals.probe, probe_work, 0),
	.probe_delay = PROBE_FIRST,
};

/* The server has refused a START, whose connection holds the module. */
static void start_refused(void)
{
	queue_delayed_work(xenfs_core_wq, &refusals.probe, PROBE_FIRST);
	if (atomic_inc_return(&refusals.count) > 1)
		return;
	__module_get(THIS_MODULE);
	queue_delayed_work(xenfs_core_wq, &refusals.work, 0);
}

/* --- START -------------------------------------------------------------- */

/* What is allocated is charged as a part of the request. */
static int start_prepare(struct xenfs_request *req)
{
	req->transaction = xenfs_transaction_alloc(req->connection);
	if (!req->transaction)
		return -ENOMEM;
	req->reply.charge += ksize(req->transaction);
	return 0;
}

static void start_discard(struct xenfs_request *req)
{
	if (req->transaction)
		xenfs_transaction_forget(req->transaction);
	req->transaction = NULL;
}

static struct xsd_sockmsg *start_dispatch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	bool may_return;
	int err;

	lockdep_assert_held(&c->lock);
	if (c->transaction_count >= xenfs_limits.transactions)
		return ERR_PTR(-ENOSPC);
	err = xenfs_transaction_place(req->transaction, &may_return);
	if (err)
		return ERR_PTR(err);
	if (may_return) {
		c->barrier = req;
	} else if (atomic_read(&refusals.count) >= REFUSALS_MAX) {
		xenfs_transaction_uncount(req->transaction);
		return ERR_PTR(-ENOSPC);
	}
	return req->msg;
}

static void start_unsent(struct xenfs_request *req)
{
	xenfs_request_lift_barrier(req);
	xenfs_transaction_uncount(req->transaction);
	start_discard(req);
}

/* The server has none left: xenstored says the one, oxenstored the other. */
static bool none_left(const struct xenfs_answer *answer)
{
	return !answer->error && (xenfs_answer_says(answer, "ENOSPC") ||
				  xenfs_answer_says(answer, "EQUOTA"));
}

static bool start_again(struct xenfs_request *req,
			const struct xenfs_answer *answer)
{
	if (!xenfs_request_lift_barrier(req) ||
	    req->connection->state != XENFS_OPEN || !none_left(answer))
		return false;
	xenfs_transaction_back(req->transaction);
	start_refused();
	return true;
}

static void start_answered(struct xenfs_request *req,
			   struct xenfs_answer *answer)
{
	struct xenfs_transaction *t = req->transaction;

	if (!answer->tx_id) {
		start_unsent(req);
		/* "0" is none, but was no error to the core. */
		if (answer->error || answer->hdr.type == XS_ERROR)
			start_refused();
		else
			xenfs_answer_instead(answer, -EIO);
		/* The one word for it that clients know */
		if (none_left(answer))
			xenfs_answer_instead(answer, -ENOSPC);
		return;
	}
	req->transaction = NULL;
	xenfs_transaction_add(t, answer->tx_id);
	/* The client is told that there was no memory: it will not end it. */
	if (answer->error)
		xenfs_request_prepend(&t->abort);
}

const struct xenfs_kind xenfs_start_kind = {
	.prepare = start_prepare,
	.discard = start_discard,
	.dispatch = start_dispatch,
	.unsent = start_unsent,
	.again = start_again,
	.answered = start_answered,
};

/* --- END, and what is in between ---------------------------------------- */

static struct xenfs_transaction *find(const struct xenfs_request *req)
{
	struct xenfs_transaction *t;

	lockdep_assert_held(&req->connection->lock);
	list_for_each_entry(t, &req->connection->transactions, list)
		if (t->id == req->msg->tx_id)
			return t;
	return NULL;
}

static struct xsd_sockmsg *end_dispatch(struct xenfs_request *req)
{
	struct xenfs_transaction *t = find(req);

	if (!t)
		return req->msg;
	xenfs_transaction_uncount(t);
	if (xenfs_transaction_is_stale(t)) {
		/* The server does not know it any more. */
		kfree(t);
		return req->args.commit ? ERR_PTR(-EAGAIN) : NULL;
	}
	req->transaction = t;
	return req->msg;
}

static void end_unsent(struct xenfs_request *req)
{
	struct xenfs_transaction *t = req->transaction;

	req->transaction = NULL;
	if (!t)
		return;
	xenfs_transaction_count(t);
	xenfs_transaction_add(t, t->id);
}

static void end_answered(struct xenfs_request *req,
			 struct xenfs_answer *answer)
{
	kfree(req->transaction);
	req->transaction = NULL;
}

const struct xenfs_kind xenfs_end_kind = {
	.dispatch = end_dispatch,
	.unsent = end_unsent,
	.answered = end_answered,
};

/**
 * xenfs_transaction_check() - may a request use its transaction?
 * @req: about to be dispatched
 *
 * Context: any, under connection->lock.
 * Return: 0; -ENOENT: the open has no such transaction (contract W6); or
 * -EAGAIN: it was lost in a resume (contract T2).
 */
int xenfs_transaction_check(struct xenfs_request *req)
{
	struct xenfs_transaction *t;

	if (!req->msg->tx_id)
		return 0;
	t = find(req);
	if (!t)
		return -ENOENT;
	return xenfs_transaction_is_stale(t) && req->kind != &xenfs_end_kind ?
	       -EAGAIN : 0;
}

/* --- Making good for refusals ------------------------------------------- */

/* Has the core start one for an open, which ends it as one of its client's. */
static int take_transaction(struct xenfs_connection *c)
{
	struct xenbus_transaction started;
	struct xenfs_transaction *t;
	int err;

	t = xenfs_transaction_alloc(c);
	if (!t)
		return -ENOMEM;
	err = xenbus_transaction_start(&started);
	if (err) {
		kfree(t);
		return err;
	}
	spin_lock(&c->lock);
	xenfs_transaction_count(t);
	xenfs_transaction_add(t, started.id);
	spin_unlock(&c->lock);
	return 0;
}

/*
 * Makes good for one refusal: the connection aborts what it has as it ends.
 * Returns false if that must be tried again.
 */
static bool refusal_compensate(void)
{
	struct xenfs_connection *c;
	int err;

	c = xenfs_connection_alloc();
	if (!c)
		return false;
	err = take_transaction(c);
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

/* --- Does the server allow more? ---------------------------------------- */

/* Has it so many left? */
static bool server_has(unsigned int wanted)
{
	struct xenbus_transaction t[XENFS_KERNEL_PART + 1];
	unsigned int n, i;

	for (n = 0; n < min_t(unsigned int, wanted, ARRAY_SIZE(t)); n++)
		if (xenbus_transaction_start(&t[n]))
			break;
	for (i = 0; i < n; i++)
		xenbus_transaction_end(t[i], 1);
	return n == wanted;
}

static void probe_work(struct work_struct *work)
{
	unsigned int wanted = xenfs_transactions_wanted();

	if (!wanted)
		return;
	/* The module must not go while this waits for the server. */
	if (!try_module_get(THIS_MODULE))
		return;
	if (server_has(wanted)) {
		refusals.probe_delay = PROBE_FIRST;
		xenfs_transactions_found();
	} else {
		refusals.probe_delay = min_t(unsigned long, PROBE_LAST,
					     2 * refusals.probe_delay);
	}
	queue_delayed_work(xenfs_core_wq, &refusals.probe,
			   refusals.probe_delay);
	module_put(THIS_MODULE);
}

/**
 * xenfs_refusals_exit() - wait until the last one was made good
 *
 * Context: module exit; no refusal is left, nor anybody who waits, but
 * refusal_work() may not have returned yet.
 */
void xenfs_refusals_exit(void)
{
	cancel_delayed_work_sync(&refusals.probe);
	flush_delayed_work(&refusals.work);
}

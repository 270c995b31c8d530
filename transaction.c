// SPDX-License-Identifier: GPL-2.0
/*
 * Transactions
 *
 * An open may use only the transactions that it started (contract W6, I5), so
 * it keeps a list of them. A transaction is put on it when the answer to its
 * START comes and taken off when its END is dispatched: whatever the server
 * answers to that, the transaction is over.
 *
 * They are counted from the dispatch of the START to that of the END, for the
 * server takes requests in the order of dispatch.
 *
 * A resume brings the domain to a server that knows none of its transactions
 * and gives their ids to others. They stay on the lists, but nothing of them is
 * sent any more (contract T2).
 *
 * A START that the server refuses upsets the core: see refusals.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <xen/xen-ops.h>
#include <xen/xenbus.h>

#include "xenfs.h"

/* When to try again to make good for a refusal */
#define REFUSAL_RETRY	HZ

/**
 * struct xenfs_transaction - a transaction of one open
 * @list: on connection->transactions while it can be used; connection->lock
 * @id: the server's name for it
 * @resumes: how often the domain was resumed before it was started
 * @connection: whose it is
 * @abort: the END that nobody wrote, for one that is left behind
 * @wire: what @abort sends, with the payload
 */
struct xenfs_transaction {
	struct list_head list;
	u32 id;
	u32 resumes;
	struct xenfs_connection *connection;
	struct xenfs_request abort;
	struct {
		struct xsd_sockmsg hdr;
		char body[2];
	} wire;
};

/*
 * Changes only while the domain's tasks and the workqueue are frozen and no
 * request is at the server.
 */
static u32 resumes;

/* Transactions of all opens */
static atomic_t total;

static void refusal_work(struct work_struct *work);

/*
 * The core counts who uses the ring, and a suspend of the domain waits until
 * that is nobody. A client's START counts as one user while it is at the server,
 * but an error to it as two that leave: the number wraps, and the domain can
 * never be suspended. For each such refusal the core is therefore asked to start
 * a transaction itself, which counts until the core ends it; but it is ended
 * as those of clients are, which does not count.
 */
static struct {
	atomic_t count;			/* not made good yet; they hold the module */
	struct delayed_work work;
} refusals = {
	.work = __DELAYED_WORK_INITIALIZER(refusals.work, refusal_work, 0),
};

static bool is_stale(const struct xenfs_transaction *t)
{
	return t->resumes != resumes;
}

static struct xenfs_transaction *transaction_find(struct xenfs_connection *c,
						  u32 id)
{
	struct xenfs_transaction *t;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(t, &c->transactions, list)
		if (t->id == id)
			return t;
	return NULL;
}

static void abort_release(struct xenfs_message *reply)
{
	struct xenfs_request *req;

	req = container_of(reply, struct xenfs_request, reply);
	kfree(container_of(req, struct xenfs_transaction, abort));
}

static struct xenfs_transaction *transaction_alloc(struct xenfs_connection *c)
{
	struct xenfs_transaction *t;

	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return NULL;
	t->connection = c;
	t->wire.hdr.type = XS_TRANSACTION_END;
	t->wire.hdr.len = sizeof(t->wire.body);
	t->wire.body[0] = 'F';
	xenfs_request_embed(&t->abort, c, &t->wire.hdr, abort_release);
	return t;
}

static void count_in(struct xenfs_transaction *t)
{
	lockdep_assert_held(&t->connection->lock);
	t->connection->transaction_count++;
	atomic_inc(&total);
}

static void count_out(struct xenfs_transaction *t)
{
	lockdep_assert_held(&t->connection->lock);
	t->connection->transaction_count--;
	atomic_dec(&total);
}

static void transaction_add(struct xenfs_transaction *t, u32 id)
{
	lockdep_assert_held(&t->connection->lock);
	t->id = id;
	t->resumes = resumes;
	t->wire.hdr.tx_id = id;
	list_add(&t->list, &t->connection->transactions);
}

/**
 * xenfs_transaction_prepare() - allocate what a START needs
 * @req: complete, its syntax checked, not submitted yet
 *
 * It is charged as a part of the request.
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM.
 */
int xenfs_transaction_prepare(struct xenfs_request *req)
{
	req->transaction = transaction_alloc(req->connection);
	if (!req->transaction)
		return -ENOMEM;
	req->reply.charge += ksize(req->transaction);
	return 0;
}

/**
 * xenfs_transaction_discard() - free what xenfs_transaction_prepare() allocated
 * @req: a START that was not dispatched, or whose transaction is over
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_discard(struct xenfs_request *req)
{
	kfree(req->transaction);
	req->transaction = NULL;
}

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
	t = transaction_find(req->connection, req->msg->tx_id);
	if (!t)
		return -ENOENT;
	return is_stale(t) && req->kind != XENFS_END ? -EAGAIN : 0;
}

/**
 * xenfs_transaction_start_dispatch() - a START is about to be sent
 * @req: the START
 *
 * Context: any, under connection->lock.
 * Return: 0, or -ENOSPC: there are as many transactions as there may be.
 */
int xenfs_transaction_start_dispatch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	if (c->transaction_count >= xenfs_limits.transactions ||
	    !atomic_add_unless(&total, 1, xenfs_limits.all_transactions))
		return -ENOSPC;
	c->transaction_count++;
	return 0;
}

/* The END of a transaction that the server does not know any more. */
static int end_stale(struct xenfs_request *req, struct xenfs_transaction *t)
{
	const char *body = (char *)(req->msg + 1);

	if (req->internal)
		return 0;	/* abort_release() frees it */
	kfree(t);
	return xenfs_end_commits(req->msg, body) ? -EAGAIN : 0;
}

/**
 * xenfs_transaction_end_dispatch() - an END is about to be sent
 * @req: the END
 * @error: set if it must not be sent
 *
 * Context: any, under connection->lock.
 * Return: true if it must be sent; else *@error answers it, which is 0 for OK.
 */
bool xenfs_transaction_end_dispatch(struct xenfs_request *req, int *error)
{
	struct xenfs_transaction *t;

	t = transaction_find(req->connection, req->msg->tx_id);
	if (!t)
		return true;
	list_del_init(&t->list);
	count_out(t);
	if (is_stale(t)) {
		*error = end_stale(req, t);
		return false;
	}
	req->transaction = t;
	return true;
}

/**
 * xenfs_transaction_unsent() - a START or END was dispatched, but not sent
 * @req: the request
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_unsent(struct xenfs_request *req)
{
	lockdep_assert_held(&req->connection->lock);
	if (req->kind == XENFS_START) {
		count_out(req->transaction);
		xenfs_transaction_discard(req);
	} else if (req->transaction) {
		count_in(req->transaction);
		list_add(&req->transaction->list,
			 &req->connection->transactions);
		req->transaction = NULL;
	}
}

/*
 * Makes good for one refusal: the connection aborts what it has as it ends.
 * Returns false if that must be tried again.
 */
static bool refusal_compensate(void)
{
	struct xenbus_transaction started;
	struct xenfs_transaction *t = NULL;
	struct xenfs_connection *c;
	bool ret = false;

	c = xenfs_connection_alloc();
	if (!c)
		return false;
	t = transaction_alloc(c);
	if (t)
		ret = !xenbus_transaction_start(&started);
	if (ret) {
		spin_lock(&c->lock);
		count_in(t);
		transaction_add(t, started.id);
		spin_unlock(&c->lock);
	} else {
		kfree(t);
	}
	xenfs_connection_end(c, XENFS_CLOSED);
	xenfs_connection_put(c);
	return ret;
}

static void refusal_work(struct work_struct *work)
{
	do {
		if (!refusal_compensate()) {
			schedule_delayed_work(&refusals.work, REFUSAL_RETRY);
			return;
		}
	} while (!atomic_dec_and_test(&refusals.count));
	module_put(THIS_MODULE);
}

/* Called for a connection that holds the module. */
static void refused(void)
{
	if (atomic_inc_return(&refusals.count) > 1)
		return;
	__module_get(THIS_MODULE);
	schedule_delayed_work(&refusals.work, 0);
}

static void transaction_started(struct xenfs_request *req,
				const struct xenfs_answer *answer)
{
	struct xenfs_transaction *t = req->transaction;

	if (!answer->tx_id) {
		count_out(t);
		xenfs_transaction_discard(req);
		refused();
		return;
	}
	req->transaction = NULL;
	transaction_add(t, answer->tx_id);
	/* The client is told that there was no memory: it will not end it. */
	if (answer->error)
		xenfs_request_prepend(&t->abort);
}

/**
 * xenfs_transaction_answered() - an answer came for a START or END
 * @req: the request
 * @answer: the answer
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_answered(struct xenfs_request *req,
				const struct xenfs_answer *answer)
{
	if (req->kind == XENFS_START)
		transaction_started(req, answer);
	else if (!req->internal)
		xenfs_transaction_discard(req);
}

/**
 * xenfs_transactions_abort() - abort all transactions of an open
 * @c: the connection; it has no requests at the server
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_transactions_abort(struct xenfs_connection *c)
{
	struct xenfs_transaction *t;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(t, &c->transactions, list)
		xenfs_request_prepend(&t->abort);
}

static int transactions_resume(struct notifier_block *nb, unsigned long action,
			       void *data)
{
	resumes++;
	return NOTIFY_DONE;
}

static struct notifier_block resume_notifier = {
	.notifier_call = transactions_resume,
};

/**
 * xenfs_transactions_init() - listen for a resume
 *
 * Context: module init.
 */
void xenfs_transactions_init(void)
{
	xen_resume_notifier_register(&resume_notifier);
}

/**
 * xenfs_transactions_exit() - undo xenfs_transactions_init()
 *
 * Context: module exit; no refusal is left, but refusal_work() may not have
 * returned yet.
 */
void xenfs_transactions_exit(void)
{
	flush_delayed_work(&refusals.work);
	xen_resume_notifier_unregister(&resume_notifier);
}

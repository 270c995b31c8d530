// SPDX-License-Identifier: GPL-2.0
/*
 * The transactions of opens
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
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <xen/xenbus.h>

#include "limits.h"
#include "transaction.h"

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

static xenfs_refused_fn start_refused;	/* never changes */

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
	t->wire.hdr.tx_id = id;
	list_add(&t->list, &t->connection->transactions);
}

/* Is there room for one more of all? There may be more than there should. */
static bool count_within_all(void)
{
	if (atomic_inc_return(&total) <= (int)xenfs_limits.all_transactions)
		return true;
	atomic_dec(&total);
	return false;
}

/* It is about to be ended, and can't be used any more. */
static void transaction_remove(struct xenfs_transaction *t)
{
	list_del_init(&t->list);
	count_out(t);
}

/* It can be used after all. */
static void transaction_restore(struct xenfs_transaction *t)
{
	count_in(t);
	list_add(&t->list, &t->connection->transactions);
}

/* --- The END that nobody wrote ------------------------------------------ */

static struct xsd_sockmsg *abort_dispatch(struct xenfs_request *req)
{
	struct xenfs_transaction *t;

	t = container_of(req, struct xenfs_transaction, abort);
	transaction_remove(t);
	return is_stale(t) ? NULL : req->msg;
}

static void abort_unsent(struct xenfs_request *req)
{
	transaction_restore(container_of(req, struct xenfs_transaction, abort));
}

static const struct xenfs_kind abort_kind = {
	.dispatch = abort_dispatch,
	.unsent = abort_unsent,
};

static void abort_release(struct xenfs_message *reply)
{
	kfree(container_of(xenfs_request_of(reply), struct xenfs_transaction,
			   abort));
}

static const struct xenfs_message_ops abort_ops = {
	.release = abort_release,
};

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
	xenfs_request_embed(&t->abort, c, &abort_kind, &t->wire.hdr,
			    &abort_ops);
	return t;
}

/* --- START -------------------------------------------------------------- */

/* What is allocated is charged as a part of the request. */
static int start_prepare(struct xenfs_request *req)
{
	req->transaction = transaction_alloc(req->connection);
	if (!req->transaction)
		return -ENOMEM;
	req->reply.charge += ksize(req->transaction);
	return 0;
}

static void start_discard(struct xenfs_request *req)
{
	kfree(req->transaction);
	req->transaction = NULL;
}

static struct xsd_sockmsg *start_dispatch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	if (c->transaction_count >= xenfs_limits.transactions ||
	    !count_within_all())
		return ERR_PTR(-ENOSPC);
	c->transaction_count++;
	req->transaction->resumes = resumes;
	return req->msg;
}

static void start_unsent(struct xenfs_request *req)
{
	count_out(req->transaction);
	start_discard(req);
}

static void start_answered(struct xenfs_request *req,
			   const struct xenfs_answer *answer)
{
	struct xenfs_transaction *t = req->transaction;

	if (!answer->tx_id) {
		start_unsent(req);
		/* An answer that is none was no error to the core. */
		if (answer->error != -EIO)
			start_refused();
		return;
	}
	req->transaction = NULL;
	transaction_add(t, answer->tx_id);
	/* The client is told that there was no memory: it will not end it. */
	if (answer->error)
		xenfs_request_prepend(&t->abort);
}

const struct xenfs_kind xenfs_start_kind = {
	.prepare = start_prepare,
	.discard = start_discard,
	.dispatch = start_dispatch,
	.unsent = start_unsent,
	.answered = start_answered,
};

/* --- END ---------------------------------------------------------------- */

static struct xsd_sockmsg *end_dispatch(struct xenfs_request *req)
{
	struct xenfs_transaction *t;

	t = transaction_find(req->connection, req->msg->tx_id);
	if (!t)
		return req->msg;
	transaction_remove(t);
	if (is_stale(t)) {
		/* The server does not know it any more. */
		kfree(t);
		return req->args.commit ? ERR_PTR(-EAGAIN) : NULL;
	}
	req->transaction = t;
	return req->msg;
}

static void end_unsent(struct xenfs_request *req)
{
	if (req->transaction)
		transaction_restore(req->transaction);
	req->transaction = NULL;
}

static void end_answered(struct xenfs_request *req,
			 const struct xenfs_answer *answer)
{
	kfree(req->transaction);
	req->transaction = NULL;
}

const struct xenfs_kind xenfs_end_kind = {
	.dispatch = end_dispatch,
	.unsent = end_unsent,
	.answered = end_answered,
};

/* --- All of them -------------------------------------------------------- */

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
	return is_stale(t) && req->kind != &xenfs_end_kind ? -EAGAIN : 0;
}

/**
 * xenfs_transaction_take() - have the core start a transaction for an open
 * @c: the connection, which ends it as one that its client started
 *
 * Context: process context; waits for xenstored.
 * Return: 0 or a negative errno.
 */
int xenfs_transaction_take(struct xenfs_connection *c)
{
	struct xenbus_transaction started;
	struct xenfs_transaction *t;
	int err;

	t = transaction_alloc(c);
	if (!t)
		return -ENOMEM;
	err = xenbus_transaction_start(&started);
	if (err) {
		kfree(t);
		return err;
	}
	spin_lock(&c->lock);
	count_in(t);
	t->resumes = resumes;
	transaction_add(t, started.id);
	spin_unlock(&c->lock);
	return 0;
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

/**
 * xenfs_transactions_resumed() - the server has none of them any more
 *
 * The domain was resumed, maybe on another host.
 *
 * Context: tasks and the workqueue are frozen, and no request is at the server:
 * the core has seen to that (contract T2).
 */
void xenfs_transactions_resumed(void)
{
	resumes++;
}

/**
 * xenfs_transactions_init() - set up the transactions
 * @refused: called when the server refuses a START
 *
 * Context: module init.
 */
void xenfs_transactions_init(xenfs_refused_fn refused)
{
	start_refused = refused;
}

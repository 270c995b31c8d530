// SPDX-License-Identifier: GPL-2.0
/*
 * Transactions
 *
 * An open may use only the transactions that it started (contract W6, I5), so
 * it keeps a list of them. A transaction is put on it when the answer to its
 * START comes and taken off when its END is dispatched: whatever the server
 * answers to that, the transaction is over.
 *
 * A resume brings the domain to a server that knows none of its transactions
 * and gives their ids to others. They stay on the lists, but nothing of them is
 * sent any more (contract T2).
 */
#include <linux/err.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <xen/xen-ops.h>

#include "xenfs.h"

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

static void transaction_free(struct xenfs_transaction *t)
{
	lockdep_assert_held(&t->connection->lock);
	t->connection->transaction_count--;
	kfree(t);
}

/* It was counted out when it was answered: the connection may be gone. */
static void abort_release(struct xenfs_message *reply)
{
	struct xenfs_request *req;

	req = container_of(reply, struct xenfs_request, reply);
	kfree(container_of(req, struct xenfs_transaction, abort));
}

/**
 * xenfs_transaction_prepare() - allocate what a START needs
 * @req: complete, its syntax checked, not submitted yet
 *
 * Context: process context; may sleep.
 * Return: 0, -ENOMEM, or -ENOSPC: the open has as many as it may.
 */
int xenfs_transaction_prepare(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	struct xenfs_transaction *t;
	bool room;

	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	t->connection = c;
	t->wire.hdr.type = XS_TRANSACTION_END;
	t->wire.hdr.len = sizeof(t->wire.body);
	t->wire.body[0] = 'F';
	xenfs_request_embed(&t->abort, c, &t->wire.hdr, abort_release);

	spin_lock(&c->lock);
	room = c->transaction_count < XENFS_TRANSACTIONS_MAX;
	if (room)
		c->transaction_count++;
	spin_unlock(&c->lock);
	if (!room) {
		kfree(t);
		return -ENOSPC;
	}
	req->transaction = t;
	return 0;
}

/**
 * xenfs_transaction_discard() - free what xenfs_transaction_prepare() allocated
 * @req: a START that was not dispatched
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_discard(struct xenfs_request *req)
{
	if (req->transaction)
		transaction_free(req->transaction);
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

/* The END of a transaction that the server does not know any more. */
static int end_stale(struct xenfs_request *req, struct xenfs_transaction *t)
{
	const char *body = (char *)(req->msg + 1);

	if (req->internal) {
		t->connection->transaction_count--;
		return 0;	/* abort_release() frees it */
	}
	transaction_free(t);
	return xenfs_end_commits(req->msg, body) ? -EAGAIN : 0;
}

/**
 * xenfs_transaction_dispatch() - a TRANSACTION_END is about to be sent
 * @req: the END
 * @error: set if it must not be sent
 *
 * Context: any, under connection->lock.
 * Return: true if it must be sent; else *@error answers it, which is 0 for OK.
 */
bool xenfs_transaction_dispatch(struct xenfs_request *req, int *error)
{
	struct xenfs_transaction *t;

	t = transaction_find(req->connection, req->msg->tx_id);
	if (!t)
		return true;
	list_del_init(&t->list);
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
	if (req->kind == XENFS_START) {
		xenfs_transaction_discard(req);
	} else if (req->transaction) {
		list_add(&req->transaction->list,
			 &req->connection->transactions);
		req->transaction = NULL;
	}
}

static void transaction_started(struct xenfs_request *req,
				const struct xenfs_answer *answer)
{
	struct xenfs_transaction *t = req->transaction;

	if (!answer->tx_id) {
		xenfs_transaction_discard(req);
		return;
	}
	req->transaction = NULL;
	t->id = answer->tx_id;
	t->resumes = resumes;
	t->wire.hdr.tx_id = t->id;
	list_add(&t->list, &req->connection->transactions);
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
	else if (req->internal)
		req->connection->transaction_count--;
	else if (req->transaction)
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
 * Context: module exit.
 */
void xenfs_transactions_exit(void)
{
	xen_resume_notifier_unregister(&resume_notifier);
}

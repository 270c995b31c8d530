// SPDX-License-Identifier: GPL-2.0
/*
 * The transactions of opens, and who waits for one
 *
 * An open may use only the transactions that it started (contract W6, I5), so
 * it keeps a list of them. A transaction is put on it when the answer to its
 * START comes and taken off when its END is dispatched: whatever the server
 * answers to that, the transaction is over.
 *
 * They are counted from the dispatch of the START to that of the END, for that is
 * mostly the order in which the server takes them; if it isn't, a START may be refused
 * that had a place. A START for which there is no place left stands in a line until a
 * transaction ends, and its open with it; but not for ever, and not if the open has a
 * transaction: all who have one might wait for each other (contract T1).
 *
 * How many the server really allows is learned when it refuses one for its quota:
 * that goes back to where it stood. As many as there are then there may be, less
 * the part of the kernel's drivers. While somebody waits the server is asked
 * whether it has more, and when nobody does all of that is forgotten.
 *
 * A resume brings the domain to a server that knows none of its transactions
 * and gives their ids to others. They stay on the lists, but nothing of them is
 * sent any more (contract T2).
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "limits.h"
#include "transaction.h"
#include "turns.h"
#include "work.h"

/* In one go, in the line: STARTs that waited too long, and those that are counted */
#define LINE_BUDGET	64
#define LINE_COUNTED	1000

static void line_work(struct work_struct *work);

static struct {
	spinlock_t lock;		/* also what a START has of the line */
	struct list_head waiting;	/* lock; by ticket, so by deadline, too */
	u64 tickets;			/* lock; the last one */
	unsigned int used;		/* lock; places that are taken or given */
	unsigned int given;		/* lock; of those: not dispatched yet */
	unsigned int allowed;		/* lock; of @used, as far as is known */
	struct delayed_work work;	/* for who has waited too long */
} line = {
	.lock = __SPIN_LOCK_UNLOCKED(line.lock),
	.waiting = LIST_HEAD_INIT(line.waiting),
	.work = __DELAYED_WORK_INITIALIZER(line.work, line_work, 0),
};

/*
 * Changes only while the domain's tasks and the workqueue are frozen and no
 * request is at the server.
 */
static u32 resumes;

/**
 * xenfs_transaction_is_stale() - was it lost in a resume?
 * @t: a transaction that was started
 *
 * Context: any.
 */
bool xenfs_transaction_is_stale(const struct xenfs_transaction *t)
{
	return t->resumes != resumes;
}

/* --- The line ----------------------------------------------------------- */

static struct xenfs_transaction *first_in_line(void)
{
	lockdep_assert_held(&line.lock);
	return list_first_entry_or_null(&line.waiting, struct xenfs_transaction,
					line);
}

/* It need not wait any longer; its open has its turn again. */
static void leave_line(struct xenfs_transaction *t, enum xenfs_place place)
{
	lockdep_assert_held(&line.lock);
	list_del_init(&t->line);
	t->place = place;
	xenfs_turns_unpark_one(t->connection);
}

/* Who gets a place has it at once, before its turn comes: nobody overtakes. */
static void serve_line(void)
{
	struct xenfs_transaction *t;

	lockdep_assert_held(&line.lock);
	while (line.used < line.allowed && (t = first_in_line())) {
		line.used++;
		line.given++;
		leave_line(t, PLACE_GIVEN);
	}
}

/* To be called as somebody becomes the first but by the end of the one before. */
static void set_alarm(void)
{
	struct xenfs_transaction *t = first_in_line();

	if (t)
		mod_delayed_work(xenfs_wq, &line.work,
				 time_after(t->deadline, jiffies) ?
				 t->deadline - jiffies : 0);
}

static void line_work(struct work_struct *work)
{
	struct xenfs_transaction *t;
	int budget;

	spin_lock(&line.lock);
	for (budget = LINE_BUDGET; budget; budget--) {
		t = first_in_line();
		if (!t || time_before(jiffies, t->deadline))
			break;
		leave_line(t, PLACE_REFUSED);
	}
	set_alarm();
	spin_unlock(&line.lock);
}

/* In the order of the tickets: before it are few, if any, who also came back. */
static void join_line(struct xenfs_transaction *t, bool back)
{
	struct list_head *place = &line.waiting;
	struct xenfs_transaction *next;

	lockdep_assert_held(&line.lock);
	if (back) {
		list_for_each_entry(next, &line.waiting, line)
			if (next->ticket > t->ticket)
				break;
		place = &next->line;
	}
	list_add_tail(&t->line, place);
	t->place = PLACE_AWAITED;
	if (first_in_line() == t)
		set_alarm();
}

/* Returns as xenfs_transaction_place(). */
static int take_place(struct xenfs_transaction *t, bool wait)
{
	lockdep_assert_held(&line.lock);
	switch (t->place) {
	case PLACE_AWAITED:
		return -EIOCBQUEUED;
	case PLACE_REFUSED:
		return -ENOSPC;
	case PLACE_GIVEN:
		line.given--;
		t->place = PLACE_NONE;
		return 0;
	case PLACE_NONE:
		break;
	}
	t->ticket = ++line.tickets;
	t->deadline = jiffies + xenfs_limits.transaction_wait * HZ;
	if (line.used < line.allowed && list_empty(&line.waiting)) {
		line.used++;
		return 0;
	}
	if (!wait)
		return -ENOSPC;
	join_line(t, false);
	return -EIOCBQUEUED;
}

/* Its open has none already, but what was lost in a resume, and takes requests. */
static bool may_wait(struct xenfs_connection *c)
{
	struct xenfs_transaction *t;
	u32 stale = 0;

	lockdep_assert_held(&c->lock);
	if (!xenfs_limits.transaction_wait || c->state != XENFS_OPEN)
		return false;
	list_for_each_entry(t, &c->transactions, list) {
		if (!xenfs_transaction_is_stale(t))
			return false;
		stale++;
	}
	return c->transaction_count == stale;
}

/**
 * xenfs_transaction_place() - take a place for a START that is to be sent now
 * @t: the transaction
 * @may_return: set to whether xenfs_transaction_back() may be called
 *
 * Context: any, under connection->lock.
 * Return: 0: it is counted; -EIOCBQUEUED: it waits, and xenfs_turns_unpark_one()
 * will be called; -ENOSPC: there is none, or it has waited too long.
 */
int xenfs_transaction_place(struct xenfs_transaction *t, bool *may_return)
{
	struct xenfs_connection *c = t->connection;
	int ret;

	*may_return = may_wait(c);
	spin_lock(&line.lock);
	ret = take_place(t, *may_return);
	spin_unlock(&line.lock);
	c->awaited = ret == -EIOCBQUEUED ? t : NULL;
	if (!ret) {
		c->transaction_count++;
		t->resumes = resumes;
	}
	return ret;
}

/**
 * xenfs_transaction_back() - the server has no place for it
 * @t: the transaction, whose START it has refused; goes back to where it stood
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_back(struct xenfs_transaction *t)
{
	struct xenfs_connection *c = t->connection;
	unsigned int most;

	lockdep_assert_held(&c->lock);
	c->awaited = t;
	c->transaction_count--;
	spin_lock(&line.lock);
	line.used--;
	most = line.used > XENFS_KERNEL_PART ?
	       line.used - XENFS_KERNEL_PART : min(line.used, 1U);
	line.allowed = min(line.allowed, most);
	join_line(t, true);
	spin_unlock(&line.lock);
}

/* It needs no place: it is not to be started any more. */
static void give_up_place(struct xenfs_transaction *t)
{
	spin_lock(&line.lock);
	if (t->place == PLACE_AWAITED) {
		leave_line(t, PLACE_REFUSED);
	} else if (t->place == PLACE_GIVEN) {
		t->place = PLACE_REFUSED;
		line.given--;
		line.used--;
		serve_line();
	}
	spin_unlock(&line.lock);
}

/* --- One transaction ---------------------------------------------------- */

/**
 * xenfs_transaction_count() - it is at the server, whether it has a place or not
 * @t: the transaction
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_count(struct xenfs_transaction *t)
{
	lockdep_assert_held(&t->connection->lock);
	t->resumes = resumes;
	t->connection->transaction_count++;
	spin_lock(&line.lock);
	line.used++;
	spin_unlock(&line.lock);
}

/**
 * xenfs_transaction_uncount() - it is about to be ended, or was not started
 * @t: the transaction, which can't be used any more
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_uncount(struct xenfs_transaction *t)
{
	lockdep_assert_held(&t->connection->lock);
	list_del_init(&t->list);
	t->connection->transaction_count--;
	if (xenfs_transaction_is_stale(t))
		return;
	spin_lock(&line.lock);
	line.used--;
	serve_line();
	spin_unlock(&line.lock);
}

/**
 * xenfs_transaction_add() - it was started and can be used
 * @t: the transaction, which was counted
 * @id: the server's name for it
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_add(struct xenfs_transaction *t, u32 id)
{
	lockdep_assert_held(&t->connection->lock);
	t->id = id;
	t->wire.hdr.tx_id = id;
	list_add(&t->list, &t->connection->transactions);
}

/**
 * xenfs_transaction_forget() - free one that was not started
 * @t: the transaction
 *
 * Context: any, under connection->lock.
 */
void xenfs_transaction_forget(struct xenfs_transaction *t)
{
	struct xenfs_connection *c = t->connection;

	lockdep_assert_held(&c->lock);
	if (c->awaited == t)
		c->awaited = NULL;
	give_up_place(t);
	kfree(t);
}

/* --- The END that nobody wrote ------------------------------------------ */

static struct xsd_sockmsg *abort_dispatch(struct xenfs_request *req)
{
	struct xenfs_transaction *t;

	t = container_of(req, struct xenfs_transaction, abort);
	xenfs_transaction_uncount(t);
	return xenfs_transaction_is_stale(t) ? NULL : req->msg;
}

static void abort_unsent(struct xenfs_request *req)
{
	struct xenfs_transaction *t;

	t = container_of(req, struct xenfs_transaction, abort);
	xenfs_transaction_count(t);
	xenfs_transaction_add(t, t->id);
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

/**
 * xenfs_transaction_alloc() - make one for a START
 * @c: the connection
 *
 * Context: process context; may sleep.
 * Return: the transaction, or NULL: no memory.
 */
struct xenfs_transaction *xenfs_transaction_alloc(struct xenfs_connection *c)
{
	struct xenfs_transaction *t;

	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return NULL;
	t->connection = c;
	INIT_LIST_HEAD(&t->list);
	INIT_LIST_HEAD(&t->line);
	t->wire.hdr.type = XS_TRANSACTION_END;
	t->wire.hdr.len = sizeof(t->wire.body);
	t->wire.body[0] = 'F';
	xenfs_request_embed(&t->abort, c, &abort_kind, &t->wire.hdr,
			    &abort_ops);
	return t;
}

/* --- All of them -------------------------------------------------------- */

/**
 * xenfs_transactions_closed() - an open takes no more requests
 * @c: the connection; what it waits for is no longer its
 *
 * Context: any, under connection->lock.
 */
void xenfs_transactions_closed(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	if (c->awaited)
		give_up_place(c->awaited);
}

/**
 * xenfs_transaction_behind() - behind how many others does an open wait for one?
 * @c: the connection
 *
 * Context: any, under connection->lock.
 * Return: that number, counted up to a bound; or -1: it does not wait.
 */
int xenfs_transaction_behind(struct xenfs_connection *c)
{
	struct xenfs_transaction *t = c->awaited;
	int n = -1;

	lockdep_assert_held(&c->lock);
	spin_lock(&line.lock);
	if (t && t->place == PLACE_AWAITED) {
		n = 0;
		list_for_each_entry_continue_reverse(t, &line.waiting, line)
			if (++n == LINE_COUNTED)
				break;
	}
	spin_unlock(&line.lock);
	return n;
}

/**
 * xenfs_transactions_wanted() - how many should the server have left?
 *
 * When nobody waits, what was learned of that is forgotten.
 *
 * Context: any.
 * Return: how many, so that clients may have one more; 0: nobody wants to know.
 */
unsigned int xenfs_transactions_wanted(void)
{
	unsigned int ret = 0;

	spin_lock(&line.lock);
	if (list_empty(&line.waiting))
		line.allowed = xenfs_limits.all_transactions;
	if (line.allowed < xenfs_limits.all_transactions)
		ret = line.allowed ? XENFS_KERNEL_PART + 1 : 1;
	spin_unlock(&line.lock);
	return ret;
}

/**
 * xenfs_transactions_found() - it has as many as xenfs_transactions_wanted() said
 *
 * Context: any.
 */
void xenfs_transactions_found(void)
{
	spin_lock(&line.lock);
	if (line.allowed < xenfs_limits.all_transactions)
		line.allowed++;
	serve_line();
	spin_unlock(&line.lock);
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
	spin_lock(&line.lock);
	line.used = line.given;
	line.allowed = xenfs_limits.all_transactions;
	serve_line();
	spin_unlock(&line.lock);
}

/**
 * xenfs_transactions_init() - set up the line
 *
 * Context: module init.
 */
void xenfs_transactions_init(void)
{
	line.allowed = xenfs_limits.all_transactions;
}

/**
 * xenfs_transactions_exit() - undo xenfs_transactions_init()
 *
 * Context: module exit; no connection is left, and so nobody in the line.
 */
void xenfs_transactions_exit(void)
{
	cancel_delayed_work_sync(&line.work);
}

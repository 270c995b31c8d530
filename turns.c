// SPDX-License-Identifier: GPL-2.0
/*
 * Whose turn it is to send
 *
 * Clients take turns, and in each turn of a client the next of its opens: one that
 * has something to send is in group->waiting, its group in turns.waiting, and
 * whoever finds a free slot sends one request for the first of the first. Mostly
 * the list is empty and a slot is free: then the writer sends its request itself.
 * Otherwise the workqueue does, because what frees a slot is the xenbus thread,
 * which must not sleep, and sending may.
 *
 * What its closed opens have written is sent in every other turn of a client, for all
 * of them together: so it hurts nobody when very many are closed at once, nor who
 * closes one and goes on. When they have nothing at the server, and but to give back
 * what they hold, they are in a group of their own, for all clients, which has every
 * other turn of all, and as much at the server as all others together: who makes and
 * closes opens is not faster than that, as nobody counts closed opens.
 *
 * An open that has as much at the server as it may (share.c) is not in
 * group->waiting, nor such a group in turns.waiting, until it is answered
 * (contract I2).
 *
 * One task at a time sends for an open (connection->sending), so an open's
 * requests reach the server in the order written (contract W3).
 *
 * An open whose next request can't be sent yet, whatever slots there are, is
 * parked: in turns.parked, until somebody lets all of those try again; or, if what
 * it waits for comes to it alone, in no list, until it does.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "client.h"
#include "connection.h"
#include "transport.h"
#include "turns.h"
#include "work.h"

/* When parked opens try again, if nothing else lets them */
#define UNPARK_DELAY		(HZ / 10)

static struct {
	spinlock_t lock;		/* also connections' turn and so on, groups */
	struct list_head waiting;	/* lock; groups with something to send */
	struct xenfs_group giving;	/* lock; opens that only give back */
	bool giving_was_last;		/* lock; to have the other turn */
	struct list_head parked;	/* lock; opens that must not, for now */
	unsigned int unparks;		/* lock; how often those were let go */
	struct work_struct work;	/* sends for those who wait */
	struct delayed_work unpark_work;
	xenfs_send_fn send;		/* never changes */
} turns = {
	.lock = __SPIN_LOCK_UNLOCKED(turns.lock),
	.waiting = LIST_HEAD_INIT(turns.waiting),
	.giving = { .apart = true },
	.parked = LIST_HEAD_INIT(turns.parked),
};

/* --- Who waits ---------------------------------------------------------- */

static bool group_may_send(const struct xenfs_group *group)
{
	lockdep_assert_held(&turns.lock);
	return group->share.in_flight < xenfs_group_share(group);
}

static bool may_send(const struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	return c->share.in_flight < xenfs_group_share_of(c->group, &c->share);
}

/*
 * Groups that had more at the server when they were alone have no place there. Those
 * that give back have every other turn.
 */
static struct xenfs_group *first_group(void)
{
	bool giving = xenfs_group_waits(&turns.giving) && group_may_send(&turns.giving);
	struct xenfs_group *group;

	lockdep_assert_held(&turns.lock);
	if (giving && !turns.giving_was_last)
		return &turns.giving;
	while ((group = list_first_entry_or_null(&turns.waiting,
						 struct xenfs_group, turn))) {
		if (group_may_send(group))
			return group;
		list_del_init(&group->turn);
	}
	return giving ? &turns.giving : NULL;
}

/* Behind the others, even if it has a place; or nowhere, if it can have no turn. */
static void group_joins(struct xenfs_group *group)
{
	lockdep_assert_held(&turns.lock);
	list_del_init(&group->turn);
	if (!group->apart && xenfs_group_waits(group) && group_may_send(group))
		list_add_tail(&group->turn, &turns.waiting);
}

/*
 * The first of the parked, if those have been let go since. All that were parked
 * before that stand before the others.
 */
static struct xenfs_connection *first_to_retry(void)
{
	struct xenfs_connection *c;

	lockdep_assert_held(&turns.lock);
	c = list_first_entry_or_null(&turns.parked, struct xenfs_connection,
				     turn);
	return c && !c->sending && c->unparks != turns.unparks ? c : NULL;
}

static bool nobody_waits(void)
{
	lockdep_assert_held(&turns.lock);
	return !first_group() && !first_to_retry();
}

/*
 * If an open sends now, does that overtake somebody? A group that had its share at
 * the server waits in no list until enough of that is answered, but its opens wait in
 * theirs: for those of one client the way is free only when none does.
 */
static bool overtakes_nobody(const struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	return may_send(c) && group_may_send(c->group) &&
	       !xenfs_group_waits(c->group) && nobody_waits();
}

/* An open with something to send; if it may not yet it will when it is answered. */
static void join(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	if (c->sending || c->parked || !list_empty(&c->turn))
		return;
	xenfs_group_wants(c->group, &c->share);
	if (!may_send(c))
		return;
	list_add_tail(&c->turn, READ_ONCE(c->state) == XENFS_CLOSED ?
				&c->group->closed : &c->group->waiting);
	if (list_empty(&c->group->turn))
		group_joins(c->group);
	if (c->group->apart || !list_empty(&c->group->turn))
		queue_work(xenfs_wq, &turns.work);
}

/*
 * It joins to send several: each time costs a switch to the workqueue. With more than
 * that at the server it does so as the next of these is answered.
 */
static bool may_send_several(const struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	return c->share.in_flight <= xenfs_group_share_of(c->group, &c->share) / 2;
}

/* From wherever it waits, or is parked. */
static void leave(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	c->parked = false;
	list_del_init(&c->turn);
	if (!xenfs_group_waits(c->group))
		list_del_init(&c->group->turn);
}

/**
 * xenfs_turns_join() - have the workqueue send for an open when it is its turn
 * @c: the connection, which has something to send
 *
 * Nothing is to be done if it waits already, or is parked, or has much at the server,
 * or somebody sends for it: who does ends that with xenfs_turns_end().
 *
 * Context: any, under connection->lock; takes turns.lock.
 */
void xenfs_turns_join(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	if (may_send_several(c))
		join(c);
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_answered() - a slot is free again that was claimed for an open
 * @c: the connection
 * @how: why
 * @more: it has something to send
 *
 * Context: any, under connection->lock; takes turns.lock.
 */
void xenfs_turns_answered(struct xenfs_connection *c, enum xenfs_freed how,
			  bool more)
{
	struct xenfs_group *group;

	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	group = c->group;
	/* Who is parked has nothing to send, and does not wait for this answer. */
	if (how != XENFS_ANSWERED_LATE)
		xenfs_group_answered(group, &c->share, how != XENFS_UNSENT,
				     more && !c->parked,
				     c->parked || c->state == XENFS_CLOSED);
	if (more && may_send_several(c))
		join(c);
	if (list_empty(&group->turn) &&
	    group->share.in_flight <= xenfs_group_share(group) / 2)
		group_joins(group);
	if (!nobody_waits())
		queue_work(xenfs_wq, &turns.work);
	spin_unlock(&turns.lock);
}

static void start_sending(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	WARN_ON_ONCE(!list_empty(&c->turn));
	kref_get(&c->kref);
	c->sending = true;
	c->unparks = turns.unparks;
	xenfs_group_sent(c->group, &c->share);
}

/* One of the parked that were let go waits for its turn as others do. */
static void retry_one(void)
{
	struct xenfs_connection *c = first_to_retry();

	if (c) {
		leave(c);
		join(c);
	}
}

/* The core may be about to be done with a free slot, and tells nobody. */
static struct xenfs_slot *claim(void)
{
	struct xenfs_slot *slot = xenfs_transport_claim();

	if (!IS_ERR(slot))
		return slot;
	xenfs_turns_unpark_soon();
	return NULL;
}

/*
 * Whose turn is it? Returns the slot to send with; NULL if it is nobody's or there is
 * no slot; or ERR_PTR(-EAGAIN): what was to be tried again has its share at the server.
 */
static struct xenfs_slot *next_turn(struct xenfs_connection **next)
{
	struct xenfs_slot *slot = NULL;
	struct xenfs_group *group;

	spin_lock(&turns.lock);
	retry_one();
	group = first_group();
	if (group)
		slot = claim();
	else if (first_to_retry())
		slot = ERR_PTR(-EAGAIN);
	if (!IS_ERR_OR_NULL(slot)) {
		*next = list_entry(xenfs_group_next(group),
				   struct xenfs_connection, turn);
		turns.giving_was_last = group->apart;
		leave(*next);
		start_sending(*next);
		group_joins(group);
	}
	spin_unlock(&turns.lock);
	return slot;
}

static void turns_work(struct work_struct *work)
{
	struct xenfs_connection *c;
	struct xenfs_slot *slot;

	while ((slot = next_turn(&c))) {
		if (!IS_ERR(slot))
			turns.send(c, slot);
		cond_resched();
	}
}

/**
 * xenfs_turns_own() - may the writer send for itself? Else its open joins
 * @c: the connection, which has something to send
 * @may_sleep: so may the writer, as who sends must
 *
 * Only if it overtakes nobody.
 *
 * Context: process context, under connection->lock; takes turns.lock.
 * Return: the slot to send with, and a reference to the connection; or NULL.
 */
struct xenfs_slot *xenfs_turns_own(struct xenfs_connection *c, bool may_sleep)
{
	struct xenfs_slot *slot = NULL;

	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	xenfs_group_wants(c->group, &c->share);
	if (may_sleep && !c->sending && !c->parked && overtakes_nobody(c))
		slot = claim();
	if (slot)
		start_sending(c);
	else
		join(c);
	spin_unlock(&turns.lock);
	return slot;
}

/**
 * xenfs_turns_end() - an open had its turn
 * @c: the connection
 * @more: it has something more to send, and joins again
 *
 * Context: process context, under connection->lock; takes turns.lock.
 */
void xenfs_turns_end(struct xenfs_connection *c, bool more)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	c->sending = false;
	if (more)
		join(c);
	if (first_to_retry())	/* it may have had to wait for this end */
		queue_work(xenfs_wq, &turns.work);
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_park() - an open's next request has to wait for something
 * @c: the connection, whose turn it is
 * @alone: it waits for something of its own
 *
 * What it waits for calls xenfs_turns_unpark() when it is there, or
 * xenfs_turns_unpark_one(), which is for who waits alone. If that has been called since
 * this turn began, it may have been for this: then the open is not parked, and tries
 * again.
 *
 * Context: process context, under connection->lock; takes turns.lock.
 */
void xenfs_turns_park(struct xenfs_connection *c, bool alone)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	if (c->unparks == turns.unparks) {
		c->parked = true;
		if (!alone)
			list_add_tail(&c->turn, &turns.parked);
	}
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_unpark() - let the parked opens try again
 *
 * Context: any; takes turns.lock.
 */
void xenfs_turns_unpark(void)
{
	spin_lock(&turns.lock);
	turns.unparks++;
	if (!nobody_waits())
		queue_work(xenfs_wq, &turns.work);
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_unpark_one() - let an open try again, if it is parked
 * @c: the connection
 *
 * If it has its turn just now it will not be parked as that ends.
 *
 * Context: any; takes turns.lock.
 */
void xenfs_turns_unpark_one(struct xenfs_connection *c)
{
	spin_lock(&turns.lock);
	if (c->parked) {
		leave(c);
		join(c);
	} else if (c->sending) {
		c->unparks = turns.unparks - 1;
	}
	spin_unlock(&turns.lock);
}

static void unpark_work(struct work_struct *work)
{
	xenfs_turns_unpark();
}

/**
 * xenfs_turns_unpark_soon() - let the parked opens try again in a while
 *
 * For those that nothing else would: what they waited for was memory.
 *
 * Context: any.
 */
void xenfs_turns_unpark_soon(void)
{
	queue_delayed_work(xenfs_wq, &turns.unpark_work, UNPARK_DELAY);
}

/* Whether it waits, and with whom, is another matter now. */
static void move(struct xenfs_connection *c, struct xenfs_group *to)
{
	bool waits = !list_empty(&c->turn) && !c->parked;
	struct xenfs_group *from = c->group;

	lockdep_assert_held(&turns.lock);
	if (waits)
		leave(c);
	if (to != from)
		xenfs_group_move(from, to, &c->share);
	c->group = to;
	if (waits)
		join(c);
	/* Others may have waited for what was its. */
	if (list_empty(&from->turn))
		group_joins(from);
}

/**
 * xenfs_turns_closed() - an open was closed, or its stream broke
 * @c: the connection
 * @leaves: it will send no more; else, if it waits, it is among those that are
 *	closed
 *
 * Context: any, under connection->lock; takes turns.lock.
 */
void xenfs_turns_closed(struct xenfs_connection *c, bool leaves)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	/* What it has at the server stays its client's. */
	if (c->state == XENFS_CLOSED)
		move(c, list_empty(&c->queued) && !c->share.in_flight ?
			&turns.giving : c->group);
	if (leaves)
		leave(c);
	if (!nobody_waits())
		queue_work(xenfs_wq, &turns.work);
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_gives_back() - all was sent that a closed open had written
 * @c: the connection, whose turn it is
 *
 * Context: process context, under connection->lock; takes turns.lock.
 */
void xenfs_turns_gives_back(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	move(c, &turns.giving);
	if (!nobody_waits())
		queue_work(xenfs_wq, &turns.work);
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_init() - set up the turns
 * @send: called for each turn that the workqueue takes
 *
 * Context: module init.
 */
void xenfs_turns_init(xenfs_send_fn send)
{
	INIT_WORK(&turns.work, turns_work);
	INIT_DELAYED_WORK(&turns.unpark_work, unpark_work);
	xenfs_group_init(&turns.giving);
	turns.send = send;
}

/**
 * xenfs_turns_exit() - undo xenfs_turns_init()
 *
 * Context: module exit; no connection is left.
 */
void xenfs_turns_exit(void)
{
	cancel_delayed_work_sync(&turns.unpark_work);
	flush_work(&turns.work);
}

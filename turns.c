// SPDX-License-Identifier: GPL-2.0
/*
 * Whose turn it is to send
 *
 * Clients take turns, and in each turn of a client the next of its opens: one that
 * has something to send is in client->waiting, its client in turns.waiting, and
 * whoever finds a free slot sends one request for the first of the first. Mostly
 * the list is empty and a slot is free: then the writer sends its request itself.
 * Otherwise the workqueue does, because what frees a slot is the xenbus thread,
 * which must not sleep, and sending may. Opens that were closed and have yet to
 * give back what they hold wait in turns.closing: all of them together get every
 * other turn, so that it hurts nobody when very many are closed at once.
 *
 * The server takes requests first come, first served: whoever comes to it waits for
 * all that others have there. So an open may have few there while other opens send,
 * and a client while other clients do; one that has is not in turns.waiting, until
 * it is answered (contract I2).
 *
 * One task at a time sends for an open (connection->sending), so an open's
 * requests reach the server in the order written (contract W3).
 *
 * An open whose next request can't be sent yet, whatever slots there are, is
 * parked: in turns.parked, until somebody lets all of those try again; or, if what
 * it waits for comes to it alone, in no list, until it does.
 */
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "client.h"
#include "connection.h"
#include "transport.h"
#include "turns.h"
#include "work.h"

/* Requests of an open, or a client, that may be at the server while it is alone */
#define IN_FLIGHT_MAX		16

/* The same, while others have something to send as well (contract I2) */
#define IN_FLIGHT_SHARED	2

/* Who had so many turns without another between is alone */
#define ALONE_SENDS		64

/**
 * struct xenfs_alone - is somebody alone?
 * @last: which open, or client, sent last; turns.lock
 * @turns: how many it has had since another one; turns.lock, but peeked at
 */
struct xenfs_alone {
	const void *last;
	unsigned int turns;
};

/* When parked opens try again, if nothing else lets them */
#define UNPARK_DELAY		(HZ / 10)

static struct {
	spinlock_t lock;		/* also connections' turn, sending, parked */
	struct list_head waiting;	/* lock; clients with something to send */
	struct list_head closing;	/* lock; opens that are closed, likewise */
	bool closing_was_last;		/* lock; to have the other turn */
	struct list_head parked;	/* lock; opens that must not, for now */
	unsigned int unparks;		/* lock; how often those were let go */
	struct xenfs_alone open;	/* lock */
	struct xenfs_alone client;	/* lock */
	struct work_struct work;	/* sends for those who wait */
	struct delayed_work unpark_work;
	xenfs_send_fn send;		/* never changes */
} turns = {
	.lock = __SPIN_LOCK_UNLOCKED(turns.lock),
	.waiting = LIST_HEAD_INIT(turns.waiting),
	.closing = LIST_HEAD_INIT(turns.closing),
	.parked = LIST_HEAD_INIT(turns.parked),
};

static u32 share(const struct xenfs_alone *alone)
{
	return READ_ONCE(alone->turns) < ALONE_SENDS ? IN_FLIGHT_SHARED :
						       IN_FLIGHT_MAX;
}

static void note_turn(struct xenfs_alone *alone, const void *who)
{
	lockdep_assert_held(&turns.lock);
	if (alone->last != who)
		WRITE_ONCE(alone->turns, 0);
	else if (alone->turns < ALONE_SENDS)
		WRITE_ONCE(alone->turns, alone->turns + 1);
	alone->last = who;
}

/**
 * xenfs_turns_share() - how many requests an open may have at the server
 *
 * Context: any (contract I2).
 */
u32 xenfs_turns_share(void)
{
	return share(&turns.open);
}

/* --- Who waits ---------------------------------------------------------- */

static bool may_send(const struct xenfs_client *client)
{
	lockdep_assert_held(&turns.lock);
	return client->in_flight < share(&turns.client);
}

/* Clients that had more at the server when they were alone have no place there. */
static struct xenfs_client *first_client(void)
{
	struct xenfs_client *client;

	lockdep_assert_held(&turns.lock);
	while ((client = list_first_entry_or_null(&turns.waiting,
						  struct xenfs_client, turn))) {
		if (may_send(client))
			return client;
		list_del_init(&client->turn);
	}
	return NULL;
}

/* Behind the others, even if it has a place; or nowhere, if it can have no turn. */
static void client_joins(struct xenfs_client *client)
{
	lockdep_assert_held(&turns.lock);
	list_del_init(&client->turn);
	if (!list_empty(&client->waiting) && may_send(client))
		list_add_tail(&client->turn, &turns.waiting);
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
	return !first_client() && list_empty(&turns.closing) &&
	       !first_to_retry();
}

static void join(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	if (c->sending || c->parked || !list_empty(&c->turn))
		return;
	if (READ_ONCE(c->state) == XENFS_CLOSED) {
		list_add_tail(&c->turn, &turns.closing);
	} else {
		list_add_tail(&c->turn, &c->client->waiting);
		if (list_empty(&c->client->turn))
			client_joins(c->client);
		if (list_empty(&c->client->turn))
			return;
	}
	queue_work(xenfs_wq, &turns.work);
}

/* From wherever it waits, or is parked. */
static void leave(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	c->parked = false;
	list_del_init(&c->turn);
	if (list_empty(&c->client->waiting))
		list_del_init(&c->client->turn);
}

/**
 * xenfs_turns_join() - have the workqueue send for an open when it is its turn
 * @c: the connection, which has something to send
 *
 * Nothing is to be done if it waits already, or is parked, or somebody sends
 * for it: who does ends that with xenfs_turns_end().
 *
 * Context: any, under connection->lock; takes turns.lock.
 */
void xenfs_turns_join(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	join(c);
	spin_unlock(&turns.lock);
}

static void uncount(struct xenfs_connection *c, u32 n)
{
	lockdep_assert_held(&turns.lock);
	c->turns -= n;
	c->client->in_flight -= n;
}

/**
 * xenfs_turns_answered() - a slot is free again that was claimed for an open
 * @c: the connection
 *
 * Context: any, with a reference to @c; takes turns.lock.
 */
void xenfs_turns_answered(struct xenfs_connection *c)
{
	struct xenfs_client *client = c->client;

	spin_lock(&turns.lock);
	if (c->turns)
		uncount(c, 1);
	/* Several at once: each time costs a switch to the workqueue. */
	if (list_empty(&client->turn) &&
	    client->in_flight <= share(&turns.client) / 2)
		client_joins(client);
	if (!nobody_waits())
		queue_work(xenfs_wq, &turns.work);
	spin_unlock(&turns.lock);
}

static void start_sending(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	kref_get(&c->kref);
	c->sending = true;
	c->unparks = turns.unparks;
	/* Those of closed opens are no reason for others of its client to wait. */
	if (READ_ONCE(c->state) != XENFS_CLOSED) {
		c->turns++;
		c->client->in_flight++;
	}
	note_turn(&turns.open, c);
	note_turn(&turns.client, c->client);
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

/* Of the closed ones, or of the first client's. */
static struct xenfs_connection *first_in_line(bool *closing)
{
	struct xenfs_client *client = first_client();

	lockdep_assert_held(&turns.lock);
	*closing = !list_empty(&turns.closing) &&
		   (!client || !turns.closing_was_last);
	if (!*closing && !client)
		return NULL;
	return list_first_entry(*closing ? &turns.closing : &client->waiting,
				struct xenfs_connection, turn);
}

/* Whose turn is it? Returns the slot to send with, or NULL. */
static struct xenfs_slot *next_turn(struct xenfs_connection **next)
{
	struct xenfs_connection *c;
	struct xenfs_slot *slot = NULL;
	bool closing;

	spin_lock(&turns.lock);
	retry_one();
	c = first_in_line(&closing);
	if (c)
		slot = xenfs_transport_claim();
	if (slot) {
		turns.closing_was_last = closing;
		leave(c);
		start_sending(c);
		if (!closing)
			client_joins(c->client);
		*next = c;
	}
	spin_unlock(&turns.lock);
	return slot;
}

static void turns_work(struct work_struct *work)
{
	struct xenfs_connection *c;
	struct xenfs_slot *slot;

	while ((slot = next_turn(&c))) {
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
	if (may_sleep && !c->sending && !c->parked && may_send(c->client) &&
	    nobody_waits())
		slot = xenfs_transport_claim();
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
 * What it waits for calls xenfs_turns_unpark() when it is there, or if it waits
 * alone xenfs_turns_unpark_one(). If that has been called since this turn began,
 * it may have been for this: then the open is not parked, and tries again.
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

/**
 * xenfs_turns_recharge() - what an open has unread takes another amount of memory
 * @c: the connection
 * @from: what was charged to its client
 * @to: what it takes
 *
 * Others of the client may have waited for the room.
 *
 * Context: any; takes turns.lock.
 */
void xenfs_turns_recharge(struct xenfs_connection *c, u32 from, u32 to)
{
	if (xenfs_client_recharge(c->client, from, to))
		xenfs_turns_unpark();
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
	if (c->state == XENFS_CLOSED)
		uncount(c, c->turns);
	if (leaves) {
		leave(c);
	} else if (!list_empty(&c->turn) && !c->parked) {
		leave(c);
		join(c);
	}
	/* Others of its client may have waited for what was its. */
	if (list_empty(&c->client->turn))
		client_joins(c->client);
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

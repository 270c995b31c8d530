// SPDX-License-Identifier: GPL-2.0
/*
 * One open of the file "xenbus": its queues, its stream of replies and events,
 * its bounds, its lifetime
 *
 * What a message is, a reply or an event, is the business of those above: they
 * queue it here, and are told when it was taken off again.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "client.h"
#include "connection.h"
#include "limits.h"
#include "wake.h"

/* --- Waking ------------------------------------------------------------- */

static void wake(struct xenfs_connection *c, __poll_t events)
{
	lockdep_assert_held(&c->lock);
	/* Nobody waits for what is closed. */
	if (c->state != XENFS_CLOSED)
		xenfs_wake(&c->waiters, c->client, events);
}

static void waiters_get(struct xenfs_waiters *waiters)
{
	kref_get(&container_of(waiters, struct xenfs_connection, waiters)->kref);
}

static void waiters_put(struct xenfs_waiters *waiters)
{
	xenfs_connection_put(container_of(waiters, struct xenfs_connection, waiters));
}

/* --- Lifetime ----------------------------------------------------------- */

/*
 * kmalloc() would round them up by a quarter. User memory is copied to one place in
 * them, the header that is being written. Set at init, then constant.
 */
static struct kmem_cache *cache;

/**
 * xenfs_connection_alloc() - make a connection
 *
 * It holds the module; the caller must hold it, too. Charged to the caller's
 * memory cgroup (contract I3).
 *
 * Context: process context; may sleep.
 * Return: the connection, with a reference for the caller; or NULL: no memory.
 */
struct xenfs_connection *xenfs_connection_alloc(void)
{
	static atomic_t numbers;
	struct xenfs_connection *c;

	c = kmem_cache_zalloc(cache, GFP_KERNEL);
	if (!c)
		return NULL;
	c->client = xenfs_client_get();
	if (!c->client) {
		kmem_cache_free(cache, c);
		return NULL;
	}
	__module_get(THIS_MODULE);
	kref_init(&c->kref);
	c->number = atomic_inc_return(&numbers);
	mutex_init(&c->write_mutex);
	mutex_init(&c->reply_mutex);
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->queued);
	INIT_LIST_HEAD(&c->sent);
	INIT_LIST_HEAD(&c->unread);
	INIT_LIST_HEAD(&c->watches);
	INIT_LIST_HEAD(&c->transactions);
	c->group = &c->client->group;
	INIT_LIST_HEAD(&c->turn);
	xenfs_waiters_init(&c->waiters);
	init_waitqueue_head(&c->write_wait);
	return c;
}

static void free_later(struct rcu_head *rcu)
{
	kmem_cache_free(cache, container_of(rcu, struct xenfs_connection, rcu));
}

static void connection_free(struct kref *kref)
{
	struct xenfs_connection *c = container_of(kref, struct xenfs_connection, kref);

	xenfs_client_put(c->client);
	call_rcu(&c->rcu, free_later);
	module_put(THIS_MODULE);
}

/**
 * xenfs_connection_put() - drop a reference to a connection
 * @c: the connection
 *
 * The last one lets the module go; but module exit still waits for the
 * workqueue and for the xenbus thread, either of which may be in here.
 *
 * Context: any; without connection->lock, unless it can't be the last one.
 */
void xenfs_connection_put(struct xenfs_connection *c)
{
	kref_put(&c->kref, connection_free);
}

/**
 * xenfs_connections_init() - set up the memory of connections
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int xenfs_connections_init(void)
{
	xenfs_wake_init(waiters_get, waiters_put);
	cache = KMEM_CACHE_USERCOPY(xenfs_connection, SLAB_ACCOUNT, framer);
	return cache ? 0 : -ENOMEM;
}

/**
 * xenfs_connections_exit() - undo xenfs_connections_init()
 *
 * Context: module exit; no connection is left, but for its memory. Sleeps.
 */
void xenfs_connections_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(cache);
}

/* --- Room for requests -------------------------------------------------- */

static bool has_room(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return c->queued_bytes < xenfs_limits.request_bytes;
}

/**
 * xenfs_connection_writable() - would a write of a new message take a byte?
 * @c: the connection
 *
 * Context: any; may take connection->lock (contract W4, R3).
 */
bool xenfs_connection_writable(struct xenfs_connection *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = has_room(c);
	spin_unlock(&c->lock);
	return ret;
}

/**
 * xenfs_connection_chained() - what has joined the queue may wake others in turn
 * @c: the connection
 *
 * Context: any, before what is waited for is looked at; takes connection->lock.
 */
void xenfs_connection_chained(struct xenfs_connection *c)
{
	if (READ_ONCE(c->waiters.chained))
		return;
	spin_lock(&c->lock);
	WRITE_ONCE(c->waiters.chained, true);
	spin_unlock(&c->lock);
}

/**
 * xenfs_connection_begun() - a message was begun, or is complete
 * @c: the connection
 * @begun: which of the two
 *
 * What was begun may be completed, even if there is no room: poll says so
 * (contract R3).
 *
 * Context: process context, under connection->write_mutex.
 */
void xenfs_connection_begun(struct xenfs_connection *c, bool begun)
{
	lockdep_assert_held(&c->write_mutex);
	if (c->begun == begun)
		return;
	spin_lock(&c->lock);
	WRITE_ONCE(c->begun, begun);
	if (begun)
		wake(c, EPOLLOUT | EPOLLWRNORM);
	spin_unlock(&c->lock);
}

/**
 * xenfs_connection_charge() - a request takes memory until its answer comes
 * @c: the connection
 * @bytes: how much
 *
 * Context: any, under connection->lock (contract W4, I3).
 */
void xenfs_connection_charge(struct xenfs_connection *c, u32 bytes)
{
	lockdep_assert_held(&c->lock);
	WRITE_ONCE(c->queued_bytes, c->queued_bytes + bytes);
}

/**
 * xenfs_connection_uncharge() - undo xenfs_connection_charge(); wakes writers
 * @c: the connection
 * @bytes: how much
 *
 * Context: any, under connection->lock.
 */
void xenfs_connection_uncharge(struct xenfs_connection *c, u32 bytes)
{
	bool had_room = has_room(c);

	WRITE_ONCE(c->queued_bytes, c->queued_bytes - bytes);
	if (c->state == XENFS_CLOSED)
		xenfs_client_uncharge_closed(c->client, bytes);
	if (!had_room && has_room(c)) {
		wake_up(&c->write_wait);
		wake(c, EPOLLOUT | EPOLLWRNORM);
	}
}

/**
 * xenfs_connection_closed_too_much() - have its client's closed opens too much?
 * @c: the connection, which was closed just now
 *
 * Context: any, under connection->lock; once for a connection (contract I3, I4).
 * Return: true if they have more requests without a reply than they may.
 */
bool xenfs_connection_closed_too_much(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return !xenfs_client_charge_closed(c->client, c->queued_bytes);
}

/* --- The stream of replies and events ----------------------------------- */

/* Will nothing ever be added? Nobody reads the answers to a farewell, and to its. */
static bool drained(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return c->state != XENFS_OPEN && !c->queued_bytes && !c->unread_bytes;
}

/**
 * xenfs_connection_readable() - would a read return, with data or at the end?
 * @c: the connection
 *
 * Context: any; takes connection->lock (contract R1, R3).
 */
bool xenfs_connection_readable(struct xenfs_connection *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = !list_empty(&c->unread) || drained(c);
	spin_unlock(&c->lock);
	return ret;
}

/**
 * xenfs_connection_eof() - was all read that there will ever be?
 * @c: the connection
 *
 * Context: any; takes connection->lock (contract W2).
 */
bool xenfs_connection_eof(struct xenfs_connection *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = list_empty(&c->unread) && drained(c);
	spin_unlock(&c->lock);
	return ret;
}

/**
 * xenfs_connection_edge() - whoever waits is told once more what he can do
 * @c: the connection
 *
 * Context: any; takes connection->lock (contract R3).
 */
void xenfs_connection_edge(struct xenfs_connection *c)
{
	__poll_t events = 0;

	spin_lock(&c->lock);
	if (!list_empty(&c->unread) || drained(c))
		events |= EPOLLIN | EPOLLRDNORM;
	if (has_room(c) || c->begun)
		events |= EPOLLOUT | EPOLLWRNORM;
	if (events)
		wake(c, events);
	spin_unlock(&c->lock);
}

/**
 * xenfs_connection_arrived() - the server has sent a reply
 * @c: the connection
 * @message: the reply, on connection->sent, complete
 *
 * Context: any, under connection->lock; xenfs_connection_deliver() is to follow.
 */
void xenfs_connection_arrived(struct xenfs_connection *c,
			      struct xenfs_message *message)
{
	lockdep_assert_held(&c->lock);
	message->arrived = true;
	c->arrived++;
}

/**
 * xenfs_connection_add() - the server has sent something that is no reply
 * @c: the connection
 * @message: complete, on no list
 *
 * It is read behind all that the server sent before it. Of that, replies may have
 * arrived that are not delivered, because an earlier request has none yet: then
 * it waits with them.
 *
 * Context: any, under connection->lock (contract E2, E5).
 */
void xenfs_connection_add(struct xenfs_connection *c,
			  struct xenfs_message *message)
{
	struct xenfs_message *last;

	lockdep_assert_held(&c->lock);
	message->done = true;
	if (!c->arrived) {
		list_add_tail(&message->list, &c->unread);
		wake(c, EPOLLIN | EPOLLRDNORM);
		return;
	}
	list_for_each_entry_reverse(last, &c->sent, list)
		if (last->arrived)
			break;
	list_add(&message->list, &last->list);
	xenfs_connection_arrived(c, message);
}

/**
 * xenfs_connection_deliver() - let the client read what can be read
 * @c: the connection
 * @unwanted: where to put what no client will read, for
 *	xenfs_connection_unlock()
 *
 * Replies are read in the order of the requests: those that are complete, and
 * have none missing before them, are moved to what the client reads.
 *
 * Context: any, under connection->lock (contract W3).
 */
void xenfs_connection_deliver(struct xenfs_connection *c,
			      struct list_head *unwanted)
{
	struct xenfs_message *message, *next;
	bool news = false;

	lockdep_assert_held(&c->lock);
	list_for_each_entry_safe(message, next, &c->sent, list) {
		if (!message->done)
			break;
		if (message->arrived) {
			message->arrived = false;
			c->arrived--;
		}
		if (message->ops->taken && c->state != XENFS_CLOSED) {
			list_move_tail(&message->list, &c->unread);
			news = true;
			continue;
		}
		list_del_init(&message->list);
		if (message->ops->taken)
			message->ops->taken(c, message);
		list_add_tail(&message->list, unwanted);
	}
	if (news || drained(c))
		wake(c, EPOLLIN | EPOLLRDNORM);
}

/**
 * xenfs_connection_first() - the message that is to be read next
 * @c: the connection
 *
 * Context: process context, under connection->reply_mutex. While that is held
 * the message stays what and where it is: others only add behind it.
 * Return: the message, or NULL: there is none.
 */
struct xenfs_message *xenfs_connection_first(struct xenfs_connection *c)
{
	struct xenfs_message *message;

	lockdep_assert_held(&c->reply_mutex);
	spin_lock(&c->lock);
	message = list_first_entry_or_null(&c->unread, struct xenfs_message,
					   list);
	spin_unlock(&c->lock);
	return message;
}

static void take(struct xenfs_connection *c, struct xenfs_message *message)
{
	lockdep_assert_held(&c->lock);
	list_del_init(&message->list);
	message->ops->taken(c, message);
}

/**
 * xenfs_connection_consume() - free the first unread message
 * @c: the connection; there is one
 *
 * Context: process context, under connection->reply_mutex.
 */
void xenfs_connection_consume(struct xenfs_connection *c)
{
	struct xenfs_message *message;

	spin_lock(&c->lock);
	message = list_first_entry(&c->unread, struct xenfs_message, list);
	take(c, message);
	spin_unlock(&c->lock);
	message->ops->release(message);
}

/**
 * xenfs_connection_drop_unread() - nobody will read what is unread
 * @c: the connection
 * @unwanted: where to put the messages, for xenfs_connection_unlock()
 *
 * Context: any, under connection->lock.
 */
void xenfs_connection_drop_unread(struct xenfs_connection *c,
				  struct list_head *unwanted)
{
	struct xenfs_message *message, *next;

	lockdep_assert_held(&c->lock);
	list_for_each_entry_safe(message, next, &c->unread, list) {
		take(c, message);
		list_add_tail(&message->list, unwanted);
	}
}

/**
 * xenfs_connection_unlock() - drop connection->lock, and release messages
 * @c: the connection
 * @unwanted: of messages that were taken off its lists under that lock
 *
 * They are released without locks. One of them may be the farewell, which ends
 * the connection, and others need it still.
 *
 * Context: any, under connection->lock, which is dropped.
 */
void xenfs_connection_unlock(struct xenfs_connection *c,
			     struct list_head *unwanted)
	__releases(&c->lock)
{
	struct xenfs_message *message, *next;

	if (list_empty(unwanted)) {
		spin_unlock(&c->lock);
		return;
	}
	kref_get(&c->kref);
	spin_unlock(&c->lock);
	list_for_each_entry_safe(message, next, unwanted, list)
		message->ops->release(message);
	xenfs_connection_put(c);
}

/* --- State -------------------------------------------------------------- */

/**
 * xenfs_connection_become() - take no more requests, or none and no readers
 * @c: the connection
 * @state: XENFS_DEAD or XENFS_CLOSED
 *
 * Context: any, under connection->lock; wakes all who wait (contract W2, R3).
 */
void xenfs_connection_become(struct xenfs_connection *c,
			     enum xenfs_state state)
{
	lockdep_assert_held(&c->lock);
	WRITE_ONCE(c->state, state);
	/* Who waits to write has the stream, which can't break meanwhile. */
	wake(c, EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM | EPOLLHUP |
	     EPOLLERR);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * One open of the file "xenbus": its queues, its stream of replies and events,
 * its bounds, its lifetime
 *
 * What a message is, a reply or an event, is the business of those above: they
 * queue it here, and are told when it was taken off again.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "connection.h"
#include "limits.h"

/* Of the requests without a reply that closed opens have */
static atomic_t closed_bytes;

/* --- Lifetime ----------------------------------------------------------- */

/**
 * xenfs_connection_alloc() - make a connection
 * @size: bytes of the object that begins with it and is freed with it
 *
 * It holds the module; the caller must hold it, too. Charged to the caller's
 * memory cgroup (contract I3).
 *
 * Context: process context; may sleep.
 * Return: the connection, with a reference for the caller; what follows it is
 * zeroed. Or NULL: no memory.
 */
struct xenfs_connection *xenfs_connection_alloc(size_t size)
{
	struct xenfs_connection *c;

	c = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!c)
		return NULL;
	__module_get(THIS_MODULE);
	kref_init(&c->kref);
	mutex_init(&c->write_mutex);
	mutex_init(&c->reply_mutex);
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->queued);
	INIT_LIST_HEAD(&c->sent);
	INIT_LIST_HEAD(&c->unread);
	INIT_LIST_HEAD(&c->watches);
	INIT_LIST_HEAD(&c->transactions);
	INIT_LIST_HEAD(&c->turn);
	init_waitqueue_head(&c->read_wait);
	init_waitqueue_head(&c->write_wait);
	return c;
}

static void connection_free(struct kref *kref)
{
	kfree_rcu(container_of(kref, struct xenfs_connection, kref), rcu);
	module_put(THIS_MODULE);
}

/**
 * xenfs_connection_put() - drop a reference to a connection
 * @c: the connection
 *
 * The last one lets the module go; but module exit still waits for the
 * workqueue and for the xenbus thread, either of which may be in here.
 *
 * Context: any, without connection->lock.
 */
void xenfs_connection_put(struct xenfs_connection *c)
{
	kref_put(&c->kref, connection_free);
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
		wake_up_poll(&c->read_wait, EPOLLOUT | EPOLLWRNORM);
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
		atomic_sub(bytes, &closed_bytes);
	if (!had_room && has_room(c)) {
		wake_up(&c->write_wait);
		wake_up_poll(&c->read_wait, EPOLLOUT | EPOLLWRNORM);
	}
}

/**
 * xenfs_connection_over_closed() - are closed opens' requests too many?
 * @c: the connection, which was closed just now
 *
 * No limit on descriptors counts what a closed open has yet to send, so all of
 * them together have a bound (contract I3, I4).
 *
 * Context: any, under connection->lock; once for a connection.
 * Return: true if, with this one's, they are more than they may be.
 */
bool xenfs_connection_over_closed(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return atomic_add_return(c->queued_bytes, &closed_bytes) >
	       xenfs_limits.closed_bytes;
}

/* --- The stream of replies and events ----------------------------------- */

/**
 * xenfs_connection_drained() - was the last reply queued?
 * @c: the connection
 *
 * The farewell, and what it gives back, may still be on its way: nobody reads
 * the answers to those.
 *
 * Context: any, under connection->lock.
 * Return: true if nothing will ever be added to what there is to read.
 */
bool xenfs_connection_drained(struct xenfs_connection *c)
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
	ret = !list_empty(&c->unread) || xenfs_connection_drained(c);
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
	ret = list_empty(&c->unread) && xenfs_connection_drained(c);
	spin_unlock(&c->lock);
	return ret;
}

/**
 * xenfs_connection_queue() - add a message to what the client reads
 * @c: the connection
 * @message: complete, on no list; its ops are called when it was read
 *
 * Context: any, under connection->lock; xenfs_connection_wake() is to follow.
 */
void xenfs_connection_queue(struct xenfs_connection *c,
			    struct xenfs_message *message)
{
	lockdep_assert_held(&c->lock);
	list_add_tail(&message->list, &c->unread);
}

/**
 * xenfs_connection_wake() - there is more to read, or will never be
 * @c: the connection
 *
 * Context: any, under connection->lock.
 */
void xenfs_connection_wake(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	wake_up_poll(&c->read_wait, EPOLLIN | EPOLLRDNORM);
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
 * @unwanted: where to put the messages, for xenfs_messages_release()
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
 * xenfs_messages_release() - free messages that were taken off their queues
 * @list: of them
 *
 * Context: any, without locks: releasing a farewell may free the connection.
 */
void xenfs_messages_release(struct list_head *list)
{
	struct xenfs_message *message, *next;

	list_for_each_entry_safe(message, next, list, list)
		message->ops->release(message);
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
	wake_up(&c->write_wait);
	wake_up_poll(&c->read_wait, EPOLLIN | EPOLLRDNORM | EPOLLOUT |
		     EPOLLWRNORM | EPOLLHUP | EPOLLERR);
}

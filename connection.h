/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One open of the file "xenbus": its queues, its stream of replies and events,
 * its bounds, its lifetime; see connection.c
 *
 * These locks order everything that happens to the file. From the outermost to
 * the innermost:
 *
 *   connection->write_mutex   writers of one open among themselves
 *   connection->reply_mutex   readers of one open among themselves
 *   connection->lock          the queues of one open
 *   line.lock                 who waits for a transaction (transaction.c)
 *   registrations.lock        what the server watches, and for whom (registration.c)
 *   turns.lock                who sends next (turns.c)
 *   xenfs_transport.lock      which slots are free (slot.h)
 *   carrier.lock              is the carrier needed, and registered (carrier.c)
 *   the lock of ids           which registration has which number (registry.c)
 *   clients.lock              which accounts there are (client.c)
 *   client->lock              what is charged to one of them (client.c)
 *
 * The two mutexes are held across copies from and to user memory, which may
 * take for ever; so nothing but the open's own writers and readers takes them,
 * and neither is ever taken inside the other. The spinlocks are never held
 * across anything that sleeps. They are taken by the tasks that use the file,
 * by the module's workqueue and by the core's xenbus thread, never by an
 * interrupt handler. The xenbus thread comes with a spinlock of the core's
 * held (for a reply, of a wait queue with interrupts off), and with the mutexes of
 * the slot that it answers (core.h). Those are outside of all spinlocks here; else
 * only the module's workqueue takes them, and waits for nothing while it has one.
 */
#ifndef _XENFS_CONNECTION_H
#define _XENFS_CONNECTION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <xen/interface/io/xs_wire.h>

#include "limits.h"
#include "message.h"
#include "share.h"
#include "wake.h"

struct xenfs_connection;
struct xenfs_group;
struct xenfs_message;
struct xenfs_request;
struct xenfs_transaction;

/**
 * struct xenfs_message_ops - what those above know of a message
 * @taken: called under connection->lock as the client has read it, or never
 *	will: it is no longer charged to the connection. NULL: not for a client
 * @release: frees it; called without locks, but perhaps with interrupts off
 */
struct xenfs_message_ops {
	void (*taken)(struct xenfs_connection *c, struct xenfs_message *message);
	void (*release)(struct xenfs_message *message);
};

/**
 * struct xenfs_message - something for a client to read
 * @list: place in the connection's stream; connection->lock
 * @body: @hdr.len bytes
 * @ops: of the reply or event that it is part of
 * @charge: bytes of memory that are freed with it
 * @error: of a reply: negative errno that is known before the request is sent,
 *	or 0
 * @checked: of a reply: the request was found fit to be dispatched, but may have
 *	had to wait since; connection->lock
 * @reserved: of a reply: room for it is charged to the client; connection->lock
 * @done: it is complete; connection->lock
 * @arrived: the server sent it; connection->lock
 * @kept: of the reply to an UNWATCH: the server keeps the watch, for others;
 *	connection->lock
 * @uncounted: of a reply: the request is at the server, but not counted among what its
 *	open and client have there (xenfs_overtaken_fn); connection->lock
 * @apart: likewise, its open does not wait for it any more, but is held;
 *	connection->lock
 * @hdr: the header, complete. The last member: a request's payload may follow
 */
struct xenfs_message {
	struct list_head list;
	const char *body;
	const struct xenfs_message_ops *ops;
	u32 charge;
	s16 error;
	bool checked : 1;
	bool reserved : 1;
	bool done : 1;
	bool arrived : 1;
	bool kept : 1;
	bool uncounted : 1;
	bool apart : 1;
	struct xsd_sockmsg hdr;
};

/**
 * enum xenfs_state - what may be done with a connection
 * @XENFS_OPEN: everything
 * @XENFS_DEAD: read what there is: the stream of requests broke (contract W2)
 * @XENFS_CLOSED: nothing; what was written is still carried out, up to a bound
 */
enum xenfs_state {
	XENFS_OPEN,
	XENFS_DEAD,
	XENFS_CLOSED,
};

/**
 * struct xenfs_connection - one open of the file
 *
 * It outlives the file: requests that are at the server hold it, and watches
 * and transactions have to be given back first.
 */
struct xenfs_connection {
	struct kref kref;		/* see Lifetimes, design.rst */
	bool read_only;			/* constant: nothing is changed by it */
	struct xenfs_client *client;	/* constant */
	struct rcu_head rcu;		/* an event finds it without a kref */

	/* Writers among themselves; held across copies from user memory */
	struct mutex write_mutex;
	struct xenfs_framer framer;	/* write_mutex: where the stream is */
	u32 number;			/* constant: tells opens apart, for people */
	struct xenfs_request *partial;	/* write_mutex: header is complete */

	/* Readers among themselves; held across copies to user memory */
	struct mutex reply_mutex;
	u32 read_offset;		/* reply_mutex: in the first unread */

	/* Guards what follows, until another lock is named */
	spinlock_t lock;
	enum xenfs_state state;
	u32 requests;			/* write_mutex: in all; peeked at */
	struct list_head queued;	/* requests to be sent, oldest first */
	struct list_head sent;		/* messages to come, in that order */
	struct list_head unread;	/* messages in the order of reading */
	struct list_head watches;
	struct list_head transactions;
	u32 queued_bytes;		/* of queued and sent; peeked at */
	u32 unread_bytes;		/* of replies, also undelivered ones */
	u32 event_bytes;		/* of events in unread */
	u32 in_flight;			/* requests at the server */
	u32 arrived;			/* of sent: those that have arrived */
	u32 watch_bytes;		/* of watches, also those to be made */
	u32 transaction_count;		/* sent START, but not yet END */
	u32 events;			/* to be read, in all */
	struct xenfs_transaction *awaited; /* its START waits for a place */
	const struct xenfs_request *barrier; /* nothing is sent behind it */

	bool begun;			/* write_mutex, lock: a part was taken */
	bool refused;			/* no lock: a mutex, to who may not wait */

	struct xenfs_waiters waiters;	/* readers, and pollers for anything */
	/* Has a lock of its own; joined before what is waited for is looked at */
	wait_queue_head_t write_wait;	/* the one writer with write_mutex */

	/* turns.lock guards these six */
	struct xenfs_group *group;	/* whose turns its own are */
	struct list_head turn;
	struct xenfs_sharer share;	/* of its group's */
	bool sending;			/* somebody sends for it just now */
	bool parked;			/* takes no turns until unparked */
	unsigned int unparks;		/* as they were when its turn began */
};

int xenfs_connections_init(void);
void xenfs_connections_exit(void);

struct xenfs_connection *xenfs_connection_alloc(void);
void xenfs_connection_put(struct xenfs_connection *c);

bool xenfs_connection_writable(struct xenfs_connection *c);
bool xenfs_connection_readable(struct xenfs_connection *c);
bool xenfs_connection_eof(struct xenfs_connection *c);
void xenfs_connection_chained(struct xenfs_connection *c);
void xenfs_connection_begun(struct xenfs_connection *c, bool begun);
void xenfs_connection_edge(struct xenfs_connection *c);

/**
 * xenfs_connection_has_reply_room() - would one more reply have room?
 * @c: the connection; all its requests at the server may have the longest one
 *
 * Context: any, under connection->lock (contract W4).
 */
static inline bool
xenfs_connection_has_reply_room(const struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return c->unread_bytes + (c->in_flight + 1) * XENFS_REPLY_MAX <=
	       xenfs_limits.reply_bytes;
}

struct xenfs_message *xenfs_connection_first(struct xenfs_connection *c);
void xenfs_connection_consume(struct xenfs_connection *c);
void xenfs_connection_arrived(struct xenfs_connection *c,
			      struct xenfs_message *message);
void xenfs_connection_add(struct xenfs_connection *c,
			  struct xenfs_message *message);
void xenfs_connection_deliver(struct xenfs_connection *c,
			      struct list_head *unwanted);

/**
 * xenfs_connection_has_no_reply() - no reply is unread, nor will one come
 * @c: the connection
 *
 * Context: any, under connection->lock.
 */
static inline bool xenfs_connection_has_no_reply(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return !c->unread_bytes && !c->in_flight;
}

void xenfs_connection_charge(struct xenfs_connection *c, u32 bytes);
void xenfs_connection_uncharge(struct xenfs_connection *c, u32 bytes);

void xenfs_connection_become(struct xenfs_connection *c,
			     enum xenfs_state state);
bool xenfs_connection_closed_too_much(struct xenfs_connection *c);
void xenfs_connection_drop_unread(struct xenfs_connection *c,
				  struct list_head *unwanted);
void xenfs_connection_unlock(struct xenfs_connection *c,
			     struct list_head *unwanted)
	__releases(&c->lock);

#endif

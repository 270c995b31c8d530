/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xenfs: what its parts share
 *
 * These locks order everything that happens to the file "xenbus". From the
 * outermost to the innermost:
 *
 *   connection->write_mutex   writers of one open among themselves
 *   connection->reply_mutex   readers of one open among themselves
 *   connection->lock          the queues of one open
 *   turns.lock                who sends next (request.c)
 *   transport.lock            which slots are free (transport.c)
 *   carrier.lock              is the carrier needed, and registered (watch.c)
 *   the lock of watch_ids     which watch has which number (watch.c)
 *
 * The two mutexes are held across copies from and to user memory, which may
 * take for ever; so nothing but the open's own writers and readers takes them,
 * and neither is ever taken inside the other. The spinlocks are never held
 * across anything that sleeps. They are taken by the tasks that use the file,
 * by the module's workqueue and by the core's xenbus thread, never by an
 * interrupt handler. The xenbus thread comes with a spinlock of the core's
 * held (for a reply, of a wait queue with interrupts off).
 */
#ifndef _XENFS_H
#define _XENFS_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <xen/interface/io/xs_wire.h>

#include "message.h"

/**
 * struct xenfs_limits - what opens may hold (contract W4, E4, I3, T1)
 * @slots: requests of all opens that may be at the server at once
 * @request_bytes: memory of an open's requests without a reply. They may pass
 *	it by one, whose length is not known before it is begun
 * @reply_bytes: memory of an open's replies, unread or expected
 * @event_bytes: memory of an open's unread events
 * @watch_bytes: memory of an open's watches
 * @closed_bytes: memory of requests without a reply, of all opens that are
 *	closed: who closes one with more drops what it has not sent
 * @transactions: transactions of an open
 * @all_transactions: transactions of all opens
 */
struct xenfs_limits {
	unsigned int slots;
	unsigned int request_bytes;
	unsigned int reply_bytes;
	unsigned int event_bytes;
	unsigned int watch_bytes;
	unsigned int closed_bytes;
	unsigned int transactions;
	unsigned int all_transactions;
};

/* Requests of one open that may be at the server at once, while it is alone */
#define XENFS_IN_FLIGHT_MAX	16

/* The same, while others have something to send as well (contract I2) */
#define XENFS_IN_FLIGHT_SHARED	2

/* What a reply of the largest size takes */
#define XENFS_REPLY_MAX		8192

struct xenfs_connection;
struct xenfs_transaction;
struct xenfs_watch;

/**
 * struct xenfs_message - something for a client to read
 * @list: place in the connection's stream; connection->lock
 * @hdr: the header, complete
 * @body: @hdr.len bytes
 * @charge: bytes of memory that are freed with it
 * @release: frees it; called without locks, but perhaps with interrupts off
 */
struct xenfs_message {
	struct list_head list;
	struct xsd_sockmsg hdr;
	const char *body;
	u32 charge;
	void (*release)(struct xenfs_message *message);
};

/**
 * struct xenfs_request - a request, from the write until its reply was read
 * @reply: the reply; its list is also the request's place among the queued and
 *	the sent ones before it is read
 * @connection: whose it is
 * @msg: header and payload. The core reads the payload until the reply is
 *	there: nobody writes to it meanwhile
 * @buffer: what the core allocated for the reply's body
 * @watch: of a WATCH or UNWATCH: the watch that it makes or removes
 * @transaction: of a START or END: the transaction that it makes or ends
 * @depth: of a WATCH: how many levels below the path it wants to see
 * @kind: what it asks for
 * @error: negative errno that answers it without asking the server, or 0
 * @internal: the module's own: part of another object, and no client waits
 * @checked: it was found fit to be dispatched, but may have had to wait since;
 *	connection->lock
 * @done: the reply is there; connection->lock
 *
 * It belongs to the writer until it is submitted; then connection->lock guards
 * it, but while it is at the server nobody touches it except to answer it.
 */
struct xenfs_request {
	struct xenfs_message reply;
	struct xenfs_connection *connection;
	struct xsd_sockmsg *msg;
	void *buffer;
	union {
		struct xenfs_watch *watch;
		struct xenfs_transaction *transaction;
	};
	u32 depth;
	s16 error;
	u8 kind;
	bool internal;
	bool checked;
	bool done;
};

/**
 * struct xenfs_answer - what came of a request that was sent
 * @error: 0, or -ENOMEM: the server's reply was lost for want of memory
 * @hdr: the reply's header
 * @body: the reply's payload, @hdr.len bytes
 * @buffer: what to kfree() when the payload was read, or NULL
 * @tx_id: the transaction that was started, even if the reply was lost, or 0
 */
struct xenfs_answer {
	int error;
	struct xsd_sockmsg hdr;
	const char *body;
	void *buffer;
	u32 tx_id;
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
	struct kref kref;		/* the file, the farewell, who sends */
	struct rcu_head rcu;		/* watch_event() comes without a kref */

	/* Writers among themselves; held across copies from user memory */
	struct mutex write_mutex;
	struct xenfs_framer framer;	/* write_mutex: where the stream is */
	struct xenfs_request *partial;	/* write_mutex: header is complete */
	bool begun;			/* write_mutex, lock: a part was taken */

	/* Readers among themselves; held across copies to user memory */
	struct mutex reply_mutex;
	u32 read_offset;		/* reply_mutex: in the first unread */

	/* Guards what follows, until another lock is named */
	spinlock_t lock;
	enum xenfs_state state;
	struct list_head queued;	/* requests to be sent, oldest first */
	struct list_head sent;		/* requests to be answered, likewise */
	struct list_head unread;	/* messages in the order of reading */
	struct list_head watches;
	struct list_head transactions;
	u32 queued_bytes;		/* of queued and sent; peeked at */
	u32 unread_bytes;		/* of replies, also undelivered ones */
	u32 event_bytes;		/* of events in unread */
	u32 in_flight;			/* of sent: those at the server */
	u32 watch_bytes;		/* of watches, also those to be made */
	u32 transaction_count;		/* sent START, but not yet END */

	/* Have locks of their own; woken under connection->lock */
	wait_queue_head_t read_wait;	/* readers, and pollers for anything */
	wait_queue_head_t write_wait;	/* writers */

	/* turns.lock guards these three */
	struct list_head turn;
	bool sending;			/* somebody sends for it just now */
	bool parked;			/* takes no turns until unparked */

	/* The last request of all: gives back what the open holds */
	struct xenfs_request farewell;
	struct xsd_sockmsg farewell_msg;
};

/* limits.c */
extern struct xenfs_limits xenfs_limits;
int xenfs_limits_init(void);

/* xenbus.c */
extern const struct file_operations xenfs_xenbus_fops;
struct xenfs_connection *xenfs_connection_alloc(void);
void xenfs_connection_put(struct xenfs_connection *c);

/* request.c */
int xenfs_requests_init(void);
void xenfs_requests_exit(void);
struct xenfs_request *xenfs_request_alloc(struct xenfs_connection *c,
					  const struct xsd_sockmsg *hdr);
void xenfs_request_free(struct xenfs_request *req);
void xenfs_request_embed(struct xenfs_request *req, struct xenfs_connection *c,
			 struct xsd_sockmsg *msg,
			 void (*release)(struct xenfs_message *reply));
void xenfs_request_submit(struct xenfs_request *req, bool may_sleep);
void xenfs_request_prepend(struct xenfs_request *req);
void xenfs_request_answered(struct xenfs_request *req,
			    const struct xenfs_answer *answer);
bool xenfs_connection_writable(struct xenfs_connection *c);
bool xenfs_connection_readable(struct xenfs_connection *c);
bool xenfs_connection_eof(struct xenfs_connection *c);
void xenfs_connection_consume(struct xenfs_connection *c);
void xenfs_connection_end(struct xenfs_connection *c, enum xenfs_state state);
void xenfs_connection_kick(struct xenfs_connection *c);
void xenfs_turns_unpark(void);

/* watch.c */
void xenfs_watches_init(void);
void xenfs_watches_exit(void);
bool xenfs_watches_waiting(void);
int xenfs_watch_prepare(struct xenfs_request *req);
void xenfs_watch_discard(struct xenfs_request *req);
struct xsd_sockmsg *xenfs_watch_dispatch(struct xenfs_request *req);
void xenfs_watch_unsent(struct xenfs_request *req);
void xenfs_watch_answered(struct xenfs_request *req,
			  const struct xenfs_answer *answer);
void xenfs_watches_drop(struct xenfs_connection *c);
void xenfs_event_consumed(struct xenfs_message *message);

/* transaction.c */
void xenfs_transactions_init(void);
void xenfs_transactions_exit(void);
int xenfs_transaction_prepare(struct xenfs_request *req);
void xenfs_transaction_discard(struct xenfs_request *req);
int xenfs_transaction_check(struct xenfs_request *req);
int xenfs_transaction_start_dispatch(struct xenfs_request *req);
bool xenfs_transaction_end_dispatch(struct xenfs_request *req, int *error);
void xenfs_transaction_unsent(struct xenfs_request *req);
void xenfs_transaction_answered(struct xenfs_request *req,
				const struct xenfs_answer *answer);
void xenfs_transactions_abort(struct xenfs_connection *c);

/* xenstored.c, xensyms.c: the initial domain's files */
extern const struct file_operations xenfs_xsd_kva_fops;
extern const struct file_operations xenfs_xsd_port_fops;
extern const struct file_operations xenfs_xensyms_fops;

#endif

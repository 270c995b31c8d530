// SPDX-License-Identifier: GPL-2.0
/*
 * A request's life, from its submission until its reply waits to be read
 *
 *   queued     written by the client, waits for its open's turn
 *   sent       at the server, or answered here; keeps the order of replies
 *   unread     its reply waits for the client
 *
 * Opens take turns: one that has something to send is in turns.waiting, and
 * whoever finds a free slot sends one request for the first of them. Mostly the
 * list is empty and a slot is free: then the writer sends its request itself.
 * Otherwise the workqueue does, because what frees a slot is the xenbus thread,
 * which must not sleep, and sending may. Opens that were closed and have yet to
 * give back what they hold wait in turns.closing: all of them together get every
 * other turn, so that it hurts nobody when very many are closed at once.
 *
 * One task at a time sends for an open (connection->sending), so an open's
 * requests reach the server in the order written (contract W3).
 *
 * What must go together with the order of requests is decided when a request
 * is dispatched: does its transaction exist, which watch does it mean.
 */
#include <linux/atomic.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "transport.h"
#include "xenfs.h"

/* Requests that are answered here, in one turn: bounds the time under lock */
#define TURN_BUDGET	16

/* When to try again to send a request of our own, for which memory lacked */
#define RETRY_DELAY	(HZ / 10)

/* Who had so many turns without another open between is alone */
#define ALONE_SENDS	64

static struct {
	spinlock_t lock;		/* also connections' turn, sending, parked */
	struct list_head waiting;	/* lock; opens with something to send */
	struct list_head closing;	/* lock; closed ones, likewise */
	bool closing_was_last;		/* lock; to have the other turn */
	struct list_head parked;	/* lock; opens that must not, for now */
	const void *last;		/* lock; which open sent last */
	unsigned int alone;		/* lock; its turns since then */
	struct workqueue_struct *wq;
	struct work_struct work;	/* sends for those who wait */
	struct delayed_work retry_work;	/* unparks them all */
} turns = {
	.lock = __SPIN_LOCK_UNLOCKED(turns.lock),
	.waiting = LIST_HEAD_INIT(turns.waiting),
	.closing = LIST_HEAD_INIT(turns.closing),
	.parked = LIST_HEAD_INIT(turns.parked),
};

/* Of the requests without a reply that closed opens have; see request_done() */
static atomic_t closed_bytes;

static struct xenfs_request *first_request(struct list_head *list)
{
	return list_first_entry_or_null(list, struct xenfs_request, reply.list);
}

/* --- Memory ------------------------------------------------------------- */

static void request_release(struct xenfs_message *reply)
{
	xenfs_request_free(container_of(reply, struct xenfs_request, reply));
}

/**
 * xenfs_request_alloc() - make a request for a header that a client wrote
 * @c: the connection
 * @hdr: the header; its length was checked
 *
 * The payload goes to the bytes behind @msg. Charged to the caller's memory
 * cgroup (contract I3).
 *
 * Context: process context; may sleep.
 * Return: the request, or NULL: no memory.
 */
struct xenfs_request *xenfs_request_alloc(struct xenfs_connection *c,
					  const struct xsd_sockmsg *hdr)
{
	struct xenfs_request *req;

	req = kzalloc(sizeof(*req), GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;
	req->msg = kmalloc(sizeof(*hdr) + hdr->len, GFP_KERNEL_ACCOUNT);
	if (!req->msg) {
		kfree(req);
		return NULL;
	}
	*req->msg = *hdr;
	req->connection = c;
	req->kind = xenfs_message_kind(hdr->type);
	req->reply.release = request_release;
	req->reply.charge = ksize(req) + ksize(req->msg);
	return req;
}

/**
 * xenfs_request_free() - free a request that is on no list
 * @req: from xenfs_request_alloc()
 *
 * Context: any.
 */
void xenfs_request_free(struct xenfs_request *req)
{
	kfree(req->msg);
	kfree(req->buffer);
	kfree(req);
}

/**
 * xenfs_request_embed() - set up a request of the module's own
 * @req: part of another object, zeroed
 * @c: for whom it is sent
 * @msg: what is sent, also part of that object
 * @release: called when it was answered; may free the object
 *
 * Context: any.
 */
void xenfs_request_embed(struct xenfs_request *req, struct xenfs_connection *c,
			 struct xsd_sockmsg *msg,
			 void (*release)(struct xenfs_message *reply))
{
	req->connection = c;
	req->msg = msg;
	req->kind = xenfs_message_kind(msg->type);
	req->internal = true;
	req->reply.release = release;
}

/* --- Answers ------------------------------------------------------------ */

static bool writable(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return c->queued_bytes < xenfs_limits.request_bytes;
}

/*
 * Nothing will ever be added to what there is to read. The farewell, and what it
 * gives back, may still be on its way: nobody reads the answers to those.
 */
static bool drained(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return c->state != XENFS_OPEN && !c->queued_bytes && !c->unread_bytes;
}

/* The reply's header and body are set: what was kept to send it can go. */
static void request_done(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	bool was_writable = writable(c);

	req->done = true;
	if (req->internal) {
		/* It is not freed, but part of what it gives back. */
		kfree(req->buffer);
		req->buffer = NULL;
		return;
	}
	WRITE_ONCE(c->queued_bytes, c->queued_bytes - req->reply.charge);
	if (c->state == XENFS_CLOSED)
		atomic_sub(req->reply.charge, &closed_bytes);
	kfree(req->msg);
	req->msg = NULL;
	req->reply.charge = ksize(req) + (req->buffer ? ksize(req->buffer) : 0);
	c->unread_bytes += req->reply.charge;
	if (!was_writable && writable(c)) {
		wake_up(&c->write_wait);
		wake_up_poll(&c->read_wait, EPOLLOUT | EPOLLWRNORM);
	}
}

/* Answers a request without the server: an error, or with 0 an OK. */
static void answer_here(struct xenfs_request *req, int error)
{
	struct xenfs_message *reply = &req->reply;

	if (error)
		reply->body = xenfs_reply_error(&reply->hdr, req->msg, error);
	else
		reply->body = xenfs_reply_ok(&reply->hdr, req->msg);
	request_done(req);
}

/*
 * Moves the replies that are complete, and have none missing before them, to
 * what the client reads. What no client will read is put on @unwanted.
 */
static void deliver(struct xenfs_connection *c, struct list_head *unwanted)
{
	struct xenfs_request *req;
	bool wake = false;

	lockdep_assert_held(&c->lock);
	while ((req = first_request(&c->sent)) && req->done) {
		if (req->internal || c->state == XENFS_CLOSED) {
			c->unread_bytes -= req->reply.charge;
			list_move_tail(&req->reply.list, unwanted);
		} else {
			list_move_tail(&req->reply.list, &c->unread);
			wake = true;
		}
	}
	if (wake || drained(c))
		wake_up_poll(&c->read_wait, EPOLLIN | EPOLLRDNORM);
}

/* Without locks: releasing a farewell may free the connection. */
static void release_messages(struct list_head *list)
{
	struct xenfs_message *message, *next;

	list_for_each_entry_safe(message, next, list, list)
		message->release(message);
}

/* --- Turns -------------------------------------------------------------- */

/*
 * How many requests an open may have at the server. The ring is first come,
 * first served: whoever comes to it waits for all that others have there.
 */
static u32 share(void)
{
	return READ_ONCE(turns.alone) < ALONE_SENDS ? XENFS_IN_FLIGHT_SHARED :
						      XENFS_IN_FLIGHT_MAX;
}

/*
 * A RESET_WATCHES gives back what the requests before it made, so it waits for
 * their answers. Nothing is sent whose reply might not find room (W4).
 */
static bool may_send(struct xenfs_connection *c)
{
	struct xenfs_request *req = first_request(&c->queued);

	lockdep_assert_held(&c->lock);
	if (!req)
		return false;
	if (req->kind == XENFS_RESET && !list_empty(&c->sent))
		return false;
	if (c->in_flight >= share())
		return false;
	return c->unread_bytes + (c->in_flight + 1) * XENFS_REPLY_MAX <=
	       xenfs_limits.reply_bytes;
}

static bool nobody_waits(void)
{
	lockdep_assert_held(&turns.lock);
	return list_empty(&turns.waiting) && list_empty(&turns.closing);
}

static struct list_head *line_of(struct xenfs_connection *c)
{
	return READ_ONCE(c->state) == XENFS_CLOSED ? &turns.closing :
						     &turns.waiting;
}

/* Lets the workqueue send for @c when it is its turn, if there is anything. */
static void want_turn(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	if (!may_send(c))
		return;
	spin_lock(&turns.lock);
	if (!c->sending && !c->parked && list_empty(&c->turn)) {
		list_add_tail(&c->turn, line_of(c));
		queue_work(turns.wq, &turns.work);
	}
	spin_unlock(&turns.lock);
}

/**
 * xenfs_connection_kick() - send what xenfs_request_prepend() queued
 * @c: the connection
 *
 * Context: any, under connection->lock.
 */
void xenfs_connection_kick(struct xenfs_connection *c)
{
	want_turn(c);
}

/* A slot was freed. */
static void turns_kick(void)
{
	spin_lock(&turns.lock);
	if (!nobody_waits())
		queue_work(turns.wq, &turns.work);
	spin_unlock(&turns.lock);
}

static void start_sending(struct xenfs_connection *c)
{
	lockdep_assert_held(&turns.lock);
	kref_get(&c->kref);
	c->sending = true;
	if (turns.last != c)
		WRITE_ONCE(turns.alone, 0);
	else if (turns.alone < ALONE_SENDS)
		WRITE_ONCE(turns.alone, turns.alone + 1);
	turns.last = c;
}

static struct xenfs_connection *first_in_line(void)
{
	bool closing;

	lockdep_assert_held(&turns.lock);
	closing = list_empty(&turns.waiting) ||
		  (!list_empty(&turns.closing) && !turns.closing_was_last);
	return list_first_entry_or_null(closing ? &turns.closing :
						  &turns.waiting,
					struct xenfs_connection, turn);
}

/* Whose turn is it? Returns the slot to send with, or NULL. */
static struct xenfs_slot *next_turn(struct xenfs_connection **next)
{
	struct xenfs_connection *c;
	struct xenfs_slot *slot = NULL;

	spin_lock(&turns.lock);
	c = first_in_line();
	if (c)
		slot = xenfs_transport_claim();
	if (slot) {
		turns.closing_was_last = line_of(c) == &turns.closing;
		list_del_init(&c->turn);
		start_sending(c);
		*next = c;
	}
	spin_unlock(&turns.lock);
	return slot;
}

/* May the writer send for itself? Only if it overtakes nobody. */
static struct xenfs_slot *own_turn(struct xenfs_connection *c)
{
	struct xenfs_slot *slot = NULL;

	lockdep_assert_held(&c->lock);
	if (!may_send(c))
		return NULL;
	spin_lock(&turns.lock);
	if (!c->sending && !c->parked && nobody_waits())
		slot = xenfs_transport_claim();
	if (slot)
		start_sending(c);
	spin_unlock(&turns.lock);
	return slot;
}

static void end_turn(struct xenfs_connection *c)
{
	spin_lock(&c->lock);
	spin_lock(&turns.lock);
	c->sending = false;
	spin_unlock(&turns.lock);
	want_turn(c);
	spin_unlock(&c->lock);
	xenfs_connection_put(c);
}

static void park(struct xenfs_connection *c)
{
	spin_lock(&turns.lock);
	c->parked = true;
	list_add_tail(&c->turn, &turns.parked);
	spin_unlock(&turns.lock);
}

/**
 * xenfs_turns_unpark() - let the parked connections try again
 *
 * A connection is parked when its next request can't be sent yet, for a reason
 * that xenfs_watch_dispatch() has, or for want of memory.
 *
 * Context: any; takes turns.lock.
 */
void xenfs_turns_unpark(void)
{
	struct xenfs_connection *c, *next;

	spin_lock(&turns.lock);
	list_for_each_entry_safe(c, next, &turns.parked, turn) {
		c->parked = false;
		if (c->sending)	/* end_turn() lets it wait for the next one */
			list_del_init(&c->turn);
		else
			list_move_tail(&c->turn, line_of(c));
	}
	if (!nobody_waits())
		queue_work(turns.wq, &turns.work);
	spin_unlock(&turns.lock);
}

static void turns_retry(struct work_struct *work)
{
	xenfs_turns_unpark();
}

/* --- Dispatch ----------------------------------------------------------- */

/*
 * RESET_WATCHES, and the farewell of a connection, which is one too: what the
 * open holds is given back by requests that go first. Then it is answered here:
 * the server would drop the watches of the whole domain (contract W7).
 */
static struct xsd_sockmsg *dispatch_reset(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	if (list_empty(&c->watches) && list_empty(&c->transactions)) {
		answer_here(req, 0);
		return NULL;
	}
	list_move(&req->reply.list, &c->queued);
	xenfs_watches_drop(c);
	xenfs_transactions_abort(c);
	return NULL;
}

/* Answers a request that was not dispatched. */
static void refuse(struct xenfs_request *req, int error)
{
	if (req->kind == XENFS_WATCH)
		xenfs_watch_discard(req);
	if (req->kind == XENFS_START)
		xenfs_transaction_discard(req);
	answer_here(req, error);
}

/*
 * Of two errors, the one that the server would name. A RESET_WATCHES that was
 * let through has ended its own transaction when it comes here again.
 */
static int check(struct xenfs_request *req)
{
	int err = req->error;

	if (req->internal || req->checked)
		return 0;
	req->checked = true;
	if (err == -ENOSYS)
		return err;
	return xenfs_transaction_check(req) ?: err;
}

/*
 * Moves a request from queued to sent. Returns what to send to the server, NULL
 * if it was answered here, or ERR_PTR(-EINPROGRESS) if it has to wait.
 */
static struct xsd_sockmsg *dispatch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	struct xsd_sockmsg *msg = req->msg;
	int err;

	lockdep_assert_held(&c->lock);
	list_move_tail(&req->reply.list, &c->sent);
	err = check(req);
	if (err) {
		refuse(req, err);
		return NULL;
	}
	switch (req->kind) {
	case XENFS_RESET:
		return dispatch_reset(req);
	case XENFS_WATCH:
	case XENFS_UNWATCH:
		msg = xenfs_watch_dispatch(req);
		break;
	case XENFS_START:
		err = xenfs_transaction_start_dispatch(req);
		if (err)
			msg = ERR_PTR(err);
		break;
	case XENFS_END:
		if (!xenfs_transaction_end_dispatch(req, &err)) {
			answer_here(req, err);
			return NULL;
		}
		break;
	}
	if (msg == ERR_PTR(-EINPROGRESS)) {
		list_move(&req->reply.list, &c->queued);
	} else if (IS_ERR(msg)) {
		refuse(req, PTR_ERR(msg));
		msg = NULL;
	}
	return msg;
}

/* Answers requests of @c until there is one to send; NULL if there is none. */
static struct xsd_sockmsg *dispatch_next(struct xenfs_connection *c,
					 struct xenfs_request **sent)
{
	struct xsd_sockmsg *msg = NULL;
	LIST_HEAD(unwanted);
	bool waits;
	int budget;

	spin_lock(&c->lock);
	for (budget = TURN_BUDGET; budget && may_send(c) && !msg; budget--) {
		*sent = first_request(&c->queued);
		msg = dispatch(*sent);
	}
	waits = IS_ERR(msg);
	if (waits) {
		park(c);
		msg = NULL;
	}
	if (msg)
		c->in_flight++;
	deliver(c, &unwanted);
	spin_unlock(&c->lock);
	release_messages(&unwanted);
	/* What it waits for may have come before it was parked. */
	if (waits && !xenfs_watches_waiting())
		xenfs_turns_unpark();
	return msg;
}

/* There was no memory to send it: as if it had never been tried. */
static void unsent(struct xenfs_request *req, int error)
{
	struct xenfs_connection *c = req->connection;
	LIST_HEAD(unwanted);

	spin_lock(&c->lock);
	c->in_flight--;
	if (req->kind == XENFS_WATCH || req->kind == XENFS_UNWATCH)
		xenfs_watch_unsent(req);
	if (req->kind == XENFS_START || req->kind == XENFS_END)
		xenfs_transaction_unsent(req);
	if (req->internal) {
		list_move(&req->reply.list, &c->queued);
		park(c);
		queue_delayed_work(turns.wq, &turns.retry_work, RETRY_DELAY);
	} else {
		answer_here(req, error);
		deliver(c, &unwanted);
	}
	spin_unlock(&c->lock);
	release_messages(&unwanted);
}

/* Sends one request for @c, which start_sending() was called for. */
static void take_turn(struct xenfs_connection *c, struct xenfs_slot *slot)
{
	struct xenfs_request *req = NULL;
	struct xsd_sockmsg *msg;
	int err = 0;

	msg = dispatch_next(c, &req);
	if (msg)
		err = xenfs_transport_send(slot, msg, req);
	if (!msg || err) {
		xenfs_transport_unclaim(slot);
		/* Who found none free may wait for nothing else. */
		turns_kick();
	}
	if (err)
		unsent(req, err);
	end_turn(c);
}

static void turns_work(struct work_struct *work)
{
	struct xenfs_connection *c;
	struct xenfs_slot *slot;

	while ((slot = next_turn(&c))) {
		take_turn(c, slot);
		cond_resched();
	}
}

/* Does what needs no lock, or memory, before the request's turn comes. */
static void prepare(struct xenfs_request *req)
{
	req->error = xenfs_message_check(req->msg, (char *)(req->msg + 1));
	if (req->error)
		return;
	if (req->kind == XENFS_WATCH || req->kind == XENFS_UNWATCH)
		req->error = xenfs_watch_prepare(req);
	if (req->kind == XENFS_START)
		req->error = xenfs_transaction_prepare(req);
}

/**
 * xenfs_request_submit() - take a request that a client wrote
 * @req: complete
 * @may_sleep: the caller may sleep, for memory and while the domain suspends
 *
 * A request that breaks the protocol is answered in its place among the
 * others (contract W5), as is one for which there is no memory.
 *
 * Context: process context; sleeps if @may_sleep.
 */
void xenfs_request_submit(struct xenfs_request *req, bool may_sleep)
{
	struct xenfs_connection *c = req->connection;
	struct xenfs_slot *slot = NULL;

	if (!req->internal)
		prepare(req);
	spin_lock(&c->lock);
	WRITE_ONCE(c->queued_bytes, c->queued_bytes + req->reply.charge);
	list_add_tail(&req->reply.list, &c->queued);
	if (may_sleep)
		slot = own_turn(c);
	if (!slot)
		want_turn(c);
	spin_unlock(&c->lock);
	if (slot)
		take_turn(c, slot);
}

/**
 * xenfs_request_prepend() - send a request of the module's own before others
 * @req: from xenfs_request_embed()
 *
 * Context: any, under connection->lock. Who drops that lock must have seen to
 * it that the connection takes its turn.
 */
void xenfs_request_prepend(struct xenfs_request *req)
{
	lockdep_assert_held(&req->connection->lock);
	req->done = false;
	list_add(&req->reply.list, &req->connection->queued);
}

/**
 * xenfs_request_answered() - an answer came for a request that was sent
 * @req: the request
 * @answer: the answer; its buffer belongs to the request from now on
 *
 * Context: the xenbus thread, with interrupts off, or the workqueue. Its slot
 * is free already.
 */
void xenfs_request_answered(struct xenfs_request *req,
			    const struct xenfs_answer *answer)
{
	struct xenfs_connection *c = req->connection;
	LIST_HEAD(unwanted);

	spin_lock(&c->lock);
	c->in_flight--;
	if (req->kind == XENFS_WATCH || req->kind == XENFS_UNWATCH)
		xenfs_watch_answered(req, answer);
	if (req->kind == XENFS_START || req->kind == XENFS_END)
		xenfs_transaction_answered(req, answer);
	req->buffer = answer->buffer;
	if (answer->error) {
		answer_here(req, answer->error);
	} else {
		req->reply.hdr = answer->hdr;
		req->reply.body = answer->body;
		request_done(req);
	}
	deliver(c, &unwanted);
	/* Several at once: each time costs a switch to the workqueue. */
	if (c->in_flight <= share() / 2)
		want_turn(c);
	spin_unlock(&c->lock);
	release_messages(&unwanted);
	turns_kick();
}

/* --- For the file's operations ------------------------------------------ */

/**
 * xenfs_connection_writable() - would a write of a new message take a byte?
 * @c: the connection
 *
 * Context: any; takes connection->lock (contract W4, R3).
 */
bool xenfs_connection_writable(struct xenfs_connection *c)
{
	bool ret;

	spin_lock(&c->lock);
	ret = writable(c);
	spin_unlock(&c->lock);
	return ret;
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

static void unlink_message(struct xenfs_connection *c,
			   struct xenfs_message *message)
{
	lockdep_assert_held(&c->lock);
	list_del(&message->list);
	if (message->hdr.type == XS_WATCH_EVENT)
		xenfs_event_consumed(message);
	else
		c->unread_bytes -= message->charge;
}

/**
 * xenfs_connection_consume() - free the first unread message
 * @c: the connection; there is one
 *
 * Context: any, under connection->reply_mutex.
 */
void xenfs_connection_consume(struct xenfs_connection *c)
{
	struct xenfs_message *message;

	spin_lock(&c->lock);
	message = list_first_entry(&c->unread, struct xenfs_message, list);
	unlink_message(c, message);
	want_turn(c);
	spin_unlock(&c->lock);
	message->release(message);
}

/*
 * What a closed open wrote is still sent, but no limit on descriptors counts
 * it. When all closed opens have too much of it, what this one has not sent yet
 * is dropped, as the server drops what it has not read (contract I3, I4).
 */
static void bound_closed(struct xenfs_connection *c)
{
	struct xenfs_request *req, *next;

	lockdep_assert_held(&c->lock);
	if (atomic_add_return(c->queued_bytes, &closed_bytes) <=
	    xenfs_limits.closed_bytes)
		return;
	list_for_each_entry_safe(req, next, &c->queued, reply.list) {
		if (req->internal)
			continue;
		list_move_tail(&req->reply.list, &c->sent);
		refuse(req, -ECANCELED);
	}
}

static void close_connection(struct xenfs_connection *c,
			     struct list_head *unwanted)
{
	struct xenfs_message *message, *next;

	lockdep_assert_held(&c->lock);
	list_for_each_entry_safe(message, next, &c->unread, list) {
		unlink_message(c, message);
		list_add_tail(&message->list, unwanted);
	}
	bound_closed(c);
	deliver(c, unwanted);
}

/* Has it nothing that the server would have to hear of? */
static bool holds_nothing(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return list_empty(&c->queued) && list_empty(&c->sent) &&
	       list_empty(&c->watches) && list_empty(&c->transactions);
}

/* If it waits for a turn: among those that are closed, or not any more. */
static void change_line(struct xenfs_connection *c, bool nothing)
{
	lockdep_assert_held(&c->lock);
	spin_lock(&turns.lock);
	if (nothing) {
		list_del_init(&c->turn);
		c->parked = false;
	} else if (!list_empty(&c->turn) && !c->parked) {
		list_move_tail(&c->turn, line_of(c));
	}
	spin_unlock(&turns.lock);
}

/**
 * xenfs_connection_end() - take no more requests, or none and no readers
 * @c: the connection
 * @state: XENFS_DEAD or XENFS_CLOSED
 *
 * What was written is carried out, unless closed connections have more of that
 * than they may. After it the farewell gives back watches and transactions,
 * then drops its reference (contract T1, I4).
 *
 * Context: process context; may sleep for memory, not for xenstored.
 */
void xenfs_connection_end(struct xenfs_connection *c, enum xenfs_state state)
{
	LIST_HEAD(unwanted);
	bool first, nothing;

	spin_lock(&c->lock);
	first = c->state == XENFS_OPEN;
	WRITE_ONCE(c->state, state);
	if (state == XENFS_CLOSED)
		close_connection(c, &unwanted);
	nothing = holds_nothing(c);
	change_line(c, nothing);
	want_turn(c);
	wake_up(&c->write_wait);
	wake_up_poll(&c->read_wait, EPOLLIN | EPOLLRDNORM | EPOLLOUT |
		     EPOLLWRNORM | EPOLLHUP | EPOLLERR);
	spin_unlock(&c->lock);
	release_messages(&unwanted);
	if (!first)
		return;
	/* Without a turn: others may have every slot for a long time. */
	if (nothing)
		c->farewell.reply.release(&c->farewell.reply);
	else
		xenfs_request_submit(&c->farewell, true);
}

/**
 * xenfs_requests_init() - set up the turns
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int xenfs_requests_init(void)
{
	/* Freezable: to send while the domain suspends would hold it up. */
	turns.wq = alloc_workqueue("xenfs", WQ_FREEZABLE, 0);
	if (!turns.wq)
		return -ENOMEM;
	INIT_WORK(&turns.work, turns_work);
	INIT_DELAYED_WORK(&turns.retry_work, turns_retry);
	return 0;
}

/**
 * xenfs_requests_exit() - undo xenfs_requests_init()
 *
 * Context: module exit; no connection is left.
 */
void xenfs_requests_exit(void)
{
	cancel_delayed_work_sync(&turns.retry_work);
	destroy_workqueue(turns.wq);
}

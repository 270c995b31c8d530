// SPDX-License-Identifier: GPL-2.0
/*
 * A request's life, from its submission until its reply waits to be read
 *
 *   queued     written by the client, waits for its open's turn (turns.c)
 *   sent       at the server, or answered here; keeps the order of replies
 *   unread     its reply waits for the client
 *
 * What must go together with the order of requests is decided when a request
 * is dispatched: does its transaction exist, which watch does it mean. That is
 * the business of the request's kind.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "limits.h"
#include "request.h"
#include "turns.h"

/* Requests that are answered here, in one turn: bounds the time under lock */
#define TURN_BUDGET	16

static xenfs_check_fn request_check;	/* never changes */

static struct xenfs_request *first_request(struct list_head *list)
{
	return list_first_entry_or_null(list, struct xenfs_request, reply.list);
}

/* --- Sending ------------------------------------------------------------ */

/* Nothing is sent whose reply might not find room (contract W4). */
static bool may_send(struct xenfs_connection *c)
{
	struct xenfs_request *req = first_request(&c->queued);

	lockdep_assert_held(&c->lock);
	if (!req)
		return false;
	if (req->kind->alone && !list_empty(&c->sent))
		return false;
	if (c->in_flight >= xenfs_turns_share())
		return false;
	return c->unread_bytes + (c->in_flight + 1) * XENFS_REPLY_MAX <=
	       xenfs_limits.reply_bytes;
}

/* Lets the workqueue send for @c when it is its turn, if there is anything. */
static void want_turn(struct xenfs_connection *c)
{
	if (may_send(c))
		xenfs_turns_join(c);
}

/**
 * xenfs_requests_kick() - send what there is, if it can be sent
 * @c: the connection
 *
 * Context: any, under connection->lock.
 */
void xenfs_requests_kick(struct xenfs_connection *c)
{
	want_turn(c);
}

/* --- Memory ------------------------------------------------------------- */

/* The client has read it: there is room for another reply. */
static void reply_taken(struct xenfs_connection *c,
			struct xenfs_message *reply)
{
	lockdep_assert_held(&c->lock);
	c->unread_bytes -= reply->charge;
	want_turn(c);
}

static void reply_release(struct xenfs_message *reply)
{
	xenfs_request_free(xenfs_request_of(reply));
}

static const struct xenfs_message_ops reply_ops = {
	.taken = reply_taken,
	.release = reply_release,
};

/**
 * xenfs_request_alloc() - make a request for a header that a client wrote
 * @c: the connection
 * @kind: what is special about it
 * @hdr: the header; its length was checked
 *
 * The payload goes to xenfs_request_payload(). Charged to the caller's memory
 * cgroup (contract I3).
 *
 * Context: process context; may sleep.
 * Return: the request, or NULL: no memory.
 */
struct xenfs_request *xenfs_request_alloc(struct xenfs_connection *c,
					  const struct xenfs_kind *kind,
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
	req->kind = kind;
	req->reply.ops = &reply_ops;
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
 * @kind: what is special about it
 * @msg: what is sent, also part of that object
 * @ops: @release is called when it was answered; may free the object
 *
 * Context: any.
 */
void xenfs_request_embed(struct xenfs_request *req, struct xenfs_connection *c,
			 const struct xenfs_kind *kind, struct xsd_sockmsg *msg,
			 const struct xenfs_message_ops *ops)
{
	req->connection = c;
	req->kind = kind;
	req->msg = msg;
	req->internal = true;
	req->reply.ops = ops;
}

/* --- Answers ------------------------------------------------------------ */

/* The reply's header and body are set: what was kept to send it can go. */
static void request_done(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	req->done = true;
	if (req->internal) {
		/* It is not freed, but part of what it gives back. */
		kfree(req->buffer);
		req->buffer = NULL;
		return;
	}
	xenfs_connection_uncharge(c, req->reply.charge);
	kfree(req->msg);
	req->msg = NULL;
	req->reply.charge = ksize(req) + (req->buffer ? ksize(req->buffer) : 0);
	c->unread_bytes += req->reply.charge;
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

/* Answers a request that was not dispatched. */
static void refuse(struct xenfs_request *req, int error)
{
	if (req->kind->discard)
		req->kind->discard(req);
	answer_here(req, error);
}

/**
 * xenfs_requests_deliver() - let the client read what can be read
 * @c: the connection
 * @unwanted: where to put the replies that no client will read, for
 *	xenfs_messages_release()
 *
 * Replies are read in the order of the requests: those that are complete, and
 * have none missing before them, are moved to what the client reads.
 *
 * Context: any, under connection->lock (contract W3).
 */
void xenfs_requests_deliver(struct xenfs_connection *c,
			    struct list_head *unwanted)
{
	struct xenfs_request *req;
	bool wake = false;

	lockdep_assert_held(&c->lock);
	while ((req = first_request(&c->sent)) && req->done) {
		list_del(&req->reply.list);
		if (req->internal || c->state == XENFS_CLOSED) {
			c->unread_bytes -= req->reply.charge;
			list_add_tail(&req->reply.list, unwanted);
		} else {
			xenfs_connection_queue(c, &req->reply);
			wake = true;
		}
	}
	if (wake || xenfs_connection_drained(c))
		xenfs_connection_wake(c);
}

/* --- Dispatch ----------------------------------------------------------- */

/*
 * Of two errors, the one that the server would name. A request that had to wait
 * may have ended its own transaction when it comes here again.
 */
static int check(struct xenfs_request *req)
{
	int err = req->error;

	if (req->internal || req->checked)
		return 0;
	req->checked = true;
	if (err == -ENOSYS)
		return err;
	return request_check(req) ?: err;
}

/*
 * Moves the first request from queued to sent. Returns what to send to the
 * server, NULL if it was answered here, or has put others in front of itself; or
 * ERR_PTR(-EINPROGRESS) if it has to wait.
 */
static struct xsd_sockmsg *dispatch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	struct xsd_sockmsg *msg;
	int err;

	lockdep_assert_held(&c->lock);
	err = check(req);
	if (err)
		msg = ERR_PTR(err);
	else
		msg = req->kind->dispatch ? req->kind->dispatch(req) : req->msg;
	if (msg == ERR_PTR(-EINPROGRESS))
		return msg;
	if (msg == ERR_PTR(-ERESTART))
		return NULL;

	list_move_tail(&req->reply.list, &c->sent);
	if (IS_ERR(msg)) {
		refuse(req, PTR_ERR(msg));
		return NULL;
	}
	if (!msg)
		answer_here(req, 0);
	return msg;
}

/* Answers requests of @c until there is one to send; NULL if there is none. */
static struct xsd_sockmsg *dispatch_next(struct xenfs_connection *c,
					 struct xenfs_request **sent)
{
	struct xsd_sockmsg *msg = NULL;
	LIST_HEAD(unwanted);
	int budget;

	spin_lock(&c->lock);
	for (budget = TURN_BUDGET; budget && may_send(c) && !msg; budget--) {
		*sent = first_request(&c->queued);
		msg = dispatch(*sent);
	}
	if (IS_ERR(msg)) {
		xenfs_turns_park(c);
		msg = NULL;
	}
	if (msg)
		c->in_flight++;
	xenfs_requests_deliver(c, &unwanted);
	spin_unlock(&c->lock);
	xenfs_messages_release(&unwanted);
	return msg;
}

/* There was no memory to send it: as if it had never been tried. */
static void unsent(struct xenfs_request *req, int error)
{
	struct xenfs_connection *c = req->connection;
	LIST_HEAD(unwanted);

	spin_lock(&c->lock);
	c->in_flight--;
	if (req->kind->unsent)
		req->kind->unsent(req);
	if (req->internal) {
		list_move(&req->reply.list, &c->queued);
		xenfs_turns_park(c);
		xenfs_turns_unpark_soon();
	} else {
		answer_here(req, error);
		xenfs_requests_deliver(c, &unwanted);
	}
	spin_unlock(&c->lock);
	xenfs_messages_release(&unwanted);
}

/* Sends one request for @c, whose turn it is. */
static void take_turn(struct xenfs_connection *c, struct xenfs_slot *slot)
{
	struct xenfs_request *req = NULL;
	struct xsd_sockmsg *msg;
	bool more;
	int err = 0;

	msg = dispatch_next(c, &req);
	if (msg)
		err = xenfs_transport_send(slot, msg, req);
	if (!msg || err) {
		xenfs_transport_unclaim(slot);
		/* Who found none free may wait for nothing else. */
		xenfs_turns_kick();
	}
	if (err)
		unsent(req, err);

	spin_lock(&c->lock);
	more = may_send(c);
	xenfs_turns_end(c, more);
	spin_unlock(&c->lock);
	xenfs_connection_put(c);
}

/* --- For those above ---------------------------------------------------- */

/**
 * xenfs_request_submit() - take a request that a client wrote
 * @req: complete, with its arguments, or the error that was found instead
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

	if (!req->error && req->kind->prepare)
		req->error = req->kind->prepare(req);
	spin_lock(&c->lock);
	xenfs_connection_charge(c, req->reply.charge);
	list_add_tail(&req->reply.list, &c->queued);
	if (may_send(c))
		slot = xenfs_turns_own(c, may_sleep);
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
 * xenfs_requests_cancel() - drop what a client wrote and was not sent yet
 * @c: the connection; nobody reads the answers
 *
 * Context: any, under connection->lock; xenfs_requests_deliver() is to follow.
 */
void xenfs_requests_cancel(struct xenfs_connection *c)
{
	struct xenfs_request *req, *next;

	lockdep_assert_held(&c->lock);
	list_for_each_entry_safe(req, next, &c->queued, reply.list) {
		if (req->internal)
			continue;
		list_move_tail(&req->reply.list, &c->sent);
		refuse(req, -ECANCELED);
	}
}

static void answered(struct xenfs_request *req,
		     const struct xenfs_answer *answer)
{
	struct xenfs_connection *c = req->connection;
	LIST_HEAD(unwanted);

	spin_lock(&c->lock);
	c->in_flight--;
	if (req->kind->answered)
		req->kind->answered(req, answer);
	req->buffer = answer->buffer;
	if (answer->error) {
		answer_here(req, answer->error);
	} else {
		req->reply.hdr = answer->hdr;
		req->reply.body = answer->body;
		request_done(req);
	}
	xenfs_requests_deliver(c, &unwanted);
	/* Several at once: each time costs a switch to the workqueue. */
	if (c->in_flight <= xenfs_turns_share() / 2)
		want_turn(c);
	spin_unlock(&c->lock);
	xenfs_messages_release(&unwanted);
	xenfs_turns_kick();
}

/**
 * xenfs_requests_init() - set up the turns, and the way to the ring
 * @check: asked about each request of a client, once, when its turn comes
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int xenfs_requests_init(xenfs_check_fn check)
{
	request_check = check;
	xenfs_turns_init(take_turn);
	return xenfs_transport_init(answered);
}

/**
 * xenfs_requests_exit() - undo xenfs_requests_init()
 *
 * Context: module exit; no connection is left. Sleeps.
 */
void xenfs_requests_exit(void)
{
	/* The last answers may still be about to let the turns go on. */
	xenfs_transport_exit();
	xenfs_turns_exit();
}

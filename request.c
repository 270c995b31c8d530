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

#include "client.h"
#include "limits.h"
#include "lost.h"
#include "request.h"
#include "turns.h"

#include "include/trace/events/xenfs.h"

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
	if (!req || c->barrier || (req->kind->alone && !list_empty(&c->sent)))
		return false;
	/* Nobody reads its answer; others may wait for what it does. */
	return xenfs_request_is_internal(req) || xenfs_connection_has_reply_room(c);
}

/**
 * xenfs_requests_kick() - have sent what there is, if it can be, in its turn
 * @c: the connection
 *
 * Context: any, under connection->lock.
 */
void xenfs_requests_kick(struct xenfs_connection *c)
{
	if (may_send(c))
		xenfs_turns_join(c);
}

/* --- Memory ------------------------------------------------------------- */

/**
 * xenfs_requests_recharge() - what an open has unread takes another amount of memory
 * @c: the connection
 * @from: what was charged to its client
 * @to: what it takes
 *
 * Requests of the client may have waited for room for their replies.
 *
 * Context: any; takes turns.lock.
 */
void xenfs_requests_recharge(struct xenfs_connection *c, u32 from, u32 to)
{
	if (xenfs_client_recharge(c->client, from, to))
		xenfs_turns_unpark();
}

/* The payload is needed no more. */
static void free_payload(struct xenfs_request *req)
{
	if (!xenfs_request_is_internal(req) && req->msg != &req->reply.hdr)
		kfree(req->msg);
	req->msg = NULL;
}

/**
 * xenfs_request_free() - free a request that is on no list
 * @req: from xenfs_request_alloc()
 *
 * Context: any.
 */
void xenfs_request_free(struct xenfs_request *req)
{
	if (req->reply.done)
		kfree(req->buffer);
	else
		free_payload(req);
	kfree(req);
}

/* --- Answers ------------------------------------------------------------ */

/*
 * The reply's header and body are set, @buffer is what has to be freed with it:
 * what was kept to send the request is gone.
 */
static void request_done(struct xenfs_request *req, void *buffer)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	req->reply.done = true;
	if (xenfs_request_is_internal(req)) {
		/* It is not freed, but part of what it gives back. */
		kfree(buffer);
		return;
	}
	trace_xenfs_reply(c->number, &req->reply.hdr);
	xenfs_connection_uncharge(c, req->reply.charge);
	free_payload(req);
	req->buffer = buffer;
	req->reply.charge = ksize(req) + (buffer ? ksize(buffer) : 0);
	c->unread_bytes += req->reply.charge;
	xenfs_requests_recharge(c, req->reply.reserved ? XENFS_REPLY_MAX : 0,
				req->reply.charge);
	req->reply.reserved = false;
}

/* Answers a request without the server: an error, or with 0 an OK. */
static void answer_here(struct xenfs_request *req, int error)
{
	struct xenfs_message *reply = &req->reply;

	if (error)
		reply->body = xenfs_reply_error(&reply->hdr, req->msg, error);
	else
		reply->body = xenfs_reply_ok(&reply->hdr, req->msg);
	request_done(req, NULL);
}

/* Answers a request that was not dispatched. */
static void refuse(struct xenfs_request *req, int error)
{
	trace_xenfs_refused(req->connection->number, req->msg, error);
	if (req->kind->discard)
		req->kind->discard(req);
	answer_here(req, error);
}

/* --- Dispatch ----------------------------------------------------------- */

/* Of two errors, the one that the server would name; of one that waited, once. */
static int check(struct xenfs_request *req)
{
	int err = req->reply.error;

	if (xenfs_request_is_internal(req) || req->reply.checked)
		return 0;
	req->reply.checked = true;
	if (err == -ENOSYS)
		return err;
	return request_check(req) ?: err;
}

/*
 * Moves the first request from queued to sent. Returns what to send to the
 * server; NULL: it was answered here, or has put others in front of itself; or
 * ERR_PTR(-EINPROGRESS) or ERR_PTR(-EIOCBQUEUED): it has to wait.
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
	if (msg == ERR_PTR(-EINPROGRESS) || msg == ERR_PTR(-EIOCBQUEUED))
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

/*
 * Sees to it that the client has room for the reply, with all that it holds. An
 * open that has no reply gets room for one in any case: who waits for that, a
 * process of the same group perhaps, may not be the one to read the others.
 */
static bool reserve(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	/* Nobody keeps what a closed open is told. */
	if (xenfs_request_is_internal(req) || c->state == XENFS_CLOSED)
		return true;
	if (!req->reply.reserved)
		req->reply.reserved =
			xenfs_client_charge(c->client, XENFS_REPLY_MAX,
					    xenfs_connection_has_no_reply(c));
	return req->reply.reserved;
}

/* It may wait for long, and others of its client may want the room. */
static void unreserve(struct xenfs_request *req)
{
	if (req->reply.reserved)
		xenfs_requests_recharge(req->connection, XENFS_REPLY_MAX, 0);
	req->reply.reserved = false;
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
		msg = reserve(*sent) ? dispatch(*sent) : ERR_PTR(-ENOBUFS);
	}
	if (msg == ERR_PTR(-ENOBUFS))
		xenfs_turns_unpark_soon();
	if (msg == ERR_PTR(-EIOCBQUEUED))
		unreserve(*sent);
	if (IS_ERR(msg)) {
		trace_xenfs_throttled(c->number, PTR_ERR(msg));
		xenfs_turns_park(c, msg == ERR_PTR(-EIOCBQUEUED));
		msg = NULL;
	}
	if (msg) {
		trace_xenfs_sent(c->number, msg);
		(*sent)->reply.uncounted = false;
		c->in_flight++;
	}
	xenfs_connection_deliver(c, &unwanted);
	xenfs_connection_unlock(c, &unwanted);
	return msg;
}

/* There was no memory to send it. One of the module's own is tried again. */
static void unsent(struct xenfs_request *req, int error)
{
	struct xenfs_connection *c = req->connection;
	LIST_HEAD(unwanted);

	spin_lock(&c->lock);
	c->in_flight--;
	if (req->kind->unsent)
		req->kind->unsent(req);
	if (xenfs_request_is_internal(req)) {
		list_move(&req->reply.list, &c->queued);
		xenfs_turns_park(c, false);
		xenfs_turns_unpark_soon();
	} else {
		answer_here(req, error);
		xenfs_connection_deliver(c, &unwanted);
	}
	xenfs_connection_unlock(c, &unwanted);
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
	if (err)
		unsent(req, err);

	spin_lock(&c->lock);
	more = may_send(c);
	if (!msg || err) {
		xenfs_transport_unclaim(slot);
		/* Who found none free may wait for nothing else. */
		xenfs_turns_answered(c, XENFS_UNSENT, more);
	}
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

	if (!req->reply.error && req->kind->prepare)
		req->reply.error = req->kind->prepare(req);
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
	req->reply.done = false;
	list_add(&req->reply.list, &req->connection->queued);
	/* Who waits in a line is not the first any more. */
	xenfs_turns_unpark_one(req->connection);
}

/**
 * xenfs_request_set_apart() - nothing waits for the answer to what is at the server
 * @req: of the module's own; may be apart already
 *
 * The replies behind it are read, and what is to go last is sent. It is released when
 * it is answered after all, and holds its connection until then.
 *
 * Context: any, under connection->lock, as @overtaken of its kind.
 */
void xenfs_request_set_apart(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	if (req->reply.apart)
		return;
	req->reply.apart = true;
	kref_get(&c->kref);	/* dropped by answered() */
	list_del_init(&req->reply.list);
	c->in_flight--;
}

/**
 * xenfs_requests_cancel() - drop what a client wrote and was not sent yet
 * @c: the connection; nobody reads the answers
 * @unwanted: where to put the requests, for xenfs_connection_unlock()
 *
 * Context: any, under connection->lock.
 */
void xenfs_requests_cancel(struct xenfs_connection *c,
			   struct list_head *unwanted)
{
	struct xenfs_request *req, *next;

	lockdep_assert_held(&c->lock);
	list_for_each_entry_safe(req, next, &c->queued, reply.list) {
		if (xenfs_request_is_internal(req))
			continue;
		list_del_init(&req->reply.list);
		refuse(req, -ECANCELED);
		req->reply.ops->taken(c, &req->reply);
		list_add_tail(&req->reply.list, unwanted);
	}
}

/*
 * It was the last that was sent, and is again the first that the client wrote: behind
 * what gives back for it, but before the farewell, after which nobody holds the open.
 */
static void requeue(struct xenfs_request *req)
{
	struct xenfs_request *next;

	list_for_each_entry(next, &req->connection->queued, reply.list)
		if (!xenfs_request_is_internal(next) || next->kind->alone)
			break;
	list_move_tail(&req->reply.list, &next->reply.list);
}

/* What the client is told, which is mostly what the server said. */
static void reply_as(struct xenfs_request *req, const struct xenfs_answer *answer)
{
	if (answer->error || answer->instead) {
		answer_here(req, answer->error);
		kfree(answer->buffer);
	} else {
		req->reply.hdr = answer->hdr;
		req->reply.body = answer->body;
		request_done(req, answer->buffer);
	}
	if (!answer->error || answer->instead) /* else it was lost */
		xenfs_connection_arrived(req->connection, &req->reply);
}

static void answered(struct xenfs_request *req, const struct xenfs_answer *from)
{
	struct xenfs_connection *c = req->connection;
	struct xenfs_answer answer = *from;
	enum xenfs_freed how;
	LIST_HEAD(unwanted);
	bool apart;

	spin_lock(&c->lock);
	apart = req->reply.apart;
	if (apart)
		list_add(&req->reply.list, &c->sent);
	else
		c->in_flight--;
	how = req->reply.uncounted ? XENFS_ANSWERED_LATE : XENFS_ANSWERED;
	if (req->kind->again && req->kind->again(req, &answer)) {
		kfree(answer.buffer);
		requeue(req);
	} else {
		if (req->kind->answered)
			req->kind->answered(req, &answer);
		reply_as(req, &answer);
		if (req->kind->follow)
			req->kind->follow(req);
	}
	xenfs_connection_deliver(c, &unwanted);
	xenfs_turns_answered(c, how, may_send(c));
	xenfs_connection_unlock(c, &unwanted);
	if (apart)
		xenfs_connection_put(c);
}

/* It keeps nobody from sending, as long as there are slots. */
static void overtaken(struct xenfs_request *req, bool certain)
{
	struct xenfs_connection *c = req->connection;
	LIST_HEAD(unwanted);
	bool counted;

	spin_lock(&c->lock);
	counted = !req->reply.uncounted;
	req->reply.uncounted = true;
	if (req->kind->overtaken)
		req->kind->overtaken(req, certain);
	xenfs_connection_deliver(c, &unwanted);
	if (counted)
		xenfs_turns_answered(c, XENFS_ANSWERED, may_send(c));
	else
		xenfs_requests_kick(c);
	xenfs_connection_unlock(c, &unwanted);
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
	xenfs_lost_init(answered, overtaken);
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

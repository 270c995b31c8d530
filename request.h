/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request's life, from its submission until its reply waits to be read; see
 * request.c
 */
#ifndef _XENFS_REQUEST_H
#define _XENFS_REQUEST_H

#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>

#include "connection.h"
#include "syntax.h"
#include "transport.h"

struct xenfs_transaction;
struct xenfs_watch;

/**
 * struct xenfs_kind - what is special about a kind of request
 * @alone: it waits until all requests before it were answered
 * @prepare: does what needs memory, or no lock, before the request is
 *	submitted. Returns 0 or the negative errno that answers it. Process
 *	context, may sleep; without locks
 * @discard: undoes @prepare, for a request that is not dispatched
 * @dispatch: decides what is sent, as the request's turn has come. Returns
 *	that, header and payload; or NULL, if the request is answered OK here; or
 *	an ERR_PTR: -EINPROGRESS if it has to wait until xenfs_turns_unpark() or
 *	xenfs_turns_unpark_one() is called, -EIOCBQUEUED until the latter is,
 *	-ERESTART if what was put in front of it goes first, else the error that
 *	answers it here
 * @unsent: undoes @dispatch: there was no memory to send it
 * @overtaken: the server may never answer it, see xenfs_overtaken_fn
 * @again: an answer came to what @dispatch returned. Does it mean that the request
 *	has to wait, and to be dispatched once more? Only if that has made it the
 *	connection's barrier, so that nothing was sent behind it. Likewise
 * @answered: an answer came to what @dispatch returned, maybe from the xenbus
 *	thread with interrupts off. It may have the client told something else, by
 *	answer->instead
 * @follow: the reply has got its place: what is added now is read behind it
 *
 * A kind need not have any of them. All but @prepare are called under
 * connection->lock, from any context.
 */
struct xenfs_kind {
	bool alone;
	int (*prepare)(struct xenfs_request *req);
	void (*discard)(struct xenfs_request *req);
	struct xsd_sockmsg *(*dispatch)(struct xenfs_request *req);
	void (*unsent)(struct xenfs_request *req);
	void (*overtaken)(struct xenfs_request *req, bool certain);
	bool (*again)(struct xenfs_request *req,
		      const struct xenfs_answer *answer);
	void (*answered)(struct xenfs_request *req,
			 struct xenfs_answer *answer);
	void (*follow)(struct xenfs_request *req);
};

/**
 * struct xenfs_request - a request, from the write until its reply was read
 * @connection: whose it is
 * @kind: what is special about it
 * @msg: header and payload, until the reply is there. The core reads the payload
 *	until then: nobody writes to it meanwhile
 * @buffer: after that: what the core allocated for the reply's body, or NULL
 * @watch: of a WATCH or UNWATCH: the watch that it makes or removes
 * @transaction: of a START or END: the transaction that it makes or ends
 * @args: what was found in the payload
 * @reply: the reply; its list is also the request's place among the queued and
 *	the sent ones before it is read. Its header is the request's before it is
 *	the reply's, and a payload that is short follows
 *
 * It belongs to the writer until it is submitted; then connection->lock guards
 * it, but while it is at the server nobody touches it except to answer it, or to
 * wait for it no more (@overtaken).
 */
struct xenfs_request {
	struct xenfs_connection *connection;
	const struct xenfs_kind *kind;
	union {
		struct xsd_sockmsg *msg;
		void *buffer;
	};
	union {
		struct xenfs_watch *watch;
		struct xenfs_transaction *transaction;
	};
	struct xenfs_arguments args;
	struct xenfs_message reply;
};

/**
 * typedef xenfs_check_fn - may a request be dispatched?
 * @req: the request
 *
 * Context: any, under connection->lock.
 * Return: 0 or the negative errno that answers it.
 */
typedef int (*xenfs_check_fn)(struct xenfs_request *req);

/**
 * xenfs_request_payload() - a request's payload
 * @req: the request
 *
 * Return: a place for the bytes that its header tells of.
 */
static inline char *xenfs_request_payload(const struct xenfs_request *req)
{
	return (char *)(req->msg + 1);
}

/**
 * xenfs_request_is_internal() - is it one of the module's own?
 * @req: the request
 *
 * Then it is part of another object, and no client waits for it.
 */
static inline bool xenfs_request_is_internal(const struct xenfs_request *req)
{
	return !req->reply.ops->taken;
}

/**
 * xenfs_request_of() - the request that a reply is part of
 * @reply: the reply
 */
static inline struct xenfs_request *
xenfs_request_of(struct xenfs_message *reply)
{
	return container_of(reply, struct xenfs_request, reply);
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
static inline void xenfs_request_embed(struct xenfs_request *req,
				       struct xenfs_connection *c,
				       const struct xenfs_kind *kind,
				       struct xsd_sockmsg *msg,
				       const struct xenfs_message_ops *ops)
{
	req->connection = c;
	req->kind = kind;
	req->msg = msg;
	req->reply.ops = ops;
}

/**
 * xenfs_request_lift_barrier() - a request is not at the server any more
 * @req: the request
 *
 * Context: any, under connection->lock.
 * Return: true if it was its connection's barrier: nothing was sent behind it.
 */
static inline bool xenfs_request_lift_barrier(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;

	lockdep_assert_held(&c->lock);
	if (c->barrier != req)
		return false;
	c->barrier = NULL;
	return true;
}

int xenfs_requests_init(xenfs_check_fn check);
void xenfs_requests_exit(void);

struct xenfs_request *xenfs_request_alloc(struct xenfs_connection *c,
					  const struct xenfs_kind *kind,
					  const struct xsd_sockmsg *hdr);
void xenfs_request_free(struct xenfs_request *req);

void xenfs_request_submit(struct xenfs_request *req, bool may_sleep);
void xenfs_request_prepend(struct xenfs_request *req);
void xenfs_request_set_apart(struct xenfs_request *req);
void xenfs_requests_kick(struct xenfs_connection *c);
void xenfs_requests_recharge(struct xenfs_connection *c, u32 from, u32 to);
void xenfs_requests_cancel(struct xenfs_connection *c,
			   struct list_head *unwanted);

#endif

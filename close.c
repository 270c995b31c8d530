// SPDX-License-Identifier: GPL-2.0
/*
 * Giving back what an open holds: at its end, or when it asks for that
 *
 * The last request of an open that holds something is its farewell, which is a
 * RESET_WATCHES: when all before it was answered it puts an UNWATCH for each watch
 * and an END for each transaction in front of itself, and when those were answered
 * it is done. So a close waits for no server, and what was written before it is
 * carried out (contract T1, I4).
 */
#include <linux/err.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "close.h"
#include "transaction.h"
#include "turns.h"
#include "watch.h"

/* --- RESET_WATCHES, and the farewell ------------------------------------ */

/*
 * What the open holds is given back by requests that go first. Then it is
 * answered here: the server would drop the watches of the whole domain (contract
 * W7). But who reads on sees the events that came before it: so it goes to the
 * server first, as what changes nothing there, to have its place.
 */
static struct xsd_sockmsg *reset_dispatch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	struct xenfs_transaction *t;

	lockdep_assert_held(&c->lock);
	if (c->state == XENFS_OPEN && !list_empty(&c->watches)) {
		c->barrier = req;
		return xenfs_watches_probe(c, req->msg);
	}
	/* A RESET_WATCHES that the client wrote may have more of its behind it. */
	if (c->state == XENFS_CLOSED && xenfs_request_is_internal(req))
		xenfs_turns_gives_back(c);
	xenfs_watches_drop(c);
	list_for_each_entry(t, &c->transactions, list)
		xenfs_request_prepend(&t->abort);
	return list_first_entry(&c->queued, struct xenfs_request, reply.list) ==
	       req ? NULL : ERR_PTR(-ERESTART);
}

/* Nothing that the server says behind it is for the client any more. */
static bool reset_again(struct xenfs_request *req,
			const struct xenfs_answer *answer)
{
	if (!xenfs_request_lift_barrier(req))
		return false;
	xenfs_watches_probed(req->connection, answer);
	xenfs_watches_drop(req->connection);
	return true;
}

static void reset_unsent(struct xenfs_request *req)
{
	xenfs_request_lift_barrier(req);
}

/* It waits for the answers to what made the things that it gives back. */
const struct xenfs_kind xenfs_reset_kind = {
	.alone = true,
	.dispatch = reset_dispatch,
	.unsent = reset_unsent,
	.again = reset_again,
};

static void farewell_release(struct xenfs_message *reply)
{
	struct xenfs_request *farewell = xenfs_request_of(reply);

	xenfs_connection_put(farewell->connection);
	kfree(farewell);
}

static const struct xenfs_message_ops farewell_ops = {
	.release = farewell_release,
};

/*
 * Nobody could be told that there is no memory for it, and what it is to give back
 * would be lost: so it waits for that. Charged to the memory cgroup of who closes
 * (contract I3).
 */
static void say_farewell(struct xenfs_connection *c, bool may_sleep)
{
	struct xenfs_request *farewell;

	farewell = kzalloc(sizeof(*farewell),
			   GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	kref_get(&c->kref);	/* ended by farewell_release() */
	farewell->reply.hdr.type = XS_RESET_WATCHES;
	xenfs_request_embed(farewell, c, &xenfs_reset_kind,
			    &farewell->reply.hdr, &farewell_ops);
	xenfs_request_submit(farewell, may_sleep);
}

/* --- Begin and end ------------------------------------------------------ */

/* Has it nothing that the server would have to hear of? */
static bool holds_nothing(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return list_empty(&c->queued) && list_empty(&c->sent) &&
	       list_empty(&c->watches) && list_empty(&c->transactions);
}

/*
 * What a closed open wrote is still sent, but no limit on descriptors counts
 * it. When its client's closed opens have too much of it, what this one has not
 * sent yet is dropped, as the server drops what it has not read (contract I3, I4).
 */
static void drop_closed(struct xenfs_connection *c, struct list_head *unwanted)
{
	lockdep_assert_held(&c->lock);
	xenfs_connection_drop_unread(c, unwanted);
	if (xenfs_connection_closed_too_much(c))
		xenfs_requests_cancel(c, unwanted);
	xenfs_connection_deliver(c, unwanted);
}

static void end(struct xenfs_connection *c, enum xenfs_state state, bool may_sleep)
{
	LIST_HEAD(unwanted);
	bool first, nothing;

	spin_lock(&c->lock);
	first = c->state == XENFS_OPEN;
	xenfs_connection_become(c, state);
	xenfs_transactions_closed(c);
	if (state == XENFS_CLOSED)
		drop_closed(c, &unwanted);
	nothing = holds_nothing(c);
	xenfs_turns_closed(c, nothing);
	xenfs_requests_kick(c);
	xenfs_connection_unlock(c, &unwanted);
	/* What holds nothing takes no turn: others may have every slot for long. */
	if (first && !nothing)
		say_farewell(c, may_sleep);
}

/**
 * xenfs_break() - the stream of requests broke
 * @c: the connection, which takes no more requests
 * @may_sleep: the caller may sleep while the domain suspends
 *
 * What was written is carried out, its answers can be read, and then the end of
 * the stream (contract W2).
 *
 * Context: process context; may sleep for memory, not for xenstored.
 */
void xenfs_break(struct xenfs_connection *c, bool may_sleep)
{
	end(c, XENFS_DEAD, may_sleep);
}

/**
 * xenfs_close() - nobody uses the connection any more
 * @c: from xenfs_connection_alloc()
 *
 * What was written is carried out, unless its client's closed connections have
 * more of that than they may. After it the farewell gives back watches and transactions
 * (contract T1, I4).
 *
 * Context: process context; may sleep for memory, not for xenstored.
 */
void xenfs_close(struct xenfs_connection *c)
{
	end(c, XENFS_CLOSED, true);
	xenfs_connection_put(c);
}

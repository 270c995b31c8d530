// SPDX-License-Identifier: GPL-2.0
/*
 * The watches of opens
 *
 * A client's WATCH and UNWATCH go to the server with a token of ours, by which
 * the events find back (carrier.c). So the server says whether a watch exists
 * already, and what else may be wrong with it (contract E1).
 *
 * What the core would do for watches of its own must be done here: on resume
 * they are set again in the new server (contract T2).
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "carrier.h"
#include "dompath.h"
#include "event.h"
#include "limits.h"
#include "watch.h"

/**
 * struct xenfs_watch - a watch of one open
 * @list: on connection->watches, from the dispatch of the first WATCH until it
 *	is neither set nor asked for; connection->lock
 * @rcu: watch_event() finds it without a reference
 * @source: path, token and unread events; its references are the watch's: one
 *	for the list or the request that makes it, and one while @own is sent
 * @id: the number in the token that the server knows
 * @pending: WATCH and UNWATCH requests that are not answered;
 *	connection->lock
 * @set: the server has it, as far as answers tell; connection->lock
 * @leaving: the last request about it was an UNWATCH; connection->lock
 * @own: to give it back, or to set it again, without a client
 * @own_type: which of the two; connection->lock
 * @own_busy: @own is on its way; connection->lock
 * @wire: what goes to the server; the header is set anew for each request
 * @wire_body: path and token as the server knows them
 */
struct xenfs_watch {
	struct list_head list;
	struct rcu_head rcu;
	struct xenfs_event_source source;
	u32 id;
	u32 pending;
	bool set;
	bool leaving;
	bool own_busy;
	u32 own_type;
	struct xenfs_request own;
	struct xsd_sockmsg wire;
	char wire_body[];
};

/* The watches by their ids; its own lock, and RCU to look one up */
static DEFINE_XARRAY_ALLOC1(watch_ids);
static u32 last_watch_id;	/* watch_ids' lock */

static_assert(XENSTORE_ABS_PATH_MAX + 1 + XENFS_TOKEN_MAX <=
	      XENSTORE_PAYLOAD_MAX);

/* --- Memory ------------------------------------------------------------- */

static void watch_free(struct xenfs_event_source *source)
{
	struct xenfs_watch *w;

	w = container_of(source, struct xenfs_watch, source);
	kfree(source->path);
	kfree_rcu(w, rcu);
}

static void watch_put(struct xenfs_watch *w)
{
	xenfs_event_source_put(&w->source);
}

static void own_release(struct xenfs_message *reply)
{
	watch_put(container_of(xenfs_request_of(reply), struct xenfs_watch,
			       own));
}

static const struct xenfs_message_ops own_ops = {
	.release = own_release,
};

static const struct xenfs_kind own_kind;

/* Of the bytes that a request's payload begins with: path and token. */
static struct xenfs_watch *watch_alloc(struct xenfs_request *req)
{
	const struct xenfs_arguments *args = &req->args;
	struct xenfs_event_source *source;
	struct xenfs_watch *w;
	char *key;

	w = kzalloc(sizeof(*w) + args->path_len + XENFS_TOKEN_MAX,
		    GFP_KERNEL_ACCOUNT);
	if (!w)
		return NULL;
	key = kmemdup(xenfs_request_payload(req),
		      args->path_len + args->token_len, GFP_KERNEL_ACCOUNT);
	if (!key) {
		kfree(w);
		return NULL;
	}
	source = &w->source;
	source->free = watch_free;
	source->connection = req->connection;
	source->path = key;
	source->token = key + args->path_len;
	source->path_len = args->path_len;
	source->token_len = args->token_len;
	source->depth = args->depth;
	xenfs_event_source_init(source);
	INIT_LIST_HEAD(&w->list);
	xenfs_request_embed(&w->own, req->connection, &own_kind, &w->wire,
			    &own_ops);
	return w;
}

static u32 watch_charge(const struct xenfs_watch *w)
{
	return ksize(w) + ksize(w->source.path);
}

/* Charges the connection; false if it has no room for another watch. */
static bool watch_admit(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->source.connection;
	bool ret;

	spin_lock(&c->lock);
	ret = c->watch_bytes + watch_charge(w) <= xenfs_limits.watch_bytes;
	if (ret)
		c->watch_bytes += watch_charge(w);
	spin_unlock(&c->lock);
	return ret;
}

/* Gives it a number, and with that its token at the server. */
static int watch_number(struct xenfs_watch *w)
{
	u32 path_len = w->source.path_len;
	int err;

	err = xa_alloc_cyclic(&watch_ids, &w->id, w, xa_limit_31b,
			      &last_watch_id, GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;
	memcpy(w->wire_body, w->source.path, path_len);
	w->wire.len = path_len + xenfs_carrier_token(w->wire_body + path_len,
						     w->id);
	xenfs_carrier_count(1);
	return 0;
}

/* Nothing finds the watch any more; its unread events stay to be read. */
static void watch_forget(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->source.connection->lock);
	xenfs_event_source_gone(&w->source);
	list_del_init(&w->list);
	w->source.connection->watch_bytes -= watch_charge(w);
	xa_erase(&watch_ids, w->id);
	xenfs_carrier_count(-1);
	watch_put(w);
}

/* --- Events ------------------------------------------------------------- */

/* In the xenbus thread, under a spinlock of the core's. */
static void watch_event(u32 id, const char *path)
{
	struct xenfs_connection *c;
	struct xenfs_watch *w;

	rcu_read_lock();
	w = xa_load(&watch_ids, id);
	if (w) {
		c = w->source.connection;
		spin_lock(&c->lock);
		if (w->set && c->state == XENFS_OPEN)
			xenfs_event_happened(&w->source, path);
		spin_unlock(&c->lock);
	}
	rcu_read_unlock();
}

/* --- Requests of the module's own --------------------------------------- */

/* Sends a WATCH or UNWATCH that no client asked for. */
static void watch_send_own(struct xenfs_watch *w, u32 type)
{
	lockdep_assert_held(&w->source.connection->lock);
	if (w->own_busy)
		return;
	w->own_busy = true;
	w->own_type = type;
	w->pending++;
	xenfs_event_source_get(&w->source);
	xenfs_request_prepend(&w->own);
}

/* What to send about @w in the place of what a client wrote. */
static struct xsd_sockmsg *watch_wire(struct xenfs_watch *w, u32 type,
				      u32 req_id, u32 tx_id)
{
	w->leaving = type == XS_UNWATCH;
	w->wire.type = type;
	w->wire.req_id = req_id;
	w->wire.tx_id = tx_id;
	return &w->wire;
}

static struct xsd_sockmsg *own_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = container_of(req, struct xenfs_watch, own);

	return watch_wire(w, w->own_type, 0, 0);
}

/* Forgets the watch if the server has it not and nobody asks for it. */
static void watch_settle(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->source.connection->lock);
	if (!w->set && !w->pending)
		watch_forget(w);
}

static void own_answered(struct xenfs_request *req,
			 const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = container_of(req, struct xenfs_watch, own);

	w->pending--;
	w->own_busy = false;
	if (w->own_type == XS_UNWATCH)
		w->set = false;
	watch_settle(w);
}

/* If there is no memory to send it, it is dispatched once more later. */
static const struct xenfs_kind own_kind = {
	.dispatch = own_dispatch,
	.answered = own_answered,
};

/* --- Requests of clients ------------------------------------------------ */

/*
 * Allocates what a WATCH may need. An open that has as many watches as it may
 * gets none, and no error yet: the WATCH may be about one that it has (contract
 * E1).
 */
static int watch_prepare(struct xenfs_request *req)
{
	struct xenfs_watch *w;
	int err;

	/*
	 * With our token, which may be longer than the client's, the message
	 * must not be too long: the server would drop the whole domain.
	 */
	if (req->args.path_len > XENSTORE_ABS_PATH_MAX + 1)
		return -EINVAL;
	w = watch_alloc(req);
	if (!w)
		return -ENOMEM;
	if (!watch_admit(w)) {
		watch_put(w);
		return 0;
	}
	err = watch_number(w);
	if (!err) {
		req->watch = w;
		return 0;
	}
	spin_lock(&req->connection->lock);
	req->connection->watch_bytes -= watch_charge(w);
	spin_unlock(&req->connection->lock);
	watch_put(w);
	return err;
}

static void watch_discard(struct xenfs_request *req)
{
	if (req->watch)
		watch_forget(req->watch);
	req->watch = NULL;
}

/*
 * The watch that a request is about. One that is leaving may be asked for again,
 * but only by the name under which it reports its events: by another, it is
 * another watch.
 */
static struct xenfs_watch *watch_find(const struct xenfs_request *req)
{
	const char *path = xenfs_request_payload(req);
	const char *token = path + req->args.path_len;
	struct xenfs_watch *w, *leaving = NULL;

	lockdep_assert_held(&req->connection->lock);
	list_for_each_entry(w, &req->connection->watches, list) {
		if (strcmp(w->source.token, token) ||
		    !xenfs_same_node(w->source.path, path))
			continue;
		if (!w->leaving)
			return w;
		if (!strcmp(w->source.path, path))
			leaving = w;
	}
	return leaving;
}

/*
 * If the open has the watch already, it is asked for once more: then the server
 * says that it exists, or, if the first WATCH failed, makes it (contract E1).
 * If not, there may have been no room for another (contract E4).
 */
static struct xsd_sockmsg *watch_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = watch_find(req);
	int err;

	if (!w && !req->watch)
		return ERR_PTR(-E2BIG);
	err = xenfs_carrier_get(req->connection);
	if (err)
		return ERR_PTR(err);
	if (w) {
		watch_discard(req);
		req->watch = w;
	} else {
		w = req->watch;
		list_add(&w->list, &req->connection->watches);
	}
	w->pending++;
	return watch_wire(w, XS_WATCH, req->msg->req_id, req->msg->tx_id);
}

/*
 * For a watch that the open has not, the server says what is wrong. It must not
 * see the token, which might be one of the kernel's own: all of those begin
 * with a hexadecimal digit.
 */
static struct xsd_sockmsg *unwatch_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = watch_find(req);
	char *token = xenfs_request_payload(req) + req->args.path_len;

	req->watch = w;
	if (w) {
		w->pending++;
		return watch_wire(w, XS_UNWATCH, req->msg->req_id,
				  req->msg->tx_id);
	}
	if (token[0])
		token[0] = ':';
	return req->msg;
}

static void watch_unsent(struct xenfs_request *req)
{
	struct xenfs_watch *w = req->watch;

	lockdep_assert_held(&req->connection->lock);
	if (!w)
		return;
	w->pending--;
	w->leaving = false;
	req->watch = NULL;
	watch_settle(w);
}

/*
 * In the xenbus thread, so that what is set or not when an event comes is what
 * the server thought (contract E2).
 */
static void watch_answered(struct xenfs_request *req,
			   const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;

	req->watch = NULL;
	w->pending--;
	if (!answer->error && answer->hdr.type != XS_ERROR) {
		w->set = true;
		w->source.depth = req->args.depth;
	} else if (answer->error && !w->set) {
		/* Perhaps the server has it; the client is told that not. */
		watch_send_own(w, XS_UNWATCH);
	}
	watch_settle(w);
}

static void unwatch_answered(struct xenfs_request *req,
			     const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;

	req->watch = NULL;
	if (!w)
		return;
	w->pending--;
	if (answer->error || answer->hdr.type != XS_ERROR)
		w->set = false;
	else
		w->leaving = false;
	watch_settle(w);
}

const struct xenfs_kind xenfs_watch_kind = {
	.prepare = watch_prepare,
	.discard = watch_discard,
	.dispatch = watch_dispatch,
	.unsent = watch_unsent,
	.answered = watch_answered,
};

const struct xenfs_kind xenfs_unwatch_kind = {
	.dispatch = unwatch_dispatch,
	.unsent = watch_unsent,
	.answered = unwatch_answered,
};

/* --- All of them -------------------------------------------------------- */

/**
 * xenfs_watches_drop() - give back all watches of an open
 * @c: the connection; it has no requests at the server
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_watches_drop(struct xenfs_connection *c)
{
	struct xenfs_watch *w;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(w, &c->watches, list)
		watch_send_own(w, XS_UNWATCH);
}

/**
 * xenfs_watches_resumed() - set all watches again
 *
 * The domain was resumed, maybe on another host.
 *
 * Context: tasks and the workqueue are frozen, and no request is at the server:
 * the core has seen to that (contract T2).
 */
void xenfs_watches_resumed(void)
{
	struct xenfs_connection *c;
	struct xenfs_watch *w;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&watch_ids, id, w) {
		c = w->source.connection;
		spin_lock(&c->lock);
		if (w->set) {
			watch_send_own(w, XS_WATCH);
			xenfs_requests_kick(c);
		}
		spin_unlock(&c->lock);
	}
	rcu_read_unlock();
}

/**
 * xenfs_watches_init() - be told of events
 *
 * Context: module init.
 */
void xenfs_watches_init(void)
{
	xenfs_carrier_init(watch_event);
}

/**
 * xenfs_watches_exit() - undo xenfs_watches_init()
 *
 * Context: module exit; no connection is left, and so no watch.
 */
void xenfs_watches_exit(void)
{
	xenfs_carrier_exit();
	xa_destroy(&watch_ids);
}

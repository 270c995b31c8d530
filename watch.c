// SPDX-License-Identifier: GPL-2.0
/*
 * The watches of opens
 *
 * A watch is set in the server with a token of ours, by which its events find
 * back (carrier.c). What clients ask of it is in watch_request.c; here is what it
 * is, and what the module asks by itself: to give it back, and to set it again
 * after a resume, as the core does for watches of its own (contract T2).
 */
#include <linux/atomic.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "carrier.h"
#include "server_features.h"
#include "limits.h"
#include "watch.h"
#include "work.h"

/* When to try again to set watches that the server refused after a resume */
#define MISSING_RETRY	(5 * HZ)

/* The watches by their ids; its own lock, and RCU to look one up */
static DEFINE_XARRAY_ALLOC1(watch_ids);
static u32 last_watch_id;	/* watch_ids' lock */

/* Watches on the lists of all connections: those that the server counts */
static atomic_t total;

static_assert(XENSTORE_ABS_PATH_MAX + 1 + XENFS_TOKEN_MAX + XENFS_DEPTH_MAX <=
	      XENSTORE_PAYLOAD_MAX);

/* --- Memory ------------------------------------------------------------- */

static void watch_free(struct xenfs_event_source *source)
{
	struct xenfs_watch *w;

	w = container_of(source, struct xenfs_watch, source);
	source->connection->watch_bytes -= w->charge;
	kfree(source->path);
	kfree_rcu(w, rcu);
}

static void own_release(struct xenfs_message *reply);

static const struct xenfs_message_ops own_ops = {
	.release = own_release,
};

static const struct xenfs_kind own_kind;

/* Of the bytes that a request's payload begins with: path and token. */
static struct xenfs_watch *watch_new(struct xenfs_request *req)
{
	const struct xenfs_arguments *args = &req->args;
	struct xenfs_event_source *source;
	struct xenfs_watch *w;
	char *key;

	w = kzalloc(sizeof(*w) + args->path_len + XENFS_TOKEN_MAX +
		    XENFS_DEPTH_MAX, GFP_KERNEL_ACCOUNT);
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

/* Charges the connection; false if it has no room for another watch. */
static bool watch_admit(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->source.connection;
	u32 charge = ksize(w) + ksize(w->source.path);
	bool ret;

	spin_lock(&c->lock);
	ret = c->watch_bytes + charge <= xenfs_limits.watch_bytes;
	if (ret) {
		w->charge = charge;
		c->watch_bytes += charge;
	}
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
	w->wire_len = path_len + xenfs_carrier_token(w->wire_body + path_len,
						     w->id);
	w->wire_depth = XENFS_DEPTH_ANY;
	xenfs_carrier_count(1);
	return 0;
}

/**
 * xenfs_watch_alloc() - make a watch for a WATCH that was not submitted yet
 * @req: the WATCH
 * @error: set to 0 or -ENOMEM
 *
 * Context: process context; may sleep.
 * Return: the watch, on no list; or NULL: no memory, or *@error is 0 and the open
 * has as many as it may (contract E4).
 */
struct xenfs_watch *xenfs_watch_alloc(struct xenfs_request *req, int *error)
{
	struct xenfs_connection *c = req->connection;
	struct xenfs_watch *w;

	*error = -ENOMEM;
	w = watch_new(req);
	if (!w)
		return NULL;
	*error = 0;
	if (!watch_admit(w)) {
		/* Nothing has found it yet: it need not wait for readers. */
		kfree(w->source.path);
		kfree(w);
		return NULL;
	}
	*error = watch_number(w);
	if (!*error)
		return w;
	spin_lock(&c->lock);
	xenfs_event_source_put(&w->source);
	spin_unlock(&c->lock);
	return NULL;
}

/**
 * xenfs_watch_add() - count a watch, and let requests find it
 * @w: from xenfs_watch_alloc()
 *
 * Context: any, under connection->lock.
 * Return: false if all opens together have as many as they may.
 */
bool xenfs_watch_add(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->source.connection;

	lockdep_assert_held(&c->lock);
	if (!atomic_add_unless(&total, 1, xenfs_limits.all_watches))
		return false;
	list_add(&w->list, &c->watches);
	return true;
}

/**
 * xenfs_watch_forget() - nothing finds the watch any more
 * @w: the watch; its unread events stay to be read
 *
 * Context: any, under connection->lock.
 */
void xenfs_watch_forget(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->source.connection->lock);
	xenfs_event_source_gone(&w->source);
	if (!list_empty(&w->list)) {
		list_del_init(&w->list);
		atomic_dec(&total);
	}
	xa_erase(&watch_ids, w->id);
	w->id = 0;
	xenfs_carrier_count(-1);
	xenfs_event_source_put(&w->source);
}

/**
 * xenfs_watch_settle() - forget the watch, unless somebody has it or asks for it
 * @w: the watch
 *
 * Context: any, under connection->lock.
 */
void xenfs_watch_settle(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->source.connection->lock);
	if (w->id && !w->set && !w->pending && !w->own_next)
		xenfs_watch_forget(w);
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

/**
 * xenfs_watch_wire() - what to send to the server about a watch
 * @w: the watch
 * @type: XS_WATCH or XS_UNWATCH
 * @msg: what a client wrote, or NULL if it is a request of the module's own
 *
 * Context: any, under connection->lock.
 */
struct xsd_sockmsg *xenfs_watch_wire(struct xenfs_watch *w, u32 type,
				     const struct xsd_sockmsg *msg)
{
	lockdep_assert_held(&w->source.connection->lock);
	w->leaving = type == XS_UNWATCH;
	w->wire.type = type;
	w->wire.req_id = msg ? msg->req_id : 0;
	w->wire.tx_id = msg ? msg->tx_id : 0;
	w->wire.len = w->wire_len;
	return &w->wire;
}

/* The server may still read what the last request about the watch said. */
static bool set_wire_depth(struct xenfs_watch *w, u32 depth)
{
	if (w->wire_depth == depth)
		return true;
	if (w->pending > 1)
		return false;
	w->wire_depth = depth;
	snprintf(w->wire_body + w->wire_len, XENFS_DEPTH_MAX, "%u", depth);
	return true;
}

/**
 * xenfs_watch_wire_depth() - what to send to the server to set a watch
 * @w: the watch, whose pending counts this request
 * @depth: how many levels the client wants
 * @msg: as for xenfs_watch_wire()
 *
 * A server that knows what a depth is gets it: it need not send what nobody
 * sees, and of domains it tells which one (contract E3).
 *
 * Context: any, under connection->lock.
 */
struct xsd_sockmsg *xenfs_watch_wire_depth(struct xenfs_watch *w, u32 depth,
					   const struct xsd_sockmsg *msg)
{
	struct xsd_sockmsg *wire = xenfs_watch_wire(w, XS_WATCH, msg);

	if (!set_wire_depth(w, depth) || depth == XENFS_DEPTH_ANY ||
	    !xenfs_server_knows_depth())
		return wire;
	wire->len += strlen(w->wire_body + w->wire_len) + 1;
	return wire;
}

/**
 * xenfs_watch_send_own() - send a WATCH or UNWATCH that no client asked for
 * @w: the watch
 * @type: which of the two
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_watch_send_own(struct xenfs_watch *w, u32 type)
{
	lockdep_assert_held(&w->source.connection->lock);
	if (w->own_busy) {
		/* One that is sent or answered says nothing about this one. */
		w->own_next = type;
		return;
	}
	w->own_busy = true;
	w->own_type = type;
	w->own_next = 0;
	w->pending++;
	xenfs_event_source_get(&w->source);
	xenfs_request_prepend(&w->own);
}

static struct xsd_sockmsg *own_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = container_of(req, struct xenfs_watch, own);

	if (w->own_type == XS_WATCH && (!w->set || w->leaving)) {
		/* The client gives it back, or has done so. */
		w->pending--;
		xenfs_watch_settle(w);
		return NULL;
	}
	if (w->own_type == XS_WATCH)
		return xenfs_watch_wire_depth(w, w->source.depth, NULL);
	return xenfs_watch_wire(w, XS_UNWATCH, NULL);
}

static void missing_work_func(struct work_struct *work);
static DECLARE_DELAYED_WORK(missing_work, missing_work_func);

/* The server has the watch already. Its body need not end in a nul. */
static bool exists_already(const struct xenfs_answer *answer)
{
	return answer->hdr.len == sizeof("EEXIST") &&
	       !memcmp(answer->body, "EEXIST", sizeof("EEXIST"));
}

/*
 * The server, a new one, was asked for a watch that the client has. If it does
 * not want to, the client has to look for itself, and it is asked again later; if
 * it had the watch, events may have been lost on the way.
 */
static void own_watched(struct xenfs_watch *w, const struct xenfs_answer *answer)
{
	if (!answer->error && answer->hdr.type != XS_ERROR) {
		w->missing = false;
		return;
	}
	if (w->set && w->source.connection->state == XENFS_OPEN)
		xenfs_event_missed(&w->source);
	w->missing = answer->error || !exists_already(answer);
	if (w->missing)
		queue_delayed_work(xenfs_wq, &missing_work, MISSING_RETRY);
}

static void own_answered(struct xenfs_request *req,
			 const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = container_of(req, struct xenfs_watch, own);

	w->pending--;
	if (w->own_type == XS_UNWATCH)
		w->set = false;
	else
		own_watched(w, answer);
	xenfs_watch_settle(w);
}

/* If there is no memory to send it, it is dispatched once more later. */
static const struct xenfs_kind own_kind = {
	.dispatch = own_dispatch,
	.answered = own_answered,
};

static void own_release(struct xenfs_message *reply)
{
	struct xenfs_connection *c = xenfs_request_of(reply)->connection;
	struct xenfs_watch *w;

	w = container_of(xenfs_request_of(reply), struct xenfs_watch, own);
	spin_lock(&c->lock);
	w->own_busy = false;
	if (w->own_next) {
		xenfs_watch_send_own(w, w->own_next);
		xenfs_requests_kick(c);
	}
	xenfs_event_source_put(&w->source);
	spin_unlock(&c->lock);
}

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
		xenfs_watch_send_own(w, XS_UNWATCH);
}

/* Sets those again that are set; all, or those that the server refused. */
static void watches_set_again(bool all)
{
	struct xenfs_connection *c;
	struct xenfs_watch *w;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&watch_ids, id, w) {
		c = w->source.connection;
		spin_lock(&c->lock);
		if (w->set && (all || (w->missing && !w->own_busy))) {
			xenfs_watch_send_own(w, XS_WATCH);
			xenfs_requests_kick(c);
		}
		spin_unlock(&c->lock);
	}
	rcu_read_unlock();
}

/* Nothing holds the module for it: without a watch it finds none. */
static void missing_work_func(struct work_struct *work)
{
	watches_set_again(false);
}

/**
 * xenfs_watches_resumed() - set all watches again
 *
 * The domain was resumed, maybe on another host.
 *
 * Context: tasks and the workqueues are frozen, and no request is at the server:
 * the core has seen to that (contract T2).
 */
void xenfs_watches_resumed(void)
{
	watches_set_again(true);
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
	cancel_delayed_work_sync(&missing_work);
	xenfs_carrier_exit();
	xa_destroy(&watch_ids);
}

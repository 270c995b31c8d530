// SPDX-License-Identifier: GPL-2.0
/*
 * The watches of opens
 *
 * A watch is what an open has, with the path and the token that its client wrote,
 * and the events that are unread. What clients ask of it is in watch_request.c;
 * what the server has for it, and for others that watch the same, is in
 * registration.c.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "limits.h"
#include "registration.h"
#include "watch.h"

static void watch_free(struct xenfs_event_source *source)
{
	struct xenfs_watch *w;

	w = container_of(source, struct xenfs_watch, source);
	source->connection->watch_bytes -= w->charge;
	kfree(w->wire);
	kfree_rcu(w, rcu);
}

/* Of the bytes that a request's payload begins with: path and token. */
static struct xenfs_watch *watch_new(struct xenfs_request *req)
{
	const struct xenfs_arguments *args = &req->args;
	u32 wire_len = sizeof(*req->msg) +
		       XENFS_REGISTRATION_BODY(args->path_len);
	u32 key_len = args->path_len + args->token_len;
	struct xenfs_event_source *source;
	struct xenfs_watch *w;
	char *key;

	w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);
	if (!w)
		return NULL;
	w->wire = kmalloc(wire_len + key_len, GFP_KERNEL_ACCOUNT);
	if (!w->wire) {
		kfree(w);
		return NULL;
	}
	key = memcpy((char *)w->wire + wire_len, xenfs_request_payload(req),
		     key_len);
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
	return w;
}

/* Charges the connection; false if it has no room for another watch. */
static bool watch_admit(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->source.connection;
	u32 charge = ksize(w) + ksize(w->wire) + ksize(w->spare);
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
	struct xenfs_watch *w;

	*error = -ENOMEM;
	w = watch_new(req);
	if (!w)
		return NULL;
	w->spare = xenfs_registration_alloc(req->args.path_len);
	if (w->spare) {
		*error = 0;
		if (watch_admit(w))
			return w;
	}
	/* Nothing has found it yet: it need not wait for readers. */
	xenfs_registration_discard(w->spare);
	kfree(w->wire);
	kfree(w);
	return NULL;
}

static void discard_spare(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->source.connection;
	u32 bytes;

	lockdep_assert_held(&c->lock);
	if (!w->spare)
		return;
	bytes = ksize(w->spare);
	w->charge -= bytes;
	c->watch_bytes -= bytes;
	xenfs_registration_discard(w->spare);
	w->spare = NULL;
}

/**
 * xenfs_watch_add() - let events and requests find a watch
 * @w: from xenfs_watch_alloc()
 *
 * Context: any, under connection->lock.
 * Return: false if all opens together have as many as they may.
 */
bool xenfs_watch_add(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->source.connection;

	lockdep_assert_held(&c->lock);
	if (!xenfs_registration_join(&w->source, &w->spare,
				     (char *)(w->wire + 1)))
		return false;
	discard_spare(w);
	list_add(&w->list, &c->watches);
	return true;
}

/**
 * xenfs_watch_forget() - nothing finds the watch any more
 * @w: the watch, which no request is about; its unread events stay to be read
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_watch_forget(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->source.connection->lock);
	xenfs_event_source_gone(&w->source);
	discard_spare(w);
	if (!list_empty(&w->list)) {
		list_del_init(&w->list);
		xenfs_registration_leave(&w->source);
	}
	xenfs_event_source_put(&w->source);
}

/**
 * xenfs_watch_get() - one of an open's watches, to be looked at
 * @c: the connection
 * @n: which: 0 is the newest
 *
 * Context: any; takes connection->lock.
 * Return: it, with a reference for xenfs_event_source_put(); or NULL.
 */
struct xenfs_event_source *xenfs_watch_get(struct xenfs_connection *c,
					   unsigned int n)
{
	struct xenfs_event_source *source = NULL;
	struct xenfs_watch *w;

	spin_lock(&c->lock);
	list_for_each_entry(w, &c->watches, list)
		if (!n--) {
			source = &w->source;
			xenfs_event_source_get(source);
			break;
		}
	spin_unlock(&c->lock);
	return source;
}

/**
 * xenfs_watch_settle() - forget the watch, unless somebody has it or asks for it
 * @w: the watch, on connection->watches
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_watch_settle(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->source.connection->lock);
	if (!w->source.set && !w->pending)
		xenfs_watch_forget(w);
}

/**
 * xenfs_watch_wire() - what to send to the server about a watch
 * @w: the watch, on connection->watches
 * @type: XS_WATCH or XS_UNWATCH
 * @msg: what a client wrote
 *
 * Context: any, under connection->lock.
 */
struct xsd_sockmsg *xenfs_watch_wire(struct xenfs_watch *w, u32 type,
				     const struct xsd_sockmsg *msg)
{
	lockdep_assert_held(&w->source.connection->lock);
	*w->wire = *msg;
	w->wire->type = type;
	w->wire->len = xenfs_registration_len(&w->source, type);
	return w->wire;
}

static struct xenfs_watch *first_watch(struct xenfs_connection *c)
{
	lockdep_assert_held(&c->lock);
	return list_first_entry(&c->watches, struct xenfs_watch, list);
}

/**
 * xenfs_watches_probe() - what changes nothing at the server, but is answered
 * @c: the connection, which has watches, and no requests at the server
 * @msg: for what it is sent
 *
 * Context: any, under connection->lock. Nothing may be sent behind it.
 */
struct xsd_sockmsg *xenfs_watches_probe(struct xenfs_connection *c,
					const struct xsd_sockmsg *msg)
{
	return xenfs_watch_wire(first_watch(c), XS_WATCH, msg);
}

/**
 * xenfs_watches_probed() - that was answered
 * @c: the connection
 * @answer: the server's
 *
 * Context: any, under connection->lock.
 */
void xenfs_watches_probed(struct xenfs_connection *c,
			  const struct xenfs_answer *answer)
{
	xenfs_registration_watched(&first_watch(c)->source, answer);
}

/**
 * xenfs_watches_drop() - give back all watches of an open
 * @c: the connection; it has no requests at the server
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_watches_drop(struct xenfs_connection *c)
{
	struct xenfs_watch *w, *next;

	lockdep_assert_held(&c->lock);
	list_for_each_entry_safe(w, next, &c->watches, list) {
		w->source.set = false;
		xenfs_watch_forget(w);
	}
}

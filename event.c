// SPDX-License-Identifier: GPL-2.0
/*
 * Unread events
 *
 * An event that finds its like unread is merged with it. One for which there is
 * no room or no memory collapses into an event on the watch's own path, which
 * is part of the watch and so always there to be queued (contract E4).
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "client.h"
#include "event.h"
#include "limits.h"
#include "request.h"

#include "include/trace/events/xenfs.h"

/**
 * struct xenfs_event - an unread event
 * @message: what the client reads
 * @list: on source->unread, or on none if the watch is gone; connection->lock
 * @path: path and token
 */
struct xenfs_event {
	struct xenfs_message message;
	struct list_head list;
	char path[];
};

/* --- Where they come from ----------------------------------------------- */

static void source_free(struct kref *kref)
{
	struct xenfs_event_source *source;

	source = container_of(kref, struct xenfs_event_source, kref);
	source->free(source);
}

/**
 * xenfs_event_source_get() - take a reference to what events come from
 * @source: it
 *
 * Context: any.
 */
void xenfs_event_source_get(struct xenfs_event_source *source)
{
	kref_get(&source->kref);
}

/**
 * xenfs_event_source_put() - drop a reference to what events come from
 * @source: it; is freed with the last one
 *
 * Context: any, under connection->lock.
 */
void xenfs_event_source_put(struct xenfs_event_source *source)
{
	lockdep_assert_held(&source->connection->lock);
	kref_put(&source->kref, source_free);
}

static void collapsed_taken(struct xenfs_connection *c,
			    struct xenfs_message *message)
{
	/* It is off its list: the next event is news. */
}

static void collapsed_release(struct xenfs_message *message)
{
	struct xenfs_event_source *source;
	struct xenfs_connection *c;

	source = container_of(message, struct xenfs_event_source, collapsed);
	c = source->connection;
	spin_lock(&c->lock);
	xenfs_event_source_put(source);
	spin_unlock(&c->lock);
}

static const struct xenfs_message_ops collapsed_ops = {
	.taken = collapsed_taken,
	.release = collapsed_release,
};

/**
 * xenfs_event_source_init() - set up what events come from
 * @source: zeroed, but for its connection, path, token, depth and free()
 *
 * Context: any. The caller has the first reference.
 */
void xenfs_event_source_init(struct xenfs_event_source *source)
{
	struct xenfs_message *message = &source->collapsed;

	kref_init(&source->kref);
	INIT_LIST_HEAD(&source->unread);
	INIT_LIST_HEAD(&message->list);
	message->hdr.type = XS_WATCH_EVENT;
	message->hdr.len = source->path_len + source->token_len;
	message->body = source->path;
	message->ops = &collapsed_ops;
}

/**
 * xenfs_event_source_gone() - no event will come from there any more
 * @source: it; its unread events stay to be read
 *
 * Context: any, under connection->lock.
 */
void xenfs_event_source_gone(struct xenfs_event_source *source)
{
	struct xenfs_event *event, *next;

	lockdep_assert_held(&source->connection->lock);
	list_for_each_entry_safe(event, next, &source->unread, list)
		list_del_init(&event->list);
}

/* --- Events ------------------------------------------------------------- */

/* From here on the next event of its kind is news. */
static void event_taken(struct xenfs_connection *c,
			struct xenfs_message *message)
{
	struct xenfs_event *event;

	lockdep_assert_held(&c->lock);
	event = container_of(message, struct xenfs_event, message);
	list_del(&event->list);
	c->event_bytes -= message->charge;
	xenfs_requests_recharge(c, message->charge, 0);
}

static void event_release(struct xenfs_message *message)
{
	kfree(container_of(message, struct xenfs_event, message));
}

static const struct xenfs_message_ops event_ops = {
	.taken = event_taken,
	.release = event_release,
};

/* Returns whether there is such, or -E2BIG if there are too many to look at. */
static int is_unread(struct xenfs_event_source *source, const char *path, u32 look)
{
	struct xenfs_event *event;

	lockdep_assert_held(&source->connection->lock);
	if (!list_empty(&source->collapsed.list))
		return true;
	list_for_each_entry_reverse(event, &source->unread, list) {
		if (!strcmp(event->path, path))
			return true;
		if (!--look)
			return -E2BIG;
	}
	return false;
}

static void collapse(struct xenfs_event_source *source)
{
	struct xenfs_connection *c = source->connection;

	trace_xenfs_event_collapsed(c->number, source->path);
	source->collapses++;
	c->events++;
	xenfs_event_source_get(source);
	xenfs_connection_add(c, &source->collapsed);
}

static void merge(struct xenfs_event_source *source, const char *path)
{
	trace_xenfs_event_merged(source->connection->number, path);
	source->merged++;
}

/* Runs in the xenbus thread, under a spinlock of the core's. */
static struct xenfs_event *alloc_event(struct xenfs_event_source *source,
				       const char *path)
{
	u32 path_len = strlen(path) + 1;
	u32 len = path_len + source->token_len;
	struct xenfs_event *event;

	event = kzalloc(sizeof(*event) + len, GFP_ATOMIC | __GFP_NOWARN);
	if (!event)
		return NULL;
	memcpy(event->path, path, path_len);
	memcpy(event->path + path_len, source->token, source->token_len);
	event->message.hdr.type = XS_WATCH_EVENT;
	event->message.hdr.len = len;
	event->message.body = event->path;
	event->message.charge = ksize(event);
	event->message.ops = &event_ops;
	return event;
}

/* Is there room for it, with all that the open has, and its client? */
static bool may_queue(struct xenfs_connection *c,
		      const struct xenfs_event *event)
{
	u32 charge = event->message.charge;

	lockdep_assert_held(&c->lock);
	return c->event_bytes + charge <= xenfs_limits.event_bytes &&
	       xenfs_client_charge(c->client, charge, false);
}

/**
 * xenfs_event_happened() - the server says that something has changed
 * @source: the watch that saw it
 * @path: what has changed
 * @look: with how many unread ones to compare it, at most; if there are more they
 *	collapse
 *
 * Context: the xenbus thread, under a spinlock of the core's and
 * connection->lock (contract E3, E4).
 */
void xenfs_event_happened(struct xenfs_event_source *source, const char *path,
			  u32 look)
{
	struct xenfs_connection *c = source->connection;
	struct xenfs_event *event = NULL;
	int unread;

	lockdep_assert_held(&c->lock);
	if (!xenfs_event_within(source->path, path, source->depth))
		return;
	/* With the client's token it is no message: no server sends such. */
	if (strlen(path) + 1 + source->token_len > XENSTORE_PAYLOAD_MAX)
		return;
	unread = is_unread(source, path, look);
	if (unread > 0) {
		merge(source, path);
		return;
	}
	if (!unread && c->event_bytes < xenfs_limits.event_bytes)
		event = alloc_event(source, path);
	if (!event || !may_queue(c, event)) {
		kfree(event);
		collapse(source);
		return;
	}
	trace_xenfs_event(c->number, path);
	c->events++;
	c->event_bytes += event->message.charge;
	list_add_tail(&event->list, &source->unread);
	xenfs_connection_add(c, &event->message);
}

/**
 * xenfs_event_missed() - something may have changed, and nobody knows what
 * @source: the watch that would have seen it
 *
 * Its client gets an event on the watch's own path, and has to look.
 *
 * Context: any, under connection->lock (contract E4, T2).
 */
void xenfs_event_missed(struct xenfs_event_source *source)
{
	lockdep_assert_held(&source->connection->lock);
	if (list_empty(&source->collapsed.list))
		collapse(source);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The watches of opens; see watch.c
 */
#ifndef _XENFS_WATCH_H
#define _XENFS_WATCH_H

#include "event.h"
#include "request.h"

/**
 * struct xenfs_watch - a watch of one open
 * @list: on connection->watches, from the dispatch of the first WATCH until it
 *	is neither set nor asked for; connection->lock
 * @rcu: events look for it without a reference
 * @source: path, token and unread events; the watch is freed with its last
 *	reference
 * @spare: what the server is to have for it, until there is something to share
 * @charge: bytes of connection->watch_bytes; connection->lock
 * @pending: WATCH and UNWATCH requests that are not answered;
 *	connection->lock
 * @wire: what goes to the server: a header that is set anew for each request, and
 *	path, token and depth as the server knows them, constant on the list. In the
 *	same memory follow those of @source
 */
struct xenfs_watch {
	struct list_head list;
	struct rcu_head rcu;
	struct xenfs_event_source source;
	struct xenfs_registration *spare;
	u32 charge;
	u32 pending;
	struct xsd_sockmsg *wire;
};

struct xsd_sockmsg *xenfs_watches_probe(struct xenfs_connection *c,
					const struct xsd_sockmsg *msg);
void xenfs_watches_probed(struct xenfs_connection *c,
			  const struct xenfs_answer *answer);
void xenfs_watches_drop(struct xenfs_connection *c);

struct xenfs_event_source *xenfs_watch_get(struct xenfs_connection *c,
					   unsigned int n);

struct xenfs_watch *xenfs_watch_alloc(struct xenfs_request *req, int *error);
bool xenfs_watch_add(struct xenfs_watch *w);
void xenfs_watch_forget(struct xenfs_watch *w);
void xenfs_watch_settle(struct xenfs_watch *w);
struct xsd_sockmsg *xenfs_watch_wire(struct xenfs_watch *w, u32 type,
				     const struct xsd_sockmsg *msg);

#endif

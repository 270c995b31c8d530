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
 * @rcu: watch_event() finds it without a reference
 * @source: path, token and unread events; its references are the watch's: one
 *	for the list or the request that makes it, and one while @own is sent
 * @id: the number in the token that the server knows; 0 when it was forgotten,
 *	which is under connection->lock
 * @charge: bytes of connection->watch_bytes; connection->lock
 * @pending: WATCH and UNWATCH requests that are not answered;
 *	connection->lock
 * @set: its client has it, as far as answers tell; connection->lock
 * @leaving: the last request about it was an UNWATCH; connection->lock
 * @missing: it is set, but the server, a new one, refused it; connection->lock
 * @own: to give it back, or to set it again, without a client
 * @own_busy: @own is on its way, or not released yet; connection->lock
 * @own_type: which of the two; connection->lock
 * @own_next: which of the two comes after that, or 0; connection->lock
 * @wire: what goes to the server; the header is set anew for each request
 * @wire_len: bytes of path and token in @wire_body
 * @wire_depth: what the text behind them says, which changes only while no
 *	request about the watch is on its way; connection->lock
 * @wire_body: path and token as the server knows them, and the depth
 */
struct xenfs_watch {
	struct list_head list;
	struct rcu_head rcu;
	struct xenfs_event_source source;
	u32 id;
	u32 charge;
	u32 pending;
	bool set;
	bool leaving;
	bool missing;
	bool own_busy;
	u16 own_type;
	u16 own_next;
	struct xenfs_request own;
	u32 wire_len;
	u32 wire_depth;
	struct xsd_sockmsg wire;
	char wire_body[];
};

void xenfs_watches_init(void);
void xenfs_watches_exit(void);
void xenfs_watches_drop(struct xenfs_connection *c);
void xenfs_watches_resumed(void);

struct xenfs_watch *xenfs_watch_alloc(struct xenfs_request *req, int *error);
bool xenfs_watch_add(struct xenfs_watch *w);
void xenfs_watch_forget(struct xenfs_watch *w);
void xenfs_watch_settle(struct xenfs_watch *w);
struct xsd_sockmsg *xenfs_watch_wire(struct xenfs_watch *w, u32 type,
				     const struct xsd_sockmsg *msg);
struct xsd_sockmsg *xenfs_watch_wire_depth(struct xenfs_watch *w, u32 depth,
					   const struct xsd_sockmsg *msg);
void xenfs_watch_send_own(struct xenfs_watch *w, u32 type);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unread events of the watches of an open; see event.c
 */
#ifndef _XENFS_EVENT_H
#define _XENFS_EVENT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/types.h>

#include "connection.h"

struct xenfs_registration;

/**
 * struct xenfs_event_source - what events come from: a watch, as its open knows
 * it
 * @kref: one for who has the watch, one while @collapsed is unread
 * @free: called as the last reference is dropped, under connection->lock
 * @connection: whose it is
 * @path: the watch's path, as the client wrote it
 * @token: its token, behind it
 * @path_len: bytes of @path, with the nul
 * @token_len: bytes of @token, with the nul
 * @depth: how many levels below @path are seen; connection->lock
 * @set: its client has it, as far as answers tell; connection->lock
 * @unwanted: UNWATCH requests about it that are not answered; connection->lock
 * @registration: by what the server tells of its events, or NULL; connection->lock
 * @peers: the others that are told of those; registrations.lock, RCU to read
 * @unread: its events that are unread, but @collapsed; connection->lock
 * @merged: events that were unread already, so far; connection->lock
 * @collapses: events that there was no room for, so far; connection->lock
 * @collapsed: the event on its own path; on a list while it is unread;
 *	connection->lock
 */
struct xenfs_event_source {
	struct kref kref;
	void (*free)(struct xenfs_event_source *source);
	struct xenfs_connection *connection;
	const char *path;
	const char *token;
	u32 path_len;
	u32 token_len;
	u32 depth;
	bool set;
	u32 unwanted;
	struct xenfs_registration *registration;
	struct list_head peers;
	struct list_head unread;
	u32 merged;
	u32 collapses;
	struct xenfs_message collapsed;
};

void xenfs_event_source_init(struct xenfs_event_source *source);
void xenfs_event_source_get(struct xenfs_event_source *source);
void xenfs_event_source_put(struct xenfs_event_source *source);
void xenfs_event_source_gone(struct xenfs_event_source *source);
void xenfs_event_happened(struct xenfs_event_source *source, const char *path,
			  u32 look);
void xenfs_event_missed(struct xenfs_event_source *source);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opens that have one turn among all groups; see group.c
 */
#ifndef _XENFS_GROUP_H
#define _XENFS_GROUP_H

#include <linux/list.h>

#include "share.h"

/**
 * struct xenfs_group - opens of one client, or those that give back; turns.lock
 * @turn: in turns.waiting, while there is something to send for them, and not too
 *	much sent
 * @waiting: those with something to send, and not too much sent
 * @closed: the same of those that are closed, which have every other turn
 * @closed_was_last: to have the other turn
 * @apart: it may have as much at the server as all others, and is not in turns.waiting;
 *	constant
 * @share: its own, among all groups
 * @opens: which share that
 */
struct xenfs_group {
	struct list_head turn;
	struct list_head waiting;
	struct list_head closed;
	bool closed_was_last;
	bool apart;
	struct xenfs_sharer share;
	struct xenfs_sharers opens;
};

void xenfs_group_init(struct xenfs_group *group);

/**
 * xenfs_group_waits() - has a group something to send?
 * @group: the group
 *
 * Context: any, under turns.lock.
 */
static inline bool xenfs_group_waits(const struct xenfs_group *group)
{
	return !list_empty(&group->waiting) || !list_empty(&group->closed);
}

struct list_head *xenfs_group_next(struct xenfs_group *group);

u32 xenfs_group_share(const struct xenfs_group *group);
u32 xenfs_group_share_of(const struct xenfs_group *group,
			 const struct xenfs_sharer *one);

void xenfs_group_wants(struct xenfs_group *group, struct xenfs_sharer *one);
void xenfs_group_sent(struct xenfs_group *group, struct xenfs_sharer *one);
void xenfs_group_answered(struct xenfs_group *group, struct xenfs_sharer *one,
			  bool sent, bool more, bool leaves);
void xenfs_group_move(struct xenfs_group *from, struct xenfs_group *to,
		      struct xenfs_sharer *one);

#endif

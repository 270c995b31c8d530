// SPDX-License-Identifier: GPL-2.0
/*
 * What groups of opens have at the server, what each open of one has, and whose turn
 * it is among them
 *
 * Groups share by the rule of share.c, and so do the opens of each. All here is
 * called under turns.lock.
 */
#include <linux/kernel.h>

#include "group.h"

/* Requests that all may have at the server who pipeline */
#define IN_FLIGHT_MAX		16

static struct xenfs_sharers groups;	/* turns.lock */

/**
 * xenfs_group_init() - set up a group without opens
 * @group: zeroed, but for @group->apart
 *
 * Context: any.
 */
void xenfs_group_init(struct xenfs_group *group)
{
	INIT_LIST_HEAD(&group->turn);
	INIT_LIST_HEAD(&group->waiting);
	INIT_LIST_HEAD(&group->closed);
}

/**
 * xenfs_group_next() - which open of a group has its turn?
 * @group: one that has something to send
 *
 * Context: any, under turns.lock.
 * Return: the first of its list, which is to be taken from there.
 */
struct list_head *xenfs_group_next(struct xenfs_group *group)
{
	group->closed_was_last = !list_empty(&group->closed) &&
		(list_empty(&group->waiting) || !group->closed_was_last);
	return group->closed_was_last ? group->closed.next : group->waiting.next;
}

/**
 * xenfs_group_share() - how many requests may a group have at the server?
 * @group: the group
 *
 * Context: any, under turns.lock (contract I2).
 * Return: the number, at least 1.
 */
u32 xenfs_group_share(const struct xenfs_group *group)
{
	u32 share = xenfs_share(&groups, &group->share, IN_FLIGHT_MAX);

	/*
	 * As many as all others have: else these could make opens that have something to
	 * give back faster than that is given back.
	 */
	if (group->apart)
		share = max(share, groups.in_flight - group->share.in_flight);
	return share;
}

/**
 * xenfs_group_share_of() - how many may an open have there?
 * @group: its group
 * @one: its share
 *
 * Context: any, under turns.lock (contract I2).
 * Return: the number, at least 1.
 */
u32 xenfs_group_share_of(const struct xenfs_group *group,
			 const struct xenfs_sharer *one)
{
	return xenfs_share(&group->opens, one, xenfs_group_share(group));
}

/**
 * xenfs_group_wants() - an open has something to send
 * @group: its group
 * @one: its share
 *
 * Context: any, under turns.lock.
 */
void xenfs_group_wants(struct xenfs_group *group, struct xenfs_sharer *one)
{
	xenfs_share_wants(&group->opens, one);
	if (!group->apart)
		xenfs_share_wants(&groups, &group->share);
}

/**
 * xenfs_group_sent() - an open has its turn
 * @group: its group
 * @one: its share
 *
 * Context: any, under turns.lock.
 */
void xenfs_group_sent(struct xenfs_group *group, struct xenfs_sharer *one)
{
	xenfs_share_sent(&group->opens, one);
	xenfs_share_sent(&groups, &group->share);
}

static bool is_idle(const struct xenfs_group *group)
{
	return !group->share.in_flight && !xenfs_group_waits(group);
}

static void idle(struct xenfs_sharers *all, struct xenfs_sharer *one, bool leaves)
{
	if (leaves)
		xenfs_share_leaves(all, one);
	else
		xenfs_share_idle(all, one);
}

/**
 * xenfs_group_answered() - something that an open sent is at the server no more
 * @group: its group
 * @one: its share
 * @sent: it was there; or there was nothing to send
 * @more: it has something to send, when it is its turn
 * @leaves: else, nobody waits for what it is told to send the next one
 *
 * Context: any, under turns.lock.
 */
void xenfs_group_answered(struct xenfs_group *group, struct xenfs_sharer *one,
			  bool sent, bool more, bool leaves)
{
	xenfs_share_answered(&group->opens, one, sent);
	xenfs_share_answered(&groups, &group->share, sent);
	if (more)
		return;
	/* Who is answered here waits for nobody's turn. */
	leaves |= !sent;
	if (!one->in_flight)
		idle(&group->opens, one, leaves);
	if (is_idle(group))
		idle(&groups, &group->share, leaves);
}

/**
 * xenfs_group_move() - an open, which does not wait, changes its group
 * @from: where it was
 * @to: where it shall be
 * @one: its share
 *
 * Context: any, under turns.lock.
 */
void xenfs_group_move(struct xenfs_group *from, struct xenfs_group *to,
		      struct xenfs_sharer *one)
{
	xenfs_share_leaves(&from->opens, one);
	from->opens.in_flight -= one->in_flight;
	from->share.in_flight -= one->in_flight;
	to->opens.in_flight += one->in_flight;
	to->share.in_flight += one->in_flight;
	if (is_idle(from))
		xenfs_share_leaves(&groups, &from->share);
}

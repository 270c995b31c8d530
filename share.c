// SPDX-License-Identifier: GPL-2.0
/*
 * How many requests each may have at the server
 *
 * The server takes requests first come, first served: whoever comes to it waits for
 * all that is there, whosever it is. On the other hand a server that finds many
 * requests answers them for less each, as nobody has to be woken for each. So all
 * that pipeline have a fixed number there together, in equal parts; and next to none
 * while there is somebody who sends one request at a time, and waits for the answer:
 * only to him it matters how many are in front of his.
 *
 * The same rule serves clients among all, and opens among those of their client.
 *
 * Nothing here has a lock: those who share have one, turns.lock.
 */
#include <linux/kernel.h>

#include "share.h"

/* So many answers after his own he is taken to be there still. */
#define SINGLE_ANSWERS	64

/* One may have so many meanwhile, if none of the others has any. */
#define BESIDE_SINGLE	2

static bool others_are_single(const struct xenfs_sharers *all,
			      const struct xenfs_sharer *one)
{
	bool is_last = all->single[0].who == one;

	return all->single[is_last].who &&
	       all->answers - all->single[is_last].answer < SINGLE_ANSWERS;
}

/**
 * xenfs_share() - how many requests may one have at the server?
 * @all: those who share
 * @one: one of them
 * @whole: how many all may have
 *
 * Context: under the lock of those who share (contract I2).
 * Return: the number, at least 1.
 */
u32 xenfs_share(const struct xenfs_sharers *all,
		const struct xenfs_sharer *one, u32 whole)
{
	u32 others = all->in_flight - one->in_flight;
	u32 n = all->pipelining + !one->pipelines;

	/*
	 * Not in equal parts: who has little room for replies sends some, then reads
	 * those, so of many who flood few may pipeline just now.
	 */
	if (others_are_single(all, one))
		return others ? 1 : min_t(u32, whole, BESIDE_SINGLE);
	return max_t(u32, whole / n, 1);
}

/**
 * xenfs_share_wants() - one of them has something to send
 * @all: those who share
 * @one: which of them
 *
 * Context: as xenfs_share().
 */
void xenfs_share_wants(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	if (!one->in_flight || one->pipelines)
		return;
	one->pipelines = true;
	all->pipelining++;
}

/**
 * xenfs_share_sent() - one of them had a turn
 * @all: those who share
 * @one: which of them
 *
 * Context: as xenfs_share().
 */
void xenfs_share_sent(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	all->in_flight++;
	one->in_flight++;
}

/**
 * xenfs_share_answered() - something of one of them is at the server no more
 * @all: those who share
 * @one: which of them
 * @sent: it was there; or there was nothing to send, which is no answer: else who has
 *	many requests answered here would let the others be forgotten
 *
 * Context: as xenfs_share().
 */
void xenfs_share_answered(struct xenfs_sharers *all, struct xenfs_sharer *one,
			  bool sent)
{
	all->answers += sent;
	all->in_flight--;
	one->in_flight--;
}

/**
 * xenfs_share_idle() - one has nothing at the server, and nothing to send
 * @all: those who share
 * @one: which of them
 *
 * Context: as xenfs_share().
 */
void xenfs_share_idle(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	if (one->pipelines) {
		xenfs_share_leaves(all, one);
		return;
	}
	if (all->single[0].who != one)
		all->single[1] = all->single[0];
	all->single[0].who = one;
	all->single[0].answer = all->answers;
}

/**
 * xenfs_share_leaves() - one shares no more
 * @all: those who share
 * @one: which of them
 *
 * Context: as xenfs_share().
 */
void xenfs_share_leaves(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	all->pipelining -= one->pipelines;
	one->pipelines = false;
}

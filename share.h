/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of what is scarce each may have at a time; see share.c
 */
#ifndef _XENFS_SHARE_H
#define _XENFS_SHARE_H

#include <linux/types.h>

/**
 * struct xenfs_sharer - one of those who share; turns.lock
 * @in_flight: requests of its at the server
 * @pipelines: it wanted to send another one before all were answered
 */
struct xenfs_sharer {
	u32 in_flight;
	bool pipelines;
};

/**
 * struct xenfs_sharers - those who share; turns.lock
 * @pipelining: how many of them pipeline
 * @in_flight: requests of theirs at the server
 * @answers: how many requests of theirs were answered that had been sent: a clock
 * @single: who had no more than one request at a time, the last two of those: who,
 *	which is but compared, as he may be gone; and when that was
 */
struct xenfs_sharers {
	u32 pipelining;
	u32 in_flight;
	u32 answers;
	struct {
		const struct xenfs_sharer *who;
		u32 answer;
	} single[2];
};

u32 xenfs_share(const struct xenfs_sharers *all,
		const struct xenfs_sharer *one, u32 whole);
void xenfs_share_wants(struct xenfs_sharers *all, struct xenfs_sharer *one);
void xenfs_share_sent(struct xenfs_sharers *all, struct xenfs_sharer *one);
void xenfs_share_answered(struct xenfs_sharers *all, struct xenfs_sharer *one,
			  bool sent);
void xenfs_share_idle(struct xenfs_sharers *all, struct xenfs_sharer *one);
void xenfs_share_leaves(struct xenfs_sharers *all, struct xenfs_sharer *one);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who waits for news of an open; see wake.c
 */
#ifndef _XENFS_WAKE_H
#define _XENFS_WAKE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/wait.h>

struct xenfs_client;

/**
 * struct xenfs_waiters - who waits for news of an open
 * @queue: readers, and pollers for anything; has a lock of its own. It is joined
 *	before what is waited for is looked at
 * @chained: what is in it may wake others in turn; the open's lock
 * @to_tell: of what the client's worker has to tell them: EPOLLIN and so on
 * @list: in client->to_wake, which has a reference to the open; client->lock
 */
struct xenfs_waiters {
	wait_queue_head_t queue;
	bool chained;
	atomic_t to_tell;
	struct list_head list;
};

void xenfs_wake_init(void (*get)(struct xenfs_waiters *waiters),
		     void (*put)(struct xenfs_waiters *waiters));
void xenfs_waiters_init(struct xenfs_waiters *waiters);
void xenfs_wake(struct xenfs_waiters *waiters, struct xenfs_client *client,
		__poll_t events);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Waking who waits for news of an open
 *
 * To wake a queue costs its length, with interrupts off, and a process makes it
 * as long as it likes: dup() and epoll, or poll() with one descriptor many times;
 * an epoll set is one waiter here, and can be polled many times in turn. Only one
 * task, in read() or poll(), is woken by who has news, which is mostly the xenbus
 * thread. All else is woken by a worker that only opens of the same client wait for,
 * one after the other: however many a client has, others need neither wait for that,
 * nor go without processors (contract I1).
 */
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "client.h"
#include "wake.h"

/* Take and drop a reference to an open; set at init, then constant. */
static void (*waiters_get)(struct xenfs_waiters *waiters);
static void (*waiters_put)(struct xenfs_waiters *waiters);

static bool is_long(struct xenfs_waiters *waiters)
{
	struct list_head *head = &waiters->queue.head;

	/* Who joins just now looks for news after that. */
	return data_race(!list_empty(head) && !list_is_singular(head));
}

/**
 * xenfs_wake() - there is news of an open
 * @waiters: those who wait
 * @client: the open's client
 * @events: what to tell them: EPOLLIN and so on
 *
 * Context: any, under the open's lock (contract R3). There is a reference to it, the
 * caller's or that of the file.
 */
void xenfs_wake(struct xenfs_waiters *waiters, struct xenfs_client *client,
		__poll_t events)
{
	if (!waiters->chained && !is_long(waiters)) {
		wake_up_poll(&waiters->queue, events);
		return;
	}
	atomic_or((__force int)events, &waiters->to_tell);
	/* Once it is in the list the worker may be done with it at any time. */
	waiters_get(waiters);
	if (!xenfs_client_wakes(client, &waiters->list))
		waiters_put(waiters);
}

static void wake_many(struct xenfs_waiters *waiters)
{
	__poll_t events = (__force __poll_t)atomic_xchg(&waiters->to_tell, 0);

	if (events)
		wake_up_poll(&waiters->queue, events);
	waiters_put(waiters);
}

static void wake_work(struct work_struct *work)
{
	struct xenfs_client *client = container_of(work, struct xenfs_client, wake_work);
	struct list_head *next;

	while ((next = xenfs_client_next_to_wake(client))) {
		wake_many(list_entry(next, struct xenfs_waiters, list));
		cond_resched();
	}
	xenfs_client_put(client);
}

/**
 * xenfs_waiters_init() - nobody waits yet
 * @waiters: zeroed
 *
 * Context: any.
 */
void xenfs_waiters_init(struct xenfs_waiters *waiters)
{
	init_waitqueue_head(&waiters->queue);
	INIT_LIST_HEAD(&waiters->list);
}

/**
 * xenfs_wake_init() - learn how to hold an open
 * @get: takes a reference
 * @put: drops it
 *
 * Context: module init.
 */
void xenfs_wake_init(void (*get)(struct xenfs_waiters *waiters),
		     void (*put)(struct xenfs_waiters *waiters))
{
	waiters_get = get;
	waiters_put = put;
	xenfs_clients_init(wake_work);
}

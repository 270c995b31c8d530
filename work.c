// SPDX-License-Identifier: GPL-2.0
/*
 * The module's workqueues
 *
 * They are frozen while the domain suspends: to send then would hold the suspend
 * up, and register_xenbus_watch() would wait for the end of the suspend with a
 * lock that the suspend waits for. But when the host goes to sleep xenstored is
 * frozen, and what waits for it can't be. None is bound to a processor: a task of
 * real-time priority that keeps one must not stop what others wait for
 * (contract I1).
 */
#include <linux/workqueue.h>
#include <xen/xen.h>

#include "work.h"

/* For what never waits for xenstored. Set before anything else, then constant. */
struct workqueue_struct *xenfs_wq;

/*
 * To wake many: takes as long as those who wait make it. What is sent in xenfs_wq does
 * not wait behind thousands of these, nor does one client behind another's. Likewise.
 */
struct workqueue_struct *xenfs_wake_wq;

/* For what calls into the core, which may wait for xenstored. Likewise. */
struct workqueue_struct *xenfs_core_wq;

static struct workqueue_struct *make(const char *name, bool freezable)
{
	return alloc_workqueue("%s", WQ_UNBOUND | (freezable ? WQ_FREEZABLE : 0), 0,
			       name);
}

/**
 * xenfs_work_init() - make the workqueues
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int xenfs_work_init(void)
{
	xenfs_wq = make("xenfs", true);
	xenfs_wake_wq = make("xenfs_wake", true);
	xenfs_core_wq = make("xenfs_core", !xen_initial_domain());
	if (xenfs_wq && xenfs_wake_wq && xenfs_core_wq)
		return 0;
	xenfs_work_exit();
	return -ENOMEM;
}

static void unmake(struct workqueue_struct *wq)
{
	if (wq)
		destroy_workqueue(wq);
}

/**
 * xenfs_work_exit() - undo xenfs_work_init()
 *
 * Context: module exit; nobody queues anything any more. Sleeps until what was
 * queued has returned.
 */
void xenfs_work_exit(void)
{
	unmake(xenfs_core_wq);
	unmake(xenfs_wake_wq);
	unmake(xenfs_wq);
}

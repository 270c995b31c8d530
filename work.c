// SPDX-License-Identifier: GPL-2.0
/*
 * The module's workqueues
 *
 * Both are frozen while the domain suspends: to send then would hold the suspend
 * up, and register_xenbus_watch() would wait for the end of the suspend with a
 * lock that the suspend waits for. But when the host goes to sleep xenstored is
 * frozen, and what waits for it can't be. Neither is bound to a processor: a task of
 * real-time priority that keeps one must not stop what others wait for
 * (contract I1).
 */
#include <linux/workqueue.h>
#include <xen/xen.h>

#include "work.h"

/* For what never waits for xenstored. Set before anything else, then constant. */
struct workqueue_struct *xenfs_wq;

/* For what calls into the core, which may wait for xenstored. Likewise. */
struct workqueue_struct *xenfs_core_wq;

/**
 * xenfs_work_init() - make the workqueues
 *
 * Context: module init.
 * Return: 0 or -ENOMEM.
 */
int xenfs_work_init(void)
{
	unsigned int core_flags = WQ_UNBOUND;

	if (!xen_initial_domain())
		core_flags |= WQ_FREEZABLE;
	xenfs_wq = alloc_workqueue("xenfs", WQ_FREEZABLE | WQ_UNBOUND, 0);
	if (!xenfs_wq)
		return -ENOMEM;
	xenfs_core_wq = alloc_workqueue("xenfs_core", core_flags, 0);
	if (!xenfs_core_wq) {
		destroy_workqueue(xenfs_wq);
		return -ENOMEM;
	}
	return 0;
}

/**
 * xenfs_work_exit() - undo xenfs_work_init()
 *
 * Context: module exit; nobody queues anything any more. Sleeps until what was
 * queued has returned.
 */
void xenfs_work_exit(void)
{
	destroy_workqueue(xenfs_core_wq);
	destroy_workqueue(xenfs_wq);
}

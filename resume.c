// SPDX-License-Identifier: GPL-2.0
/*
 * How the module learns that the domain was resumed, maybe on another host
 *
 * At that moment its tasks and the module's workqueue are frozen, and no request
 * is at the server: the core has seen to that.
 */
#include <linux/notifier.h>
#include <xen/xen-ops.h>

#include "dompath.h"
#include "resume.h"
#include "transaction.h"
#include "watch.h"

static int resumed(struct notifier_block *nb, unsigned long action, void *data)
{
	xenfs_transactions_resumed();
	xenfs_watches_resumed();
	xenfs_dompath_resumed();
	return NOTIFY_DONE;
}

static struct notifier_block resume_notifier = {
	.notifier_call = resumed,
};

/**
 * xenfs_resume_init() - listen for a resume
 *
 * Context: module init.
 */
void xenfs_resume_init(void)
{
	xen_resume_notifier_register(&resume_notifier);
}

/**
 * xenfs_resume_exit() - undo xenfs_resume_init()
 *
 * Context: module exit; sleeps.
 */
void xenfs_resume_exit(void)
{
	xen_resume_notifier_unregister(&resume_notifier);
}

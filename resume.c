// SPDX-License-Identifier: GPL-2.0
/*
 * How the module learns that the domain was resumed, maybe on another host
 *
 * As device drivers do: a device of the module's own, without hardware, takes
 * part in a suspend of the domain. It is told how that ended. If the suspend was
 * cancelled (a checkpoint, a migration that failed) the server is the one from
 * before, has all watches and transactions still, and nothing is to be done. The
 * core's notifier for a resume is also called then, and since 6.17 no module can
 * take a notifier out of its list any more.
 *
 * At the restore tasks and the module's workqueues are frozen, and no request is
 * at the server: the core has seen to that, and will not send any before this
 * has returned.
 */
#include <linux/device.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include "dompath.h"
#include "renewal.h"
#include "resume.h"
#include "transaction.h"
#include "transaction_request.h"

static struct device *resume_device;	/* set at init, then constant */

/*
 * Tasks and workqueues are frozen, and the core works still. It would wait for
 * ever, with the domain frozen, for refusals to be made good: an error ends the
 * suspend here. When the host goes to sleep the core does not wait, and xenstored is
 * one of the frozen tasks.
 */
static int resume_prepare(struct device *dev)
{
	return xen_initial_domain() ? 0 : xenfs_refusals_settle();
}

/* The domain was restored: the server is a new one (contract T2). */
static int resume_restored(struct device *dev)
{
	xenfs_transactions_resumed();
	xenfs_renewal_resumed();
	xenfs_dompath_resumed();
	return 0;
}

/* What would be called after a suspend that was cancelled, thaw, is not there. */
static const struct dev_pm_ops resume_pm_ops = {
	.prepare = resume_prepare,
	.restore_noirq = resume_restored,
};

static void resume_release(struct device *dev)
{
	kfree(dev);
}

static const struct device_type resume_type = {
	.name = "xenfs",
	.release = resume_release,
	.pm = &resume_pm_ops,
};

/**
 * xenfs_resume_init() - take part in suspends
 *
 * Context: module init; sleeps.
 * Return: 0 or a negative errno.
 */
int xenfs_resume_init(void)
{
	struct device *dev;
	int err;

	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	device_initialize(dev);
	dev->type = &resume_type;
	err = dev_set_name(dev, "xenfs");
	if (!err)
		err = device_add(dev);
	if (err) {
		put_device(dev);
		return err;
	}
	resume_device = dev;
	return 0;
}

/**
 * xenfs_resume_exit() - undo xenfs_resume_init()
 *
 * Context: module exit; sleeps.
 */
void xenfs_resume_exit(void)
{
	device_unregister(resume_device);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A restore of the domain, played, for tests: as this is loaded, xenfs's own device
 * is told what the kernel's power management tells it then. The server is the one
 * from before, or whom the test has in its place; nothing is frozen.
 */
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

static int play(struct device *dev)
{
	const struct dev_pm_ops *pm = dev->type ? dev->type->pm : NULL;

	if (!pm || !pm->prepare || !pm->restore_noirq)
		return -ENODEV;
	return pm->prepare(dev) ?: pm->restore_noirq(dev);
}

static int __init resumed_init(void)
{
	struct kobject *found;
	int err;

	/* It has no bus, and no parent: it is among those where all buses begin. */
	found = kset_find_obj(platform_bus.kobj.kset, "xenfs");
	if (!found)
		return -ENODEV;
	err = play(kobj_to_dev(found));
	kobject_put(found);
	return err;
}

static void __exit resumed_exit(void)
{
}

module_init(resumed_init);
module_exit(resumed_exit);
MODULE_DESCRIPTION("A restore of the domain, played, for tests");
MODULE_LICENSE("GPL");

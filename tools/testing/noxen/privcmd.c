// SPDX-License-Identifier: GPL-2.0
/*
 * Stands for xen-privcmd.ko, which can't be loaded without Xen, so that nor can
 * xenfs, which needs a symbol of it: as on a kernel that has it built in.
 */
#include <linux/fs.h>
#include <linux/module.h>

extern const struct file_operations xen_privcmd_fops;

const struct file_operations xen_privcmd_fops = {
	.owner = THIS_MODULE,
};
EXPORT_SYMBOL_GPL(xen_privcmd_fops);

MODULE_DESCRIPTION("What stands for xen-privcmd where there is no Xen, for tests");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * The store's page as a device, /dev/xsd_kva, for tests: a server that maps it
 * here, and not by way of xenfs, lets xenfs be unloaded while it runs.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <xen/page.h>
#include <xen/xenbus.h>

static int xsd_mmap(struct file *file, struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;

	if (size > PAGE_SIZE || vma->vm_pgoff)
		return -EINVAL;
	if (remap_pfn_range(vma, vma->vm_start,
			    virt_to_pfn(xen_store_interface), size,
			    vma->vm_page_prot))
		return -EAGAIN;
	return 0;
}

static const struct file_operations xsd_fops = {
	.owner = THIS_MODULE,
	.mmap = xsd_mmap,
};

static struct miscdevice xsd_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "xsd_kva",
	.fops = &xsd_fops,
	.mode = 0600,
};

module_misc_device(xsd_device);
MODULE_DESCRIPTION("The store's page as a device, for tests");
MODULE_LICENSE("GPL");

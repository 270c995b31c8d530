// SPDX-License-Identifier: GPL-2.0
/*
 * xsd_kva and xsd_port: what xenstored needs to serve the kernel it runs under
 *
 * Only the initial domain has these files. xsd_kva tells the address of the
 * store page, by tradition, and maps the page; xsd_port tells the event
 * channel. xenstored on Linux opens both when it starts.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <xen/page.h>
#include <xen/xenbus.h>

#include "xenfs.h"

/* Room for "0x" with a pointer, or for a number */
#define TEXT_SIZE	24

static ssize_t xsd_kva_read(struct file *file, char __user *buf, size_t size,
			    loff_t *off)
{
	char text[TEXT_SIZE];
	int len;

	/* Readers map the page, they don't use its address: hashed will do. */
	len = scnprintf(text, sizeof(text), "0x%p", xen_store_interface);
	return simple_read_from_buffer(buf, size, off, text, len);
}

static int xsd_kva_mmap(struct file *file, struct vm_area_struct *vma)
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

const struct file_operations xenfs_xsd_kva_fops = {
	.owner = THIS_MODULE,
	.read = xsd_kva_read,
	.mmap = xsd_kva_mmap,
	.llseek = default_llseek,
};

static ssize_t xsd_port_read(struct file *file, char __user *buf, size_t size,
			     loff_t *off)
{
	char text[TEXT_SIZE];
	int len;

	len = scnprintf(text, sizeof(text), "%d", xen_store_evtchn);
	return simple_read_from_buffer(buf, size, off, text, len);
}

const struct file_operations xenfs_xsd_port_fops = {
	.owner = THIS_MODULE,
	.read = xsd_port_read,
	.llseek = default_llseek,
};

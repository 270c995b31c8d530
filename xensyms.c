// SPDX-License-Identifier: GPL-2.0
/*
 * xensyms: the hypervisor's symbols, as /proc/kallsyms has the kernel's
 *
 * The hypervisor hands out one symbol a call and says which number the next one
 * has; the numbers are the positions in the file. A call that leaves the number
 * as it was has found the end.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <xen/interface/platform.h>
#include <xen/xen-ops.h>
#include <asm/xen/hypercall.h>

#include "xenfs.h"

/* Room for a name at first: the hypervisor's limit, with the nul */
#define NAME_SIZE	128

/* No name is longer than that: a bound on what the hypervisor may ask for */
#define NAME_SIZE_MAX	PAGE_SIZE

/**
 * struct xensyms - a reader's place
 * @op: the last call, with its result
 * @name: the symbol's name
 * @size: bytes at @name
 *
 * All guarded by the seq_file's lock.
 */
struct xensyms {
	struct xen_platform_op op;
	char *name;
	u32 size;
};

/* Asks for symbol @pos. Returns 0, 1 at the end, or a negative errno. */
static int ask(struct xensyms *xs, u64 pos)
{
	struct xenpf_symdata *sym = &xs->op.u.symdata;
	int err;

	memset(&xs->op, 0, sizeof(xs->op));
	memset(xs->name, 0, xs->size);
	xs->op.cmd = XENPF_get_symbol;
	sym->symnum = pos;
	sym->namelen = xs->size;
	set_xen_guest_handle(sym->name, xs->name);
	err = HYPERVISOR_platform_op(&xs->op);
	if (err < 0)
		return err;
	return sym->symnum == pos;
}

static int grow(struct xensyms *xs, u32 size)
{
	char *name;

	if (size > NAME_SIZE_MAX)
		return -E2BIG;
	name = kmalloc(size, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	kfree(xs->name);
	xs->name = name;
	xs->size = size;
	return 0;
}

static void *get_symbol(struct xensyms *xs, loff_t pos)
{
	u32 size;
	int ret;

	ret = ask(xs, pos);
	size = xs->op.u.symdata.namelen;
	if (!ret && size > xs->size) {
		ret = grow(xs, size);
		if (!ret)
			ret = ask(xs, pos);
	}
	if (ret < 0)
		return ERR_PTR(ret);
	return ret ? NULL : xs;
}

static void *xensyms_start(struct seq_file *m, loff_t *pos)
{
	return get_symbol(m->private, *pos);
}

static void *xensyms_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct xensyms *xs = m->private;

	*pos = xs->op.u.symdata.symnum;
	return get_symbol(xs, *pos);
}

static int xensyms_show(struct seq_file *m, void *v)
{
	struct xensyms *xs = m->private;
	struct xenpf_symdata *sym = &xs->op.u.symdata;

	seq_printf(m, "%016llx %c %s\n", sym->address, sym->type, xs->name);
	return 0;
}

static void xensyms_stop(struct seq_file *m, void *v)
{
}

static const struct seq_operations xensyms_seq_operations = {
	.start = xensyms_start,
	.next = xensyms_next,
	.show = xensyms_show,
	.stop = xensyms_stop,
};

static int xensyms_open(struct inode *inode, struct file *file)
{
	struct xensyms *xs;

	xs = __seq_open_private(file, &xensyms_seq_operations, sizeof(*xs));
	if (!xs)
		return -ENOMEM;
	if (grow(xs, NAME_SIZE)) {
		seq_release_private(inode, file);
		return -ENOMEM;
	}
	return 0;
}

static int xensyms_release(struct inode *inode, struct file *file)
{
	struct xensyms *xs = ((struct seq_file *)file->private_data)->private;

	kfree(xs->name);
	return seq_release_private(inode, file);
}

const struct file_operations xenfs_xensyms_fops = {
	.owner = THIS_MODULE,
	.open = xensyms_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = xensyms_release,
};

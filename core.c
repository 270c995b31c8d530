// SPDX-License-Identifier: GPL-2.0
/*
 * The core's private types: what a file of its has, and whether this is the kernel
 * whose types core.h has
 *
 * They were compared when the module was built. The module loader does not ask
 * what they were compared with: where symbols have versions a module may be loaded
 * on another release, and anywhere on a kernel that was built anew under the same
 * name.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "core.h"

/**
 * xenfs_core_check() - compare the kernel that runs with the one of the types
 *
 * Context: module init.
 * Return: 0, or -ENOEXEC: it is another one; the log says so.
 */
int xenfs_core_check(void)
{
#ifndef XENFS_IN_TREE
	const struct new_utsname *this = init_utsname();
	const char *release = CORE_RELEASE, *version = CORE_VERSION;

	/*
	 * What is compared is what is said, and what a test changes in the
	 * module: no copy of it in instructions, as gcc makes for arm64.
	 */
	OPTIMIZER_HIDE_VAR(release);
	OPTIMIZER_HIDE_VAR(version);
	if (strcmp(this->release, release) || strcmp(this->version, version)) {
		pr_err("built for the private types of %s %s, but this is %s %s: build it for this one\n",
		       release, version, this->release, this->version);
		return -ENOEXEC;
	}
#endif
	return 0;
}

/**
 * xenfs_core_add_holder() - prepare a file for the reply to a request
 * @file: it has no transaction
 * @msg: the request
 *
 * The core takes a reply to TRANSACTION_START or _END for one of a transaction
 * that it finds in the file: with id 0 for a START, which gets the new id, and
 * with the request's id for an END, which it frees.
 *
 * Context: process context; may sleep.
 * Return: 0 or -ENOMEM.
 */
int xenfs_core_add_holder(struct core_file *file,
			  const struct xsd_sockmsg *msg)
{
	struct core_holder *holder;

	if (msg->type != XS_TRANSACTION_START &&
	    msg->type != XS_TRANSACTION_END)
		return 0;
	holder = kzalloc(sizeof(*holder), GFP_KERNEL);
	if (!holder)
		return -ENOMEM;
	holder->handle.id = msg->tx_id;
	list_add(&holder->list, &file->transactions);
	return 0;
}

/**
 * xenfs_core_remove_holder() - take back what xenfs_core_add_holder() added
 * @file: of which the core has no use any more
 *
 * Context: any.
 * Return: the id of the transaction that was started, or 0.
 */
u32 xenfs_core_remove_holder(struct core_file *file)
{
	struct core_holder *holder;
	u32 id;

	holder = list_first_entry_or_null(&file->transactions,
					  struct core_holder, list);
	if (!holder)
		return 0;
	list_del(&holder->list);
	id = holder->handle.id;
	kfree(holder);
	return id;
}

/**
 * xenfs_core_take_buffer() - the next piece of a reply
 * @file: to which the core has queued one; nobody else looks at it
 *
 * Context: any.
 * Return: a piece that the caller has to kfree(), or NULL.
 */
struct core_buffer *xenfs_core_take_buffer(struct core_file *file)
{
	struct core_buffer *buffer;

	buffer = list_first_entry_or_null(&file->read_buffers,
					  struct core_buffer, list);
	if (buffer)
		list_del(&buffer->list);
	return buffer;
}

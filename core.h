/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What transport.c knows of the xenbus core's private types
 *
 * The core exports a function that sends a request and later hands the reply
 * to a struct xenbus_file_priv, which is private to its own device file. These
 * are its types as far as that hand-over touches them, under names of our own.
 * The build compares them with the target kernel's type information, which
 * tools/build/layout turns into the macros of layout.h; a kernel that differs
 * in any offset is refused below, because to run on it would corrupt memory.
 */
#ifndef _XENFS_CORE_H
#define _XENFS_CORE_H

#include <linux/build_bug.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/stddef.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>
#include <xen/interface/io/xs_wire.h>

/* struct xenbus_transaction_holder: a transaction that a reply is about */
struct core_holder {
	struct list_head list;		/* core_file->transactions */
	struct xenbus_transaction handle;
	unsigned int generation_id;
};

/* struct read_buffer: a piece of a reply, a kmalloc() each */
struct core_buffer {
	struct list_head list;		/* core_file->read_buffers */
	unsigned int cons;
	unsigned int len;
	char msg[];
};

/* struct xenbus_file_priv: where the core delivers a reply */
struct core_file {
	struct mutex msgbuffer_mutex;	/* take_broken_start(), too */
	struct list_head transactions;	/* msgbuffer_mutex */
	struct list_head watches;
	unsigned int len;
	union {
		struct xsd_sockmsg msg;
		char buffer[XENSTORE_PAYLOAD_MAX];
	} u;
	struct mutex reply_mutex;	/* lost.c, too */
	struct list_head read_buffers;	/* reply_mutex */
	wait_queue_head_t read_waitq;
	struct kref kref;
	struct work_struct wq;
};

int xenbus_dev_request_and_reply(struct xsd_sockmsg *msg, void *par);

int xenfs_core_check(void);
int xenfs_core_add_holder(struct core_file *file,
			  const struct xsd_sockmsg *msg);
u32 xenfs_core_remove_holder(struct core_file *file);
struct core_buffer *xenfs_core_take_buffer(struct core_file *file);

/*
 * Out of a kernel tree the layout comes from type information; in one,
 * layout_check.c takes it from the core's source and includes this again.
 */
#ifndef XENFS_IN_TREE
#include "layout.h"
#endif

#if !defined(XENFS_IN_TREE) || defined(XENFS_LAYOUT_CHECK)
#define CORE_SAME(ours, theirs, member)					\
	(offsetof(struct ours, member) ==				\
	 CORE_OFFSETOF_##theirs##_##member)

static_assert(sizeof(struct core_file) == CORE_SIZEOF_xenbus_file_priv &&
	      CORE_SAME(core_file, xenbus_file_priv, msgbuffer_mutex) &&
	      CORE_SAME(core_file, xenbus_file_priv, transactions) &&
	      CORE_SAME(core_file, xenbus_file_priv, watches) &&
	      CORE_SAME(core_file, xenbus_file_priv, len) &&
	      CORE_SAME(core_file, xenbus_file_priv, u) &&
	      CORE_SAME(core_file, xenbus_file_priv, reply_mutex) &&
	      CORE_SAME(core_file, xenbus_file_priv, read_buffers) &&
	      CORE_SAME(core_file, xenbus_file_priv, read_waitq) &&
	      CORE_SAME(core_file, xenbus_file_priv, kref) &&
	      CORE_SAME(core_file, xenbus_file_priv, wq) &&
	      sizeof(struct core_holder) ==
	      CORE_SIZEOF_xenbus_transaction_holder &&
	      CORE_SAME(core_holder, xenbus_transaction_holder, list) &&
	      CORE_SAME(core_holder, xenbus_transaction_holder, handle) &&
	      CORE_SAME(core_holder, xenbus_transaction_holder,
			generation_id) &&
	      sizeof(struct core_buffer) == CORE_SIZEOF_read_buffer &&
	      CORE_SAME(core_buffer, read_buffer, list) &&
	      CORE_SAME(core_buffer, read_buffer, cons) &&
	      CORE_SAME(core_buffer, read_buffer, len) &&
	      CORE_SAME(core_buffer, read_buffer, msg),
	      "xenfs does not know the xenbus of this kernel: its private types differ from those in core.h. Use a kernel that README.md names, or report this one with build/*/layout.h");
#endif

#endif

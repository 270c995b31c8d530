// SPDX-License-Identifier: GPL-2.0
/*
 * Compares core.h with the xenbus core's source, when built in a kernel tree
 *
 * Out of a tree, layout.h has the same numbers from the kernel's type
 * information. The object that this makes is linked into nothing.
 */
#define XENFS_LAYOUT_CHECK

#include "../xenbus/xenbus_dev_frontend.c"

#define CORE_SIZEOF_xenbus_file_priv	sizeof(struct xenbus_file_priv)
#define CORE_OFFSETOF_xenbus_file_priv_msgbuffer_mutex \
	offsetof(struct xenbus_file_priv, msgbuffer_mutex)
#define CORE_OFFSETOF_xenbus_file_priv_transactions \
	offsetof(struct xenbus_file_priv, transactions)
#define CORE_OFFSETOF_xenbus_file_priv_watches \
	offsetof(struct xenbus_file_priv, watches)
#define CORE_OFFSETOF_xenbus_file_priv_len \
	offsetof(struct xenbus_file_priv, len)
#define CORE_OFFSETOF_xenbus_file_priv_u \
	offsetof(struct xenbus_file_priv, u)
#define CORE_OFFSETOF_xenbus_file_priv_reply_mutex \
	offsetof(struct xenbus_file_priv, reply_mutex)
#define CORE_OFFSETOF_xenbus_file_priv_read_buffers \
	offsetof(struct xenbus_file_priv, read_buffers)
#define CORE_OFFSETOF_xenbus_file_priv_read_waitq \
	offsetof(struct xenbus_file_priv, read_waitq)
#define CORE_OFFSETOF_xenbus_file_priv_kref \
	offsetof(struct xenbus_file_priv, kref)
#define CORE_OFFSETOF_xenbus_file_priv_wq \
	offsetof(struct xenbus_file_priv, wq)

#define CORE_SIZEOF_xenbus_transaction_holder \
	sizeof(struct xenbus_transaction_holder)
#define CORE_OFFSETOF_xenbus_transaction_holder_list \
	offsetof(struct xenbus_transaction_holder, list)
#define CORE_OFFSETOF_xenbus_transaction_holder_handle \
	offsetof(struct xenbus_transaction_holder, handle)
#define CORE_OFFSETOF_xenbus_transaction_holder_generation_id \
	offsetof(struct xenbus_transaction_holder, generation_id)

#define CORE_SIZEOF_read_buffer		sizeof(struct read_buffer)
#define CORE_OFFSETOF_read_buffer_list	offsetof(struct read_buffer, list)
#define CORE_OFFSETOF_read_buffer_cons	offsetof(struct read_buffer, cons)
#define CORE_OFFSETOF_read_buffer_len	offsetof(struct read_buffer, len)
#define CORE_OFFSETOF_read_buffer_msg	offsetof(struct read_buffer, msg)

#include "core.h"

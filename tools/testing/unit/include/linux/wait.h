/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: a place for a queue; nothing that is tested waits. */
#ifndef XENFS_UNIT_LINUX_WAIT_H
#define XENFS_UNIT_LINUX_WAIT_H

#define wait_queue_head_t	struct wait_queue_head

struct wait_queue_head {
};

#endif /* XENFS_UNIT_LINUX_WAIT_H */

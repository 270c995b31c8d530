/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: how many references there are. */
#ifndef XENFS_UNIT_LINUX_KREF_H
#define XENFS_UNIT_LINUX_KREF_H

struct kref {
	unsigned int refs;
};

static inline void kref_get(struct kref *kref)
{
	kref->refs++;
}

#endif /* XENFS_UNIT_LINUX_KREF_H */

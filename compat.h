/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernels that this module builds for do differently
 */
#ifndef _XENFS_COMPAT_H
#define _XENFS_COMPAT_H

#include <linux/fs.h>
#include <linux/version.h>

/*
 * io_uring's multishot read came with 6.7. Until 6.12.16 and 6.14 it completes a
 * read a second time that the file has completed itself, and the file can't tell
 * it from others. There, asynchronous reads are refused. (Not with EOPNOTSUPP,
 * which io_uring takes for EAGAIN.)
 */
#define XENFS_URING_COMPLETES_TWICE					\
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0) &&		\
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0) &&		\
	 (LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 16) ||		\
	  LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)))

/*
 * A write that may not sleep: io_uring takes the file for a regular one, and wants to
 * know of these that they can; since 6.10 from their operations, before from each open.
 */
#ifdef FOP_BUFFER_WASYNC
#define XENFS_FMODE_NOWAIT	FMODE_NOWAIT
#define XENFS_FOPS_NOWAIT	.fop_flags = FOP_BUFFER_WASYNC,
#else
#define XENFS_FMODE_NOWAIT	(FMODE_NOWAIT | FMODE_BUF_WASYNC)
#define XENFS_FOPS_NOWAIT
#endif

/*
 * The dentries that simple_fill_super() makes are gone with the superblock:
 * since 6.19 kill_anon_super() sees to it, before only kill_litter_super() did,
 * which is gone since (Kbuild looks for it).
 */
#ifdef XENFS_HAS_KILL_LITTER_SUPER
#define xenfs_kill_super	kill_litter_super
#else
#define xenfs_kill_super	kill_anon_super
#endif

/* Since 6.10 a tracepoint's string is known from its declaration (Kbuild looks). */
#ifdef XENFS_ASSIGN_STR_HAS_SOURCE
#define xenfs_assign_str(dst, src)	__assign_str(dst, src)
#else
#define xenfs_assign_str(dst, src)	__assign_str(dst)
#endif

#endif

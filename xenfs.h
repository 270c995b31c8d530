/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of the filesystem, each of which is a room of its own; super.c has
 * the table of them
 */
#ifndef _XENFS_H
#define _XENFS_H

#include <linux/fs.h>

/* xenbus.c: many clients on the domain's one connection to xenstore */
extern const struct file_operations xenfs_xenbus_fops;
extern const struct file_operations xenfs_xenbus_ro_fops;
void xenfs_xenbus_init(void);

/* xenstored.c: what xenstored needs, in the initial domain */
extern const struct file_operations xenfs_xsd_kva_fops;
extern const struct file_operations xenfs_xsd_port_fops;

/* xensyms.c: the hypervisor's symbols, in the initial domain */
extern const struct file_operations xenfs_xensyms_fops;

#endif

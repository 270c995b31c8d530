/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches are set again at a new server; see renewal.c
 */
#ifndef _XENFS_RENEWAL_H
#define _XENFS_RENEWAL_H

void xenfs_renewal_resumed(void);
void xenfs_renewal_exit(void);

#endif

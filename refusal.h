/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a START that the server refuses does to the core; see refusal.c
 */
#ifndef _XENFS_REFUSAL_H
#define _XENFS_REFUSAL_H

void xenfs_refused(void);
int xenfs_refusals_settle(void);
void xenfs_refusals_exit(void);

#endif

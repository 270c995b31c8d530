/* SPDX-License-Identifier: GPL-2.0 */
/*
 * START and END of clients, and what a refused START does to the core; see
 * transaction_request.c
 */
#ifndef _XENFS_TRANSACTION_REQUEST_H
#define _XENFS_TRANSACTION_REQUEST_H

#include "request.h"

extern const struct xenfs_kind xenfs_start_kind;
extern const struct xenfs_kind xenfs_end_kind;

int xenfs_transaction_check(struct xenfs_request *req);
int xenfs_refusals_settle(void);
void xenfs_refusals_exit(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transactions of opens; see transaction.c
 */
#ifndef _XENFS_TRANSACTION_H
#define _XENFS_TRANSACTION_H

#include "request.h"

extern const struct xenfs_kind xenfs_start_kind;
extern const struct xenfs_kind xenfs_end_kind;

/**
 * typedef xenfs_refused_fn - told that the server has refused a START
 *
 * Context: any, under connection->lock of one that holds the module.
 */
typedef void (*xenfs_refused_fn)(void);

void xenfs_transactions_init(xenfs_refused_fn refused);
int xenfs_transaction_check(struct xenfs_request *req);
int xenfs_transaction_take(struct xenfs_connection *c);
void xenfs_transactions_abort(struct xenfs_connection *c);
void xenfs_transactions_resumed(void);

#endif

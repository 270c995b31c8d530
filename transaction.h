/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transactions of opens, and who waits for one; see transaction.c
 */
#ifndef _XENFS_TRANSACTION_H
#define _XENFS_TRANSACTION_H

#include "request.h"

/* What the kernel's drivers are to have of those that a server turns out to allow */
#define XENFS_KERNEL_PART	2U

/**
 * enum xenfs_place - has a START a place among the server's transactions?
 * @PLACE_NONE: it has not asked; or it was dispatched, and is counted
 * @PLACE_AWAITED: it is in the line
 * @PLACE_GIVEN: it is counted, and was not dispatched yet
 * @PLACE_REFUSED: it has waited too long, or its open takes no more requests
 */
enum xenfs_place {
	PLACE_NONE,
	PLACE_AWAITED,
	PLACE_GIVEN,
	PLACE_REFUSED,
};

/**
 * struct xenfs_transaction - a transaction of one open
 * @list: on connection->transactions while it can be used; connection->lock
 * @id: the server's name for it
 * @resumes: how often the domain was resumed before it was started
 * @connection: whose it is
 * @line: on line.waiting; then its START is queued; line.lock
 * @place: what its START has; line.lock
 * @ticket: the order of the STARTs, from the first dispatch on; line.lock
 * @deadline: how long it may wait; line.lock
 * @abort: the END that nobody wrote, for one that is left behind
 * @wire: what @abort sends, with the payload
 */
struct xenfs_transaction {
	struct list_head list;
	u32 id;
	u32 resumes;
	struct xenfs_connection *connection;
	struct list_head line;
	enum xenfs_place place;
	u64 ticket;
	unsigned long deadline;
	struct xenfs_request abort;
	struct {
		struct xsd_sockmsg hdr;
		char body[2];
	} wire;
};

void xenfs_transactions_init(void);
void xenfs_transactions_exit(void);
void xenfs_transactions_closed(struct xenfs_connection *c);
void xenfs_transactions_resumed(void);
int xenfs_transaction_behind(struct xenfs_connection *c);

struct xenfs_transaction *xenfs_transaction_alloc(struct xenfs_connection *c);
void xenfs_transaction_forget(struct xenfs_transaction *t);
int xenfs_transaction_place(struct xenfs_transaction *t, bool *may_return);
void xenfs_transaction_back(struct xenfs_transaction *t);
void xenfs_transaction_count(struct xenfs_transaction *t);
void xenfs_transaction_uncount(struct xenfs_transaction *t);
void xenfs_transaction_add(struct xenfs_transaction *t, u32 id);
bool xenfs_transaction_is_stale(const struct xenfs_transaction *t);

unsigned int xenfs_transactions_wanted(void);
void xenfs_transactions_found(void);

#endif

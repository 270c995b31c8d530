/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What opens may hold; see limits.c
 */
#ifndef _XENFS_LIMITS_H
#define _XENFS_LIMITS_H

/**
 * struct xenfs_limits - what opens may hold (contract W4, E4, I3, T1)
 * @slots: requests of all opens that may be at the server at once
 * @request_bytes: memory of an open's requests without a reply. They may pass
 *	it by one, whose length is not known before it is begun
 * @reply_bytes: memory of an open's replies, unread or expected
 * @event_bytes: memory of an open's unread events
 * @watch_bytes: memory of an open's watches
 * @all_watches: watches of all opens
 * @client_bytes: memory of the replies and unread events of all of a client's
 *	opens; past it, each may have one reply
 * @closed_bytes: memory of requests without a reply, of a client's opens that
 *	are closed: who closes one with more drops what it has not sent
 * @transactions: transactions of an open
 * @all_transactions: transactions of all opens
 * @transaction_wait: for how many seconds a START may wait for one of those
 */
struct xenfs_limits {
	unsigned int slots;
	unsigned int request_bytes;
	unsigned int reply_bytes;
	unsigned int event_bytes;
	unsigned int watch_bytes;
	unsigned int all_watches;
	unsigned int client_bytes;
	unsigned int closed_bytes;
	unsigned int transactions;
	unsigned int all_transactions;
	unsigned int transaction_wait;
};

/* What a reply of the largest size takes, with its request */
#define XENFS_REPLY_MAX		(8192 + 256)

extern struct xenfs_limits xenfs_limits;

int xenfs_limits_init(void);

#endif

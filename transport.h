/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way to the ring; see transport.c
 */
#ifndef _XENFS_TRANSPORT_H
#define _XENFS_TRANSPORT_H

#include <linux/string.h>
#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>

struct xenfs_request;
struct xenfs_slot;

/**
 * struct xenfs_answer - what came of a request that was sent
 * @error: 0; or -ENOMEM: the server's reply was lost for want of memory
 * @instead: there is a reply of the server's, but the client gets @error, or with
 *	0 an OK; set by those above
 * @hdr: the reply's header
 * @body: the reply's payload, @hdr.len bytes
 * @buffer: what to kfree() when the payload was read, or NULL
 * @tx_id: the transaction that was started, even if the reply was lost, or 0
 */
struct xenfs_answer {
	int error;
	bool instead;
	struct xsd_sockmsg hdr;
	const char *body;
	void *buffer;
	u32 tx_id;
};

/**
 * xenfs_answer_says() - did the server answer with this error?
 * @answer: the answer
 * @error: the error's name
 *
 * Context: any.
 */
static inline bool xenfs_answer_says(const struct xenfs_answer *answer,
				     const char *error)
{
	return answer->hdr.type == XS_ERROR &&
	       answer->hdr.len == strlen(error) + 1 &&
	       !memcmp(answer->body, error, answer->hdr.len);
}

/**
 * xenfs_answer_instead() - the client is told this, whatever the server said
 * @answer: the answer, which was not lost
 * @error: 0, or the negative errno
 *
 * Context: any.
 */
static inline void xenfs_answer_instead(struct xenfs_answer *answer, int error)
{
	answer->instead = true;
	answer->error = error;
}

/**
 * typedef xenfs_answered_fn - told of the answer to a request that was sent
 * @req: as given to xenfs_transport_send()
 * @answer: the answer; its buffer belongs to the request from now on
 *
 * Context: the xenbus thread, under a spinlock of the core's and with interrupts
 * off, or the module's workqueue. The request's slot is free already.
 */
typedef void (*xenfs_answered_fn)(struct xenfs_request *req,
				  const struct xenfs_answer *answer);

int xenfs_transport_init(xenfs_answered_fn fn);
void xenfs_transport_exit(void);
bool xenfs_transport_idle(void);
struct xenfs_slot *xenfs_transport_claim(void);
void xenfs_transport_unclaim(struct xenfs_slot *slot);
int xenfs_transport_send(struct xenfs_slot *slot, struct xsd_sockmsg *msg,
			 struct xenfs_request *req);

#endif

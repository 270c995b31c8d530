// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that clients write, until their replies were read: what they are made of
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "request.h"
#include "turns.h"

/*
 * Payloads of up to so many bytes follow the request in the same allocation. A
 * longer one has its own: it can go as soon as the server has answered.
 */
#define SHORT_PAYLOAD	160

/* The client has read it: there is room for another reply. */
static void reply_taken(struct xenfs_connection *c,
			struct xenfs_message *reply)
{
	lockdep_assert_held(&c->lock);
	c->unread_bytes -= reply->charge;
	xenfs_requests_recharge(c, reply->charge, 0);
	if (xenfs_connection_has_no_reply(c))
		xenfs_turns_unpark_one(c);
	xenfs_requests_kick(c);
}

static void reply_release(struct xenfs_message *reply)
{
	xenfs_request_free(xenfs_request_of(reply));
}

static const struct xenfs_message_ops reply_ops = {
	.taken = reply_taken,
	.release = reply_release,
};

/**
 * xenfs_request_alloc() - make a request for a header that a client wrote
 * @c: the connection
 * @kind: what is special about it
 * @hdr: the header; its length was checked
 *
 * The payload goes to xenfs_request_payload(). Charged to the caller's memory
 * cgroup (contract I3).
 *
 * Context: process context; may sleep.
 * Return: the request, or NULL: no memory.
 */
struct xenfs_request *xenfs_request_alloc(struct xenfs_connection *c,
					  const struct xenfs_kind *kind,
					  const struct xsd_sockmsg *hdr)
{
	bool is_short = hdr->len <= SHORT_PAYLOAD;
	struct xenfs_request *req;

	/* With 32 bytes of payload 128 of memory, with 96 of it 192 (contract W4) */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_64BIT) && sizeof(*req) > 96);
	req = kmalloc(sizeof(*req) + (is_short ? hdr->len : 0),
		      GFP_KERNEL_ACCOUNT);
	if (!req)
		return NULL;
	memset(req, 0, sizeof(*req));
	req->reply.charge = ksize(req);
	if (is_short) {
		req->msg = &req->reply.hdr;
	} else {
		req->msg = kmalloc(sizeof(*hdr) + hdr->len, GFP_KERNEL_ACCOUNT);
		if (!req->msg) {
			kfree(req);
			return NULL;
		}
		req->reply.charge += ksize(req->msg);
	}
	*req->msg = *hdr;
	req->connection = c;
	req->kind = kind;
	req->reply.ops = &reply_ops;
	return req;
}

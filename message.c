// SPDX-License-Identifier: GPL-2.0
/*
 * The xenstore wire protocol, without any kernel state: cutting a byte
 * stream into messages, the replies that this module gives by itself, the
 * tokens of watches, and which events a watch's depth lets through.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>

#include "message.h"

/**
 * xenfs_framer_wants() - bytes missing from the current part of a message
 * @f: the stream
 *
 * The parts are the header and the payload; a caller that never offers more
 * than this never has to give bytes back.
 *
 * Context: Any.
 * Contract: W1.
 * Return: the number of bytes; 0 only when the message is complete.
 */
u32 xenfs_framer_wants(const struct xenfs_framer *f)
{
	if (xenfs_framer_in_header(f))
		return sizeof(f->hdr) - f->taken;
	return f->hdr.len - xenfs_framer_body_offset(f);
}

/**
 * xenfs_framer_took() - account for bytes that were put into a message
 * @f: the stream
 * @n: the number of bytes, at most xenfs_framer_wants()
 *
 * Context: Any.
 * Contract: W1, W2.
 * Return: an enum xenfs_framer_state, or -E2BIG if this completed a header
 * whose payload is longer than the protocol allows; the @n bytes then count
 * as not taken.
 */
int xenfs_framer_took(struct xenfs_framer *f, u32 n)
{
	bool in_header = xenfs_framer_in_header(f);

	f->taken += n;
	if (xenfs_framer_in_header(f))
		return XENFS_FRAMER_MORE;
	if (in_header && f->hdr.len > XENSTORE_PAYLOAD_MAX) {
		f->taken -= n;
		return -E2BIG;
	}
	if (!xenfs_framer_wants(f))
		return XENFS_FRAMER_MESSAGE;
	return in_header ? XENFS_FRAMER_HEADER : XENFS_FRAMER_MORE;
}

/**
 * xenfs_event_within() - is an event near enough to its watch's path?
 * @watch_path: the watch's path, as the client gave it
 * @event_path: the event's path, as the server gave it
 * @depth: the watch's depth
 *
 * An event on the watch's path itself is at level 0, and so is one on a path
 * above it, which tells that a parent was removed.  Special paths obey the
 * same arithmetic: "@releaseDomain/5" is one level below "@releaseDomain".
 * An event that is not related to the watch's path counts as near: to report
 * too much is allowed, to lose something is not.
 *
 * Context: Any.
 * Contract: E3.
 * Return: true if the event is at most @depth levels below the watch's path.
 */
bool xenfs_event_within(const char *watch_path, const char *event_path,
			u32 depth)
{
	size_t len = strcmp(watch_path, "/") ? strlen(watch_path) : 0;
	const char *below;
	u32 levels = 0;

	if (depth == XENFS_DEPTH_ANY || !strcmp(watch_path, event_path))
		return true;
	if (strncmp(watch_path, event_path, len) || event_path[len] != '/')
		return true;

	for (below = event_path + len; *below; below++)
		levels += *below == '/';
	return levels <= depth;
}

/**
 * xenfs_error_name() - an errno's name on the wire
 * @err: the errno, positive or negative
 *
 * Context: Any.
 * Return: the name; "EINVAL" for what the protocol has no name for, as the
 * server does it.
 */
const char *xenfs_error_name(int err)
{
	size_t i;

	if (err > 0)
		err = -err;
	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++) {
		if (-xsd_errors[i].errnum == err)
			return xsd_errors[i].errstring;
	}
	return "EINVAL";
}

static const char *xenfs_reply(struct xsd_sockmsg *reply,
			       const struct xsd_sockmsg *request, u32 type,
			       const char *body)
{
	*reply = (struct xsd_sockmsg) {
		.type = type,
		.req_id = request->req_id,
		.tx_id = request->tx_id,
		.len = strlen(body) + 1,
	};
	return body;
}

/**
 * xenfs_reply_error() - build an XS_ERROR
 * @reply: the header to fill in, every field of it
 * @request: the header of the request to answer; may be @reply itself
 * @err: the errno, positive or negative
 *
 * Context: Any.
 * Contract: W5, W6, W7.
 * Return: the payload, of @reply->len bytes with its nul, constant.
 */
const char *xenfs_reply_error(struct xsd_sockmsg *reply,
			      const struct xsd_sockmsg *request, int err)
{
	return xenfs_reply(reply, request, XS_ERROR, xenfs_error_name(err));
}

/**
 * xenfs_reply_ok() - build the reply of a request that has nothing to tell
 * @reply: the header to fill in, every field of it
 * @request: the header of the request to answer; may be @reply itself
 *
 * Context: Any.
 * Contract: W7, E2, T2.
 * Return: the payload, of @reply->len bytes with its nul, constant.
 */
const char *xenfs_reply_ok(struct xsd_sockmsg *reply,
			   const struct xsd_sockmsg *request)
{
	return xenfs_reply(reply, request, request->type, "OK");
}

/**
 * xenfs_token_format() - build the token that a watch has at the server
 * @buf: where to put it
 * @size: bytes there are; XENFS_TOKEN_MAX is enough for all
 * @carrier: address of the struct xenbus_watch that takes the events, which
 *	     the kernel's xenbus core reads from the token's start
 * @id: the watch's id, not 0
 *
 * Context: Any.
 * Return: the token's length without the nul, as snprintf().
 */
int xenfs_token_format(char *buf, size_t size, unsigned long carrier, u32 id)
{
	return snprintf(buf, size, "%lX:%x", carrier, id);
}

/**
 * xenfs_token_id() - the watch's id in a token of xenfs_token_format()
 * @token: the token, as it came with an event
 *
 * Context: Any.
 * Return: the id, or 0 if the token holds none.
 */
u32 xenfs_token_id(const char *token)
{
	const char *p = strchr(token, ':');
	u32 id = 0;

	if (!p)
		return 0;
	while (*++p) {
		if (id >> 28)
			return 0;
		if (*p >= '0' && *p <= '9')
			id = id << 4 | (*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			id = id << 4 | (*p - 'a' + 10);
		else
			return 0;
	}
	return id;
}

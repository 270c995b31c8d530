// SPDX-License-Identifier: GPL-2.0
/*
 * The xenstore wire protocol, without any kernel state: cutting a byte
 * stream into messages, telling well-formed requests from malformed ones,
 * and building the replies that this module gives by itself.
 *
 * What a request's payload must look like was taken from xenstore.txt, the
 * protocol's specification, and compared with what the two servers, the one
 * in C and oxenstored, make of it.  A request passes when every server has
 * an answer for it, so that the client gets that answer and not an
 * imitation.  It is refused here when a server would fail on it, when the
 * servers disagree about what it means, or when it would disturb others on
 * the domain's one connection.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>

#include "message.h"

/*
 * RESTRICT, gone from the protocol and from xs_wire.h: older servers let it
 * lower a connection's privilege to that of another domain, for good.
 */
#define XENFS_XS_RESTRICT	(XS_SET_TARGET + 1)

/* The first of the domain ids that do not name a domain (DOMID_...). */
#define XENFS_DOMID_RESERVED	0x7ff0

/* As many strings as the payload holds. */
#define XENFS_STRINGS_ANY	U32_MAX

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
 * xenfs_message_kind() - which part of the module a request concerns
 * @type: the type in the request's header, any value
 *
 * Context: Any.
 * Contract: W7.
 * Return: the kind, XENFS_PLAIN for types that this module does not know.
 */
enum xenfs_message_kind xenfs_message_kind(u32 type)
{
	switch (type) {
	case XS_WATCH:
		return XENFS_WATCH;
	case XS_UNWATCH:
		return XENFS_UNWATCH;
	case XS_TRANSACTION_START:
		return XENFS_START;
	case XS_TRANSACTION_END:
		return XENFS_END;
	case XS_RESET_WATCHES:
		return XENFS_RESET;
	default:
		return XENFS_PLAIN;
	}
}

/* Bytes of the string at @off, with its nul; 0 if there is none. */
static u32 xenfs_string_len(const struct xsd_sockmsg *hdr, const char *body,
			    u32 off)
{
	const char *nul;

	if (off >= hdr->len)
		return 0;
	nul = memchr(body + off, '\0', hdr->len - off);
	return nul ? nul - (body + off) + 1 : 0;
}

/* Number of strings in the payload; *@end is where the last one ends. */
static u32 xenfs_count_strings(const struct xsd_sockmsg *hdr,
			       const char *body, u32 *end)
{
	u32 strings = 0;
	u32 len;

	*end = 0;
	while ((len = xenfs_string_len(hdr, body, *end))) {
		*end += len;
		strings++;
	}
	return strings;
}

/*
 * A decimal number and nothing else.  What does not fit gives U32_MAX - 1,
 * which is beyond every limit and yet not XENFS_DEPTH_ANY.
 */
static bool xenfs_parse_decimal(const char *s, u32 *value)
{
	u64 sum = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		sum = min_t(u64, sum * 10 + (*s - '0'), U32_MAX - 1);
	}
	*value = sum;
	return true;
}

/* Is this the id of a domain that can be introduced and released? */
static bool xenfs_real_domid(const char *s)
{
	u32 domid;

	return xenfs_parse_decimal(s, &domid) && domid > 0 &&
	       domid < XENFS_DOMID_RESERVED;
}

/* Not a special node, or one of those that have permissions to set? */
static bool xenfs_has_perms(const char *path)
{
	return path[0] != '@' || !strcmp(path, "@introduceDomain") ||
	       !strcmp(path, "@releaseDomain");
}

/**
 * struct xenfs_syntax - what a type's payload must look like
 * @min: strings that must be there
 * @max: strings that may be there
 * @tail: may bytes follow the last nul?
 * @refused: not a request that a client may make
 */
struct xenfs_syntax {
	u32 min;
	u32 max;
	bool tail;
	bool refused;
};

/* Exactly one string, and nothing else. */
#define XENFS_ONE_STRING	{ .min = 1, .max = 1 }

/* At least so many strings; what follows is the server's to judge. */
#define XENFS_STRINGS(n) \
	{ .min = (n), .max = XENFS_STRINGS_ANY, .tail = true }

static const struct xenfs_syntax xenfs_syntax[] = {
	/*
	 * The C server as of 4.17 looks up the path of these without having
	 * checked that there is one.  It then answers with whatever errno an
	 * earlier request left behind, or, when that is 0, not at all, and
	 * exits on its own assertion.
	 */
	[XS_DIRECTORY]			= XENFS_ONE_STRING,
	[XS_READ]			= XENFS_ONE_STRING,
	[XS_GET_PERMS]			= XENFS_ONE_STRING,
	[XS_MKDIR]			= XENFS_ONE_STRING,
	[XS_RM]				= XENFS_ONE_STRING,

	/*
	 * The C server answers EINVAL to anything but one string; oxenstored
	 * also takes some of these without a nul or with more behind it.
	 */
	[XS_RELEASE]			= XENFS_ONE_STRING,
	[XS_GET_DOMAIN_PATH]		= XENFS_ONE_STRING,
	[XS_IS_DOMAIN_INTRODUCED]	= XENFS_ONE_STRING,
	[XS_RESUME]			= XENFS_ONE_STRING,
	[XS_TRANSACTION_END]		= XENFS_ONE_STRING,

	/* All the servers look for these strings, and for no more. */
	[XS_CONTROL]			= XENFS_STRINGS(1),
	[XS_WRITE]			= XENFS_STRINGS(1),
	[XS_SET_PERMS]			= XENFS_STRINGS(2),
	[XS_SET_TARGET]			= XENFS_STRINGS(2),
	[XS_INTRODUCE]			= XENFS_STRINGS(3),

	/* Specified without the last nul, implemented with it. */
	[XS_DIRECTORY_PART]	= { .min = 1, .max = 2, .tail = true },

	/* The tail is "reserved", and ignored by the C server. */
	[XS_WATCH]		= { .min = 2, .max = 3, .tail = true },
	[XS_UNWATCH]		= { .min = 2, .max = 2, .tail = true },

	/* No server looks at the payload, and clients differ in what it is. */
	[XS_TRANSACTION_START]		= XENFS_STRINGS(0),
	[XS_RESET_WATCHES]		= XENFS_STRINGS(0),

	/*
	 * What only a server may send: the answer is ENOSYS everywhere, so
	 * such a header needs no trip through the shared ring, where only
	 * replies and events bear these types.
	 */
	[XS_WATCH_EVENT]		= { .refused = true },
	[XS_ERROR]			= { .refused = true },

	/* Would take their rights from all who share the connection. */
	[XENFS_XS_RESTRICT]		= { .refused = true },
};

static bool xenfs_syntax_holds(const struct xenfs_syntax *syntax,
			       const struct xsd_sockmsg *hdr,
			       const char *body)
{
	u32 end;
	u32 strings = xenfs_count_strings(hdr, body, &end);

	if (strings < syntax->min || strings > syntax->max)
		return false;
	return syntax->tail || end == hdr->len;
}

/* The checks that look into a payload whose strings are known to be there. */
static int xenfs_check_arguments(const struct xsd_sockmsg *hdr,
				 const char *body)
{
	struct xenfs_watch_args args;

	switch (hdr->type) {
	case XS_TRANSACTION_START:
		/*
		 * Transactions do not nest.  The kernel's xenbus core would
		 * lose count of its users on the server's EBUSY.
		 */
		return hdr->tx_id ? -EBUSY : 0;
	case XS_TRANSACTION_END:
		/*
		 * An END that the server refuses leaves the transaction open,
		 * while the core takes it for ended.  And oxenstored would
		 * commit on anything that starts with "T\0".
		 */
		return !strcmp(body, "T") || !strcmp(body, "F") ? 0 : -EINVAL;
	case XS_INTRODUCE:
	case XS_RELEASE:
		/*
		 * With domain 0, the C server's INTRODUCE resets the very
		 * ring the request came through and frees the request before
		 * answering it; oxenstored's RELEASE closes that ring.
		 */
		return xenfs_real_domid(body) ? 0 : -EINVAL;
	case XS_SET_PERMS:
		/*
		 * For a special node that it does not know, the C server
		 * answers a stray errno, or exits, as with a missing path.
		 */
		return xenfs_has_perms(body) ? 0 : -EINVAL;
	case XS_WATCH:
	case XS_UNWATCH:
		return xenfs_watch_parse(hdr, body, &args);
	default:
		return 0;
	}
}

/**
 * xenfs_message_check() - may this request go to the server?
 * @hdr: the request's header
 * @body: its payload of @hdr->len bytes; not looked at when that is 0
 *
 * Types newer than this module pass: whoever knows them shall use them.
 *
 * Context: Any.
 * Contract: W5, W7, I1.
 * Return: 0 if it may, else the negative errno to answer it with: -EINVAL if
 * its payload breaks the syntax of its type, -EBUSY for a transaction within
 * another, -ENOSYS for types that clients may not send.
 */
int xenfs_message_check(const struct xsd_sockmsg *hdr, const char *body)
{
	const struct xenfs_syntax *syntax;

	if (hdr->type >= ARRAY_SIZE(xenfs_syntax))
		return 0;
	syntax = &xenfs_syntax[hdr->type];
	if (syntax->refused)
		return -ENOSYS;
	if (!xenfs_syntax_holds(syntax, hdr, body))
		return -EINVAL;
	return xenfs_check_arguments(hdr, body);
}

/**
 * xenfs_watch_parse() - find the arguments of a WATCH or an UNWATCH
 * @hdr: the request's header
 * @body: its payload of @hdr->len bytes; not looked at when that is 0
 * @args: where to put what was found; points into @body
 *
 * A third string of a WATCH is its depth.  What follows the last string is
 * reserved by the protocol, and ignored as the server ignores it.
 *
 * Context: Any.
 * Contract: W5, E3.
 * Return: 0, or -EINVAL with @args undefined.
 */
int xenfs_watch_parse(const struct xsd_sockmsg *hdr, const char *body,
		      struct xenfs_watch_args *args)
{
	bool watch = hdr->type == XS_WATCH;
	u32 end;
	u32 strings = xenfs_count_strings(hdr, body, &end);

	if (strings != 2 && !(watch && strings == 3))
		return -EINVAL;

	args->path = body;
	args->path_len = xenfs_string_len(hdr, body, 0);
	args->token = body + args->path_len;
	args->token_len = xenfs_string_len(hdr, body, args->path_len);
	args->depth = XENFS_DEPTH_ANY;
	if (strings == 3 && !xenfs_parse_decimal(args->token + args->token_len,
						 &args->depth))
		return -EINVAL;
	return 0;
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
 * xenfs_end_commits() - does this TRANSACTION_END commit?
 * @hdr: the request's header
 * @body: its payload of @hdr->len bytes; not looked at when that is 0
 *
 * Context: Any.
 * Contract: T1, T2.
 * Return: true if the argument is "T".
 */
bool xenfs_end_commits(const struct xsd_sockmsg *hdr, const char *body)
{
	return hdr->len == sizeof("T") && !memcmp(body, "T", sizeof("T"));
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

// SPDX-License-Identifier: GPL-2.0
/*
 * The syntax of requests: telling those that a server has an answer for from
 * those that it would fail on, and finding their arguments. Done once, when a
 * request is complete; nobody looks at its bytes again.
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

#include "syntax.h"

/*
 * RESTRICT, gone from the protocol and from xs_wire.h: older servers let it
 * lower a connection's privilege to that of another domain, for good.
 */
#define XENFS_XS_RESTRICT	(XS_SET_TARGET + 1)

/* Too new for all kernels' xs_wire.h */
#define XENFS_XS_GET_FEATURE	(XS_DIRECTORY_PART + 1)
#define XENFS_XS_GET_QUOTA	(XS_DIRECTORY_PART + 3)

/* The first of the domain ids that do not name a domain (DOMID_...). */
#define XENFS_DOMID_RESERVED	0x7ff0

/* As many strings as the payload holds. */
#define XENFS_STRINGS_ANY	U32_MAX

/**
 * struct xenfs_strings - the nul-terminated strings that a payload begins with
 * @count: how many
 * @end: where the last one ends, with its nul
 * @len: bytes of the first three, with their nuls; 0 for one that is not there
 */
struct xenfs_strings {
	u32 count;
	u32 end;
	u32 len[3];
};

static void xenfs_find_strings(const struct xsd_sockmsg *hdr, const char *body,
			       struct xenfs_strings *found)
{
	const char *nul;
	u32 len;

	*found = (struct xenfs_strings){ };
	while (found->end < hdr->len) {
		nul = memchr(body + found->end, '\0', hdr->len - found->end);
		if (!nul)
			break;
		len = nul - (body + found->end) + 1;
		if (found->count < ARRAY_SIZE(found->len))
			found->len[found->count] = len;
		found->count++;
		found->end += len;
	}
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
			       const struct xenfs_strings *found)
{
	if (found->count < syntax->min || found->count > syntax->max)
		return false;
	return syntax->tail || found->end == hdr->len;
}

/*
 * A third string of a WATCH is its depth.  What follows the last string is
 * reserved by the protocol, and ignored as the server ignores it.
 */
static int xenfs_parse_watch(const char *body,
			     const struct xenfs_strings *found,
			     struct xenfs_arguments *args)
{
	args->path_len = found->len[0];
	args->token_len = found->len[1];
	args->depth = XENFS_DEPTH_ANY;
	if (found->len[2] &&
	    !xenfs_parse_decimal(body + found->len[0] + found->len[1],
				 &args->depth))
		return -EINVAL;
	return 0;
}

/* What looks into a payload whose strings are known to be there. */
static int xenfs_parse_arguments(const struct xsd_sockmsg *hdr,
				 const char *body,
				 const struct xenfs_strings *found,
				 struct xenfs_arguments *args)
{
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
		args->commit = !strcmp(body, "T");
		return args->commit || !strcmp(body, "F") ? 0 : -EINVAL;
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
		return xenfs_parse_watch(body, found, args);
	default:
		return 0;
	}
}

/**
 * xenfs_message_parse() - may this request go to the server, and what does it
 * ask for?
 * @hdr: the request's header
 * @body: its payload of @hdr->len bytes; not looked at when that is 0
 * @args: where to put what was found; undefined after an error
 *
 * Types newer than this module pass: whoever knows them shall use them.
 *
 * Context: Any.
 * Contract: W5, W7, I1, E3, T1.
 * Return: 0 if it may, else the negative errno to answer it with: -EINVAL if
 * its payload breaks the syntax of its type, -EBUSY for a transaction within
 * another, -ENOSYS for types that clients may not send.
 */
int xenfs_message_parse(const struct xsd_sockmsg *hdr, const char *body,
			struct xenfs_arguments *args)
{
	const struct xenfs_syntax *syntax;
	struct xenfs_strings found;

	*args = (struct xenfs_arguments){ };
	if (hdr->type >= ARRAY_SIZE(xenfs_syntax))
		return 0;
	syntax = &xenfs_syntax[hdr->type];
	if (syntax->refused)
		return -ENOSYS;
	xenfs_find_strings(hdr, body, &found);
	if (!xenfs_syntax_holds(syntax, hdr, &found))
		return -EINVAL;
	return xenfs_parse_arguments(hdr, body, &found, args);
}

/**
 * xenfs_message_changes() - may a request of this type change something?
 * @type: the type
 *
 * Something that others see: not a client's own watches and transactions. Of a type
 * newer than this module nobody knows.
 *
 * Context: Any.
 * Contract: I5.
 * Return: true, if it may.
 */
bool xenfs_message_changes(u32 type)
{
	switch (type) {
	case XS_DIRECTORY:
	case XS_DIRECTORY_PART:
	case XS_READ:
	case XS_GET_PERMS:
	case XS_WATCH:
	case XS_UNWATCH:
	case XS_RESET_WATCHES:
	case XS_TRANSACTION_START:
	case XS_TRANSACTION_END:
	case XS_GET_DOMAIN_PATH:
	case XS_IS_DOMAIN_INTRODUCED:
	case XENFS_XS_GET_FEATURE:
	case XENFS_XS_GET_QUOTA:
		return false;
	default:
		return true;
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Where the file is meant to differ from the socket, and what it answers there.
 *
 * This is the ABI once more, on purpose independent of the module's message.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "target.h"

#define ABS_PATH_MAX	3072

struct intended intended[NR_RULES] = {
	[RULE_MALFORMED] = {
		.name = "malformed payload: EINVAL",
		.reason = "the C server answers a stray errno, or exits; oxenstored takes some of it for what was not said [W5]",
	},
	[RULE_DOMID] = {
		.name = "INTRODUCE or RELEASE of what is no domain's id: EINVAL",
		.reason = "0 would cut off the very ring that all opens share [W5, I1]",
	},
	[RULE_SPECIAL] = {
		.name = "SET_PERMS of a special node that has none: EINVAL",
		.reason = "the C server answers a stray errno, or exits, as with a missing path [W5]",
	},
	[RULE_LONG_PATH] = {
		.name = "WATCH of a path that is longer than any may be: EINVAL",
		.reason = "with the file's own token, the message might be too long for the ring [W2]; the C server agreed up to 4.17; a later one, and oxenstored, give dom0 a watch that nothing can fire",
	},
	[RULE_NO_REQUEST] = {
		.name = "a type that only a server may send, or RESTRICT: ENOSYS",
		.reason = "is answered without the ring [W5]; the servers agree, but for oxenstored's EIO in an unknown transaction",
	},
	[RULE_NESTED] = {
		.name = "START within a transaction: EBUSY",
		.reason = "is answered without the ring: the kernel's core would lose count [W5]; the servers agree",
	},
	[RULE_FOREIGN] = {
		.name = "a transaction that this open has not: ENOENT",
		.reason = "opens must not reach each other's [W6, I5]; the C server ignores it in WATCH, UNWATCH and unknown types, oxenstored says EIO",
	},
	[RULE_DEPTH] = {
		.name = "WATCH with a depth",
		.reason = "works also with servers that don't know it, and say EINVAL [E3]",
	},
	[RULE_RESERVED] = {
		.name = "bytes after the strings of a WATCH or UNWATCH are ignored",
		.reason = "they are reserved, and the C server ignores them; oxenstored says EINVAL, and so does the file then for an UNWATCH of what it has not",
	},
	[RULE_TX_ID] = {
		.name = "a reply bears the transaction of its request",
		.reason = "the kernel's core puts it there, as the protocol has it; oxenstored answers a WATCH or UNWATCH in a transaction with 0",
	},
	[RULE_BREAK] = {
		.name = "a header with an impossible length: E2BIG, then EPIPE and end of file",
		.reason = "the server drops a socket, and replies with it; the ring can't be dropped [W2]",
	},
};

/* Where the nth string ends, behind its nul; 0 if there is none. */
uint32_t string_end(const struct item *it, unsigned int n)
{
	uint32_t i;

	for (i = 0; i < it->len; i++)
		if (!it->body[i] && !--n)
			return i + 1;
	return 0;
}

static unsigned int nuls(const struct item *it)
{
	unsigned int i, n = 0;

	for (i = 0; i < it->len; i++)
		n += !it->body[i];
	return n;
}

static bool one_string(const struct item *it)
{
	return nuls(it) == 1 && !it->body[it->len - 1];
}

static bool decimal(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

static bool domid(const char *s)
{
	unsigned long id;

	if (!decimal(s))
		return false;
	id = strtoul(s, NULL, 10);
	return id > 0 && id < 0x7ff0;
}

static bool no_perms(const char *path)
{
	return *path == '@' && strcmp(path, "@introduceDomain") &&
	       strcmp(path, "@releaseDomain");
}

static bool well_formed(const struct item *it)
{
	unsigned int n = nuls(it);

	if (it->type == XS_TRANSACTION_END)
		return it->len == 2 && (!memcmp(it->body, "T", 2) ||
					!memcmp(it->body, "F", 2));
	if (wire_one_string(it->type))
		return one_string(it);
	switch (it->type) {
	case XS_CONTROL:
	case XS_WRITE:
		return n >= 1;
	case XS_SET_PERMS:
	case XS_SET_TARGET:
		return n >= 2;
	case XS_INTRODUCE:
		return n >= 3;
	case XS_DIRECTORY_PART:
		return n == 1 || n == 2;
	case XS_UNWATCH:
		return n == 2;
	case XS_WATCH:
		return n == 2 ||
		       (n == 3 && decimal(it->body + string_end(it, 2)));
	default:
		return true;
	}
}

/*
 * Malformed, and the C server looks a path up that is not there: it answers
 * with the errno that something before it left, or exits on an assertion.
 */
static bool kills_c(const struct item *it)
{
	switch (it->type) {
	case XS_DIRECTORY:
	case XS_READ:
	case XS_GET_PERMS:
	case XS_MKDIR:
	case XS_RM:
		return true;
	default:
		return false;
	}
}

static struct verdict answer(enum rule rule, int error, bool withheld)
{
	struct verdict v = { .rule = rule, .error = error,
			     .withheld = withheld };

	return v;
}

/* What the ABI says of a message whose transaction is, or not, this open's. */
struct verdict abi_verdict(const struct item *it, bool tx_known)
{
	struct verdict v = { .rule = RULE_NONE };

	if (it->type == XS_WATCH_EVENT || it->type == XS_ERROR ||
	    it->type == XS_RESTRICT)
		return answer(RULE_NO_REQUEST, ENOSYS, false);
	if (!tx_known)
		return answer(RULE_FOREIGN, ENOENT, it->type == XS_WATCH ||
						    it->type == XS_UNWATCH ||
						    !well_formed(it));
	if (!well_formed(it))
		return answer(RULE_MALFORMED, EINVAL,
			      server_is_c() ? kills_c(it) :
			      it->type == XS_TRANSACTION_END);
	if (it->type == XS_TRANSACTION_START && it->tx)
		return answer(RULE_NESTED, EBUSY, false);
	if ((it->type == XS_INTRODUCE || it->type == XS_RELEASE) &&
	    !domid(it->body))
		return answer(RULE_DOMID, EINVAL, true);
	if (it->type == XS_SET_PERMS && no_perms(it->body))
		return answer(RULE_SPECIAL, EINVAL, true);

	if (it->type == XS_WATCH && strlen(it->body) > ABS_PATH_MAX)
		return answer(RULE_LONG_PATH, EINVAL, true);
	if (it->type == XS_WATCH && nuls(it) == 3) {
		v.rule = RULE_DEPTH;
		v.rewritten = true;
	} else if ((it->type == XS_WATCH || it->type == XS_UNWATCH) &&
		   it->len > string_end(it, 2)) {
		v.rule = RULE_RESERVED;
		v.rewritten = true;
	}
	return v;
}

static bool below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

/* Within what is made anew for each run, or no path at all */
static bool path_of_ours(const char *path)
{
	return below(path, "/d") || below(path, "d") ||
	       below(path, "/local/domain/0/d") || below(path, "@foo") ||
	       !*path || strpbrk(path, "%+ ") || strstr(path, "//");
}

/* No domain of this machine has a number like this. */
static bool no_domain(const char *s)
{
	return decimal(s) && strtoul(s, NULL, 10) >= 900;
}

/*
 * May this be sent at all? Not what changes anything beside the paths that are
 * made anew for each run, or the standing of a domain.
 */
bool item_harmless(const struct item *it)
{
	if (it->op != OP_MESSAGE || !string_end(it, 1))
		return true;
	switch (it->type) {
	case XS_WRITE:
	case XS_MKDIR:
	case XS_RM:
		return path_of_ours(it->body);
	case XS_SET_PERMS:
		return path_of_ours(it->body) || no_perms(it->body);
	case XS_INTRODUCE:
	case XS_RELEASE:
		return no_domain(it->body) || !domid(it->body);
	case XS_SET_TARGET:
		return no_domain(it->body);
	case XS_CONTROL:
		return !strcmp(it->body, "print") ||
		       !strcmp(it->body, "help") ||
		       !strncmp(it->body, "no", 2) || !*it->body;
	default:
		return true;
	}
}

/*
 * Not so the stock driver: what is malformed goes to the ring, RESET_WATCHES
 * takes the kernel's own watches, and the core loses count of transactions
 * that the server does not begin or end as asked.
 */
bool stock_survives(const struct item *it, const struct verdict *v)
{
	if (it->op != OP_MESSAGE)
		return it->op == OP_REOPEN;
	if (it->type == XS_RESET_WATCHES || it->type == XS_RESTRICT)
		return false;
	if (it->type == XS_TRANSACTION_END && !it->tx)
		return false;
	return v->rule != RULE_DOMID && v->rule != RULE_SPECIAL &&
	       v->rule != RULE_NESTED &&
	       v->rule != RULE_NO_REQUEST &&
	       (v->rule != RULE_MALFORMED ||
		(!kills_c(it) && it->type != XS_TRANSACTION_END)) &&
	       (v->rule != RULE_FOREIGN || well_formed(it));
}

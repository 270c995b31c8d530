// SPDX-License-Identifier: GPL-2.0
/* Malformed requests: W5 */
#include <errno.h>

#include "call.h"
#include "server.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

#define P	ROOT "/alive"
static const struct {
	uint32_t type;
	const char *body;
	size_t len;
	const char *what;
} malformed[] = {
	{ XS_READ, P, sizeof(P) - 1, "READ without a nul" },
	{ XS_READ, P "\0" P, 2 * sizeof(P), "READ of two strings" },
	{ XS_READ, P "\0x", sizeof(P) + 1, "READ with bytes behind its nul" },
	{ XS_READ, "", 0, "READ of nothing" },
	{ XS_DIRECTORY, P, sizeof(P) - 1, "DIRECTORY without a nul" },
	{ XS_DIRECTORY, "", 0, "DIRECTORY of nothing" },
	{ XS_GET_PERMS, P, sizeof(P) - 1, "GET_PERMS without a nul" },
	{ XS_MKDIR, P, sizeof(P) - 1, "MKDIR without a nul" },
	{ XS_MKDIR, "", 0, "MKDIR of nothing" },
	{ XS_RM, P "\0" P, 2 * sizeof(P), "RM of two strings" },
	{ XS_RM, P, sizeof(P) - 1, "RM without a nul" },
	{ XS_GET_DOMAIN_PATH, "0", 1, "GET_DOMAIN_PATH without a nul" },
	{ XS_IS_DOMAIN_INTRODUCED, "0", 1, "IS_DOMAIN_INTRODUCED without a nul" },
	{ XS_WRITE, P, sizeof(P) - 1, "WRITE without a nul" },
	{ XS_WRITE, "", 0, "WRITE of nothing" },
	{ XS_SET_PERMS, P, sizeof(P), "SET_PERMS without permissions" },
	{ XS_WATCH, P, sizeof(P), "WATCH without a token" },
	{ XS_WATCH, P "\0token", sizeof(P) + 5, "WATCH without a nul at its token" },
	{ XS_UNWATCH, P, sizeof(P), "UNWATCH without a token" },
	{ XS_TRANSACTION_END, "X", 2, "END with neither T nor F" },
	{ XS_TRANSACTION_END, "T", 1, "END without a nul" },
};

static void malformed_one(struct client *c, unsigned int i)
{
	int err = call(c, malformed[i].type, 0, malformed[i].body,
		       malformed[i].len, NULL);

	is(err, EINVAL, "[W5] %s: EINVAL", malformed[i].what);
}

static void malformed_all(void)
{
	unsigned int i, n = sizeof(malformed) / sizeof(malformed[0]);
	pid_t pid = server_pid();
	struct client *c;

	if (is_stock() || is_socket()) {
		skip("they could end the server", "[W5] malformed requests");
		return;
	}
	c = client_new();
	call_write(c, 0, P, "1");
	for (i = 0; i < n && server_pid() == pid; i++)
		malformed_one(c, i);
	is(i, n, "[W5] the server outlives them");
	ok(still_works(c), "[W5] and the open goes on");
	client_close(c);
}

/* The malformed ones that no server minds */
static void malformed_harmless(void)
{
	struct client *c = client_new();
	static const char path[] = ROOT "/alive";

	is(call(c, XS_WRITE, 0, path, sizeof(path) - 1, NULL), EINVAL,
	   "[W5] a WRITE without a nul");
	is(call(c, XS_WATCH, 0, path, sizeof(path), NULL), EINVAL,
	   "[W5] a WATCH without a token");
	is(call(c, XS_WATCH, 0, ROOT "\0token", sizeof(ROOT) + 5, NULL),
	   EINVAL, "[W5] a WATCH whose token has no nul");
	ok(still_works(c), "[W5] and the open goes on");
	client_close(c);
}

void malformed_requests(void)
{
	malformed_harmless();
	malformed_all();
}

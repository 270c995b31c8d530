// SPDX-License-Identifier: GPL-2.0
/* Replies are those of the socket: W1 */
#include <string.h>

#include "call.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

/* Requests whose answer must be that of the socket, to the byte */
#define Y	ROOT "/yardstick"
static const struct {
	uint32_t type;
	const char *body;
	size_t len;
	bool only_c;
	const char *what;
} yardstick[] = {
	{ XS_MKDIR, Y, sizeof(Y), false, "MKDIR" },
	{ XS_MKDIR, Y, sizeof(Y), false, "MKDIR of what is there" },
	{ XS_WRITE, Y "/a\0value", sizeof(Y) + 7, false, "WRITE" },
	{ XS_WRITE, Y "/b\0", sizeof(Y) + 2, false, "WRITE of an empty value" },
	{ XS_READ, Y "/a", sizeof(Y) + 2, false, "READ" },
	{ XS_READ, Y "/b", sizeof(Y) + 2, false, "READ of an empty value" },
	{ XS_READ, Y "/none", sizeof(Y) + 5, false, "READ of nothing there" },
	{ XS_READ, "/test//x", 9, false, "READ of an invalid path" },
	{ XS_READ, "/test/%", 8, false, "READ of a path with a bad letter" },
	{ XS_DIRECTORY, Y, sizeof(Y), false, "DIRECTORY" },
	{ XS_DIRECTORY, Y "/none", sizeof(Y) + 5, false, "DIRECTORY of nothing there" },
	{ XS_GET_PERMS, Y "/a", sizeof(Y) + 2, false, "GET_PERMS" },
	{ XS_SET_PERMS, Y "/a\0n0\0r1", sizeof(Y) + 8, false, "SET_PERMS" },
	{ XS_GET_PERMS, Y "/a", sizeof(Y) + 2, false, "GET_PERMS of two" },
	{ XS_GET_DOMAIN_PATH, "0", 2, false, "GET_DOMAIN_PATH" },
	{ XS_IS_DOMAIN_INTRODUCED, "0", 2, false, "IS_DOMAIN_INTRODUCED" },
	{ XS_RM, Y "/a", sizeof(Y) + 2, false, "RM" },
	{ XS_RM, Y "/a", sizeof(Y) + 2, false, "RM of what is gone" },
	{ XS_RM, Y "/x/y", sizeof(Y) + 4, false, "RM below nothing" },
	{ XS_TRANSACTION_END, "T", 2, false, "END without a transaction" },
	{ XS_WATCH_EVENT, "x", 2, true, "WATCH_EVENT as a request" },
	{ XS_ERROR, "x", 2, true, "ERROR as a request" },
	{ 99, "x", 2, true, "an unknown type" },
};

static void yardstick_one(struct client *c, struct client *sock, unsigned int i)
{
	struct msg got, want;
	int err, rm;

	/* Both find the same: what the first one did is undone. */
	rm = yardstick[i].type == XS_RM;
	if (rm)
		call_write(sock, 0, Y "/a", "value");
	call(sock, yardstick[i].type, 0, yardstick[i].body, yardstick[i].len,
	     &want);
	if (rm && !strstr(yardstick[i].what, "gone"))
		call_write(sock, 0, Y "/a", "value");
	err = call(c, yardstick[i].type, 0, yardstick[i].body,
		   yardstick[i].len, &got);
	if (err < 0) {
		ok(false, "[W1] %s: as on the socket", yardstick[i].what);
		diag("no reply: %s", strerror(-err));
		return;
	}
	ok(got.hdr.type == want.hdr.type && got.hdr.len == want.hdr.len &&
	   !memcmp(got.body, want.body, want.hdr.len),
	   "[W1] %s: as on the socket", yardstick[i].what);
	if (got.hdr.type != want.hdr.type || got.hdr.len != want.hdr.len)
		diag("expected type %u, %u bytes '%s', got %u, %u, '%s'",
		     want.hdr.type, want.hdr.len, want.body, got.hdr.type,
		     got.hdr.len, got.body);
}

void yardstick_all(void)
{
	struct client *sock, *c;
	unsigned int i;

	if (!can_compare("[W1] replies as on the socket"))
		return;
	sock = client_open(socket_path());
	c = client_new();
	for (i = 0; i < sizeof(yardstick) / sizeof(yardstick[0]); i++)
		if (!yardstick[i].only_c || server_is_c())
			yardstick_one(c, sock, i);
	client_close(sock);
	client_close(c);
}

// SPDX-License-Identifier: GPL-2.0
/* What belongs to another open: W6, W7 */
#include <errno.h>
#include <string.h>

#include "call.h"
#include "deadline.h"
#include "store.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

static void start_inside(struct client *c, uint32_t tx)
{
	struct client *sock;
	uint32_t ts;

	if (!can_compare("[W6] START inside a transaction"))
		return;
	sock = client_open(socket_path());
	call_start(sock, &ts);
	is(call(c, XS_TRANSACTION_START, tx, "", 1, NULL),
	   call(sock, XS_TRANSACTION_START, ts, "", 1, NULL),
	   "[W6] START inside a transaction: as on the socket");
	client_close(sock);
}

void foreign_transactions(void)
{
	struct client *a = client_new(), *b = client_new();
	uint32_t ta;

	is(call_start(a, &ta), 0, "[W6] START");
	is(call_string(b, XS_READ, ta, ROOT, NULL), ENOENT,
	   "[W6] another open's transaction: ENOENT");
	is(call_end(b, ta, true), ENOENT, "[W6] it can't be ended from there");
	is(call_string(b, XS_DIRECTORY, 0x12345678, ROOT, NULL), ENOENT,
	   "[W6] a transaction that nobody has: ENOENT");
	start_inside(a, ta);
	is(call_write(a, ta, ROOT "/tx", "mine"), 0, "[W6] its owner can use it still");
	is(call_end(a, ta, true), 0, "[W6] and commit it");
	is_str(peek(ROOT "/tx"), "mine", "[W6] with effect");
	is(call_end(a, ta, true), ENOENT, "[W6] after its end it is unknown");
	client_close(a);
	client_close(b);
}

static bool one_event(struct client *c, const char *path)
{
	struct msg m;
	int err = client_event(c, &m, DEADLINE_MS);

	if (err || strcmp(event_path(&m), path)) {
		diag("expected an event of %s, got %s", path,
		     err ? strerror(-err) : event_path(&m));
		return false;
	}
	return true;
}

void reset_watches(void)
{
	struct client *a, *b;
	uint32_t tx;

	if (is_stock()) {
		skip("it would take the kernel's own", "[W7] RESET_WATCHES");
		return;
	}
	a = client_new();
	b = client_new();
	call_watch(a, XS_WATCH, ROOT "/reset", "a");
	call_watch(b, XS_WATCH, ROOT "/reset", "b");
	one_event(a, ROOT "/reset");
	one_event(b, ROOT "/reset");
	call_start(a, &tx);
	is(call(a, XS_RESET_WATCHES, 0, "", 1, NULL), 0, "[W7] RESET_WATCHES is answered");
	call_write(b, 0, ROOT "/reset", "1");
	ok(one_event(b, ROOT "/reset"), "[W7] another open keeps its watches");
	ok(client_quiet(a), "[W7] this open has lost its own");
	is(call_end(a, tx, true), ENOENT, "[W7] and its transactions");
	is(call_watch(a, XS_WATCH, ROOT "/reset", "a"), 0, "[W7] and may watch again");
	client_close(a);
	client_close(b);
}

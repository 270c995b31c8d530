// SPDX-License-Identifier: GPL-2.0
/* Many requests in flight: W3 */
#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "server.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

/* In flight while the server is stopped */
#define STOPPED		40

static void pipelined_writes(void)
{
	struct client *c = client_new();
	unsigned int i, sent = 0;
	char buf[256];

	for (i = 0; i < MANY; i++)
		sent += !client_raw(c, buf, key_request(buf, XS_WRITE, i));
	is(sent, MANY, "[W3] %d WRITEs in flight, a write() each", MANY);
	is(in_order(c, 0, MANY, XS_WRITE), MANY,
	   "[W3] %d replies, in order, each with its own req_id", MANY);
	client_close(c);
	is(right_keys(), MANY, "[W3] each key has its own value");
}

static void fill_keys(void)
{
	struct client *c = client_open(socket_path());
	unsigned int i;
	char buf[256];

	for (i = 0; i < MANY; i++)
		client_raw(c, buf, key_request(buf, XS_WRITE, i));
	in_order(c, 0, MANY, XS_WRITE);
	client_close(c);
}

/*
 * With the server stopped all of them are in flight for sure. Paths of equal
 * length: the stock driver mixes the bodies up, and a READ must stay one string.
 */
static void pipelined_reads(void)
{
	struct client *c = client_new();
	char buf[256], value[32];
	unsigned int i;

	fill_keys();
	server_stop();
	for (i = 0; i < STOPPED; i++)
		client_raw(c, buf, key_request(buf, XS_READ, i));
	server_continue();
	for (i = 0; i < STOPPED; i++) {
		snprintf(value, sizeof(value), "value-%03u", i);
		if (!expect_value(c, i, value))
			break;
	}
	is(i, STOPPED, "[W3] %d READs in flight, each gets its own value", STOPPED);
	client_close(c);
	right_keys();
}

static uint32_t started(struct client *c, uint32_t id)
{
	struct msg m;

	if (client_reply(c, &m) || m.hdr.req_id != id ||
	    m.hdr.type != XS_TRANSACTION_START)
		return 0;
	return strtoul(m.body, NULL, 10);
}

static void two_starts(bool one_write)
{
	struct client *c = client_new();
	uint32_t a, b;
	char buf[64];
	size_t len;

	len = msg_string(buf, XS_TRANSACTION_START, 1, 0, "");
	len += msg_string(buf + len, XS_TRANSACTION_START, 2, 0, "");
	server_stop();
	if (one_write) {
		client_raw(c, buf, len);
	} else {
		client_raw(c, buf, len / 2);
		client_raw(c, buf + len / 2, len / 2);
	}
	server_continue();
	a = started(c, 1);
	b = a ? started(c, 2) : 0;
	ok(a && b && a != b, "[W3] two STARTs in flight, %s: two transactions",
	   one_write ? "one write" : "two writes");
	if (!a || !b || a == b)
		diag("transactions %u and %u", a, b);
	client_close(c);
}

void in_flight(void)
{
	pipelined_writes();
	pipelined_reads();
	two_starts(false);
	two_starts(true);
}

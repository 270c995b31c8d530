// SPDX-License-Identifier: GPL-2.0
/* The states that an open can be in */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "signals.h"

char request[64 * BATCH];
unsigned int written;

void put(struct client *c, const void *buf, size_t len)
{
	if (write(c->fd, buf, len) != (ssize_t)len)
		diag("a short write");
}

bool answered(struct client *c, uint32_t id, const char *body)
{
	static struct msg m;

	return !reply_to(c, id, &m) && !msg_error(&m) && !strcmp(m.body, body);
}

static void enter_header(struct client *c)
{
	msg_string(request, XS_READ, ID, 0, KEY);
	put(c, request, 7);
}

static bool finish_header(struct client *c)
{
	size_t len = msg_string(request, XS_READ, ID, 0, KEY);

	put(c, request + 7, len - 7);
	return answered(c, ID, VALUE);
}

static void enter_payload(struct client *c)
{
	msg_string(request, XS_READ, ID, 0, KEY);
	put(c, request, HEADER + 5);
}

static bool finish_payload(struct client *c)
{
	size_t len = msg_string(request, XS_READ, ID, 0, KEY);

	put(c, request + HEADER + 5, len - HEADER - 5);
	return answered(c, ID, VALUE);
}

/*
 * A node whose READ and reply are both large: so an open is full of few of them,
 * and they can be read in time.
 */
#define LARGE_LEN	900

static const char *large_key(void)
{
	static char path[LARGE_LEN + 1] = ROOT "/";

	memset(path + strlen(ROOT "/"), 'l', LARGE_LEN - strlen(ROOT "/"));
	return path;
}

void states_begin(void)
{
	struct client *sock = client_open(socket_path());
	static char value[1001];

	memset(value, 'v', sizeof(value) - 1);
	call_write(sock, 0, large_key(), value);
	client_close(sock);
}

static void enter_blocked_write(struct client *c)
{
	size_t len = 0, one = HEADER + LARGE_LEN + 1, done = 0, all;
	ssize_t ret;

	do {
		len += msg_string(request + len, XS_READ, ID, 0, large_key());
	} while (!is_stock() && len + one <= sizeof(request));
	/* More than an open may have */
	all = 7 * BATCH * one;
	while (done < all) {
		ret = write(c->fd, request + done % len, len - done % len);
		if (ret < 0 && errno != EINTR)
			break;
		done += ret > 0 ? ret : 0;
	}
	__atomic_store_n(&written, done / one, __ATOMIC_RELEASE);
}

/*
 * The writer is gone, nobody knows how much it wrote: but whole messages. So
 * one more can be written behind them, if somebody reads.
 */
static bool finish_blocked_write(struct client *c)
{
	char buf[64];
	size_t len = msg_string(buf, XS_READ, ID + 1, 0, KEY), done = 0;
	long end = now_ms() + PATIENCE_MS;
	static struct msg m;
	ssize_t n;

	client_block(c, false);
	while (done < len && now_ms() < end) {
		n = write(c->fd, buf + done, len - done);
		if (n > 0)
			done += n;
		else
			client_recv(c, &m, 100);
	}
	return done == len && answered(c, ID + 1, VALUE);
}

static void enter_blocked_read(struct client *c)
{
	char byte;

	if (read(c->fd, &byte, 1) == 1 && byte == XS_READ)
		__atomic_store_n(&written, 1, __ATOMIC_RELEASE);
}

static bool finish_blocked_read(struct client *c)
{
	put(c, request, msg_string(request, XS_READ, ID, 0, KEY));
	return answered(c, ID, VALUE);
}

static void enter_in_flight(struct client *c)
{
	put(c, request, msg_string(request, XS_READ, ID, 0, KEY));
}

static bool finish_in_flight(struct client *c)
{
	return answered(c, ID, VALUE);
}

static void enter_watching(struct client *c)
{
	static const char body[] = KEY "\0token";

	put(c, request, msg_build(request, XS_WATCH, ID, 0, body, sizeof(body)));
}

static bool finish_watching(struct client *c)
{
	struct msg m;

	if (client_recv(c, &m, PATIENCE_MS) || m.hdr.req_id != ID || msg_error(&m))
		return false;
	return !client_recv(c, &m, PATIENCE_MS) &&
	       m.hdr.type == XS_WATCH_EVENT && !strcmp(event_path(&m), KEY);
}

static void enter_starting(struct client *c)
{
	put(c, request, msg_build(request, XS_TRANSACTION_START, ID, 0, "", 1));
}

static bool finish_starting(struct client *c)
{
	struct msg m;
	uint32_t tx;

	if (reply_to(c, ID, &m) || msg_error(&m))
		return false;
	tx = strtoul(m.body, NULL, 10);
	return !patient_string(c, XS_TRANSACTION_END, tx, "F", NULL);
}

uint32_t transaction;	/* by the next two */

static void enter_transaction(struct client *c)
{
	char buf[128];
	struct msg m;

	put(c, buf, msg_build(buf, XS_TRANSACTION_START, ID, 0, "", 1));
	if (reply_to(c, ID, &m) || msg_error(&m))
		return;
	transaction = strtoul(m.body, NULL, 10);
	put(c, buf, msg_write_req(buf, ID, transaction, ROOT "/tx", m.body));
	reply_to(c, ID, &m);
}

static bool finish_transaction(struct client *c)
{
	char want[16], got[16] = "";
	const char *value;

	if (patient_string(c, XS_TRANSACTION_END, transaction, "T", NULL))
		return false;
	snprintf(want, sizeof(want), "%u", transaction);
	value = peek(ROOT "/tx");
	if (value)
		snprintf(got, sizeof(got), "%s", value);
	return !strcmp(got, want);
}

const struct state states[] = {
	{ "a partial header", enter_header, finish_header, -1, false },
	{ "a partial payload", enter_payload, finish_payload, -1, false },
	{ "a blocked write", enter_blocked_write, finish_blocked_write,
	  SYS_write, false },
	{ "a blocked read", enter_blocked_read, finish_blocked_read,
	  SYS_read, false },
	{ "a request in flight", enter_in_flight, finish_in_flight, -1, true },
	{ "a watch being set", enter_watching, finish_watching, -1, true },
	{ "a transaction being started", enter_starting, finish_starting, -1, true },
	{ "an open transaction", enter_transaction, finish_transaction, -1, false },
};

const unsigned int nr_states = sizeof(states) / sizeof(states[0]);

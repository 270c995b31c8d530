// SPDX-License-Identifier: GPL-2.0
/* Payloads of every length, and lengths that can't be: W2 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "server.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

/* Values of that size are within xenstored's quota, not within oxenstored's. */
static void full_payload(void)
{
	static char body[PAYLOAD_MAX + 1];
	size_t path_len = strlen(ROOT "/full") + 1;
	struct client *sock, *c;
	int want, err;
	struct msg m;

	if (!can_compare("[W2] a payload of 4096 bytes"))
		return;
	sock = client_open(socket_path());
	c = client_new();
	memset(body, 'x', PAYLOAD_MAX);
	strcpy(body, ROOT "/full");
	want = call(sock, XS_WRITE, 0, body, PAYLOAD_MAX, NULL);
	call_string(sock, XS_RM, 0, ROOT "/full", NULL);
	is(call(c, XS_WRITE, 0, body, PAYLOAD_MAX, NULL), want,
	   "[W2] a payload of 4096 bytes: as on the socket");
	if (want) {
		skip("the server refused it", "[W2] and its value is whole");
	} else {
		err = call_string(c, XS_READ, 0, ROOT "/full", &m);
		ok(!err && m.hdr.len == PAYLOAD_MAX - path_len,
		   "[W2] and its value is whole");
	}
	client_close(c);

	c = client_new();
	memset(body, 'y', PAYLOAD_MAX);
	body[0] = '/';
	body[PAYLOAD_MAX - 1] = '\0';
	want = call(sock, XS_READ, 0, body, PAYLOAD_MAX, NULL);
	is(call(c, XS_READ, 0, body, PAYLOAD_MAX, NULL), want,
	   "[W2] a path of 4096 bytes is the server's to refuse");
	client_close(sock);
	client_close(c);
}

static void empty_payload(void)
{
	struct client *sock, *c;
	int want;

	if (!server_is_c()) {
		skip("oxenstored never answers one", "[W2] an empty payload");
		return;
	}
	sock = client_open(socket_path());
	c = client_new();
	want = call(sock, XS_TRANSACTION_START, 0, NULL, 0, NULL);
	is(call(c, XS_TRANSACTION_START, 0, NULL, 0, NULL), want,
	   "[W2] an empty payload: as on the socket");
	ok(still_works(c), "[W2] and the stream is in step after it");
	client_close(sock);
	client_close(c);
}

/* The state of an open after a header that can't be right */
static void check_dead(struct client *c, const char *what)
{
	char buf[256];
	size_t len = msg_string(buf, XS_DIRECTORY, 9, 0, ROOT);
	short events = poll_for(c->fd, POLLIN | POLLOUT, 100);
	ssize_t n;

	ok((events & (POLLHUP | POLLERR)) == (POLLHUP | POLLERR),
	   "[W2] %s: poll says HUP and ERR", what);
	if ((events & (POLLHUP | POLLERR)) != (POLLHUP | POLLERR))
		diag("poll says %#x", events);
	n = write(c->fd, buf, len);
	ok(n == -1 && errno == EPIPE, "[W2] %s: a later write fails with EPIPE", what);
	if (n != -1 || errno != EPIPE)
		diag("write: %zd, errno %d", n, n < 0 ? errno : 0);
	n = read(c->fd, buf, sizeof(buf));
	is(n, 0, "[W2] %s: a read returns 0", what);
	if (n < 0)
		diag("errno %d", errno);
}

static void bad_header(uint32_t len)
{
	struct xsd_sockmsg bad = { XS_READ, 1, 0, len };
	struct client *c = client_new(), *other = client_new();
	char what[64];
	ssize_t n;

	snprintf(what, sizeof(what), "length %u", len);
	n = write(c->fd, &bad, sizeof(bad));
	ok(n == -1 && errno == E2BIG, "[W2] %s: that write fails with E2BIG", what);
	if (n != -1 || errno != E2BIG)
		diag("write: %zd, errno %d", n, n < 0 ? errno : 0);
	check_dead(c, what);
	ok(still_works(other), "[W2] %s: another open goes on", what);
	client_close(c);
	client_close(other);
}

static void bad_header_split(void)
{
	struct xsd_sockmsg bad = { XS_READ, 1, 0, PAYLOAD_MAX + 1 };
	struct client *c = client_new();
	ssize_t n;

	is(write(c->fd, &bad, 14), 14, "[W2] the first 14 bytes of a bad header are taken");
	n = write(c->fd, (char *)&bad + 14, 2);
	ok(n == -1 && errno == E2BIG, "[W2] the rest fails with E2BIG");
	check_dead(c, "split header");
	client_close(c);
}

static void bad_header_behind(void)
{
	struct client *c = client_new();
	size_t good, len;
	char buf[512];
	ssize_t n;

	good = two_messages(buf, "before");
	len = good + msg_string(buf + good, XS_READ, 3, 0, "/nothing");
	((struct xsd_sockmsg *)(buf + good))->len = 5000;
	n = write(c->fd, buf, len);
	is(n, good, "[W2] 2 good messages and a bad header: the count of the good ones");
	n = write(c->fd, buf + good, len - good);
	ok(n == -1 && errno == E2BIG, "[W2] then E2BIG");
	ok(two_replies(c, "before"), "[W2] the replies to the good ones are there");
	check_dead(c, "behind good ones");
	ok(server_alive(), "[W2] the server saw nothing of it");
	client_close(c);
}

/* What the open held is given back by requests that nobody reads the replies to. */
void bad_header_holding(void)
{
	struct xsd_sockmsg bad = { XS_READ, 1, 0, PAYLOAD_MAX + 1 };
	struct client *c = client_new();
	uint32_t tx;
	struct msg m;
	ssize_t n;

	call_watch(c, XS_WATCH, ROOT "/held", "t");
	client_event(c, &m, DEADLINE_MS);
	call_start(c, &tx);
	server_stop();
	n = write(c->fd, &bad, sizeof(bad));
	ok(n == -1 && errno == E2BIG, "[W2] the server stands still: E2BIG");
	check_dead(c, "with a watch and a transaction");
	server_continue();
	ok(server_alive(), "[W2] the server goes on");
	client_close(c);
}

static void bad_headers(void)
{
	if (is_socket()) {
		skip("the server drops a socket", "[W2] impossible lengths");
		return;
	}
	bad_header(PAYLOAD_MAX + 1);
	bad_header(0xffffffff);
	bad_header_split();
	bad_header_behind();
}

void lengths(void)
{
	full_payload();
	empty_payload();
	bad_headers();
}

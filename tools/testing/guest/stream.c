// SPDX-License-Identifier: GPL-2.0
/* The write side: W1 to W8 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "pages.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT		"/test/stream"
#define MANY		200
/* In flight while the server is stopped */
#define STOPPED		40

/* The next reply is of that request and not an error. */
static bool expect(struct client *c, uint32_t id, uint32_t type)
{
	struct msg m;
	int err = client_reply(c, &m);

	if (err) {
		diag("no reply to request %u: %s", id, strerror(-err));
		return false;
	}
	if (m.hdr.req_id == id && m.hdr.type == type)
		return true;
	diag("expected reply %u of type %u, got %u of type %u (%s)", id, type,
	     m.hdr.req_id, m.hdr.type, m.body);
	return false;
}

static bool expect_value(struct client *c, uint32_t id, const char *value)
{
	struct msg m;
	int err = client_reply(c, &m);

	if (err) {
		diag("no reply to request %u: %s", id, strerror(-err));
		return false;
	}
	if (m.hdr.req_id == id && m.hdr.type == XS_READ &&
	    !strcmp(m.body, value))
		return true;
	diag("expected '%s' for request %u, got '%s' (type %u) for %u", value,
	     id, m.body, m.hdr.type, m.hdr.req_id);
	return false;
}

static bool still_works(struct client *c)
{
	int err = call_write(c, 0, ROOT "/alive", "yes");

	if (err)
		diag("a later request of the same open: %d", err);
	return err == 0;
}

/* A WRITE (request 1) and a READ (request 2) of the same key */
static size_t two_messages(char *buf, const char *value)
{
	size_t len = msg_write_req(buf, 1, 0, ROOT "/two-messages", value);

	return len + msg_string(buf + len, XS_READ, 2, 0,
				ROOT "/two-messages");
}

static bool two_replies(struct client *c, const char *value)
{
	return expect(c, 1, XS_WRITE) && expect_value(c, 2, value);
}

static void byte_at_a_time(void)
{
	struct client *c = client_new();
	size_t i, len, bad = 0;
	char buf[256];

	len = two_messages(buf, "byte");
	for (i = 0; i < len; i++) {
		bad += client_raw(c, buf + i, 1) != 0;
		/* The body buffer of the stock driver is good for one. */
		if (i + 1 == HEADER + sizeof(ROOT "/two-messages") + 4)
			bad += !expect(c, 1, XS_WRITE);
	}
	ok(!bad && expect_value(c, 2, "byte"), "[W1] one byte at a time");
	client_close(c);
}

static bool one_split(const char *buf, size_t len, size_t at)
{
	struct client *c = client_new();
	bool good;

	good = !client_raw(c, buf, at) && !client_raw(c, buf + at, len - at) &&
	       two_replies(c, "split") && client_quiet(c);
	client_close(c);
	return good;
}

static void every_split(void)
{
	char buf[256];
	size_t at, len = two_messages(buf, "split");

	for (at = 1; at < len; at++)
		if (!one_split(buf, len, at))
			break;
	ok(at == len, "[W1] two messages, split at every place");
	if (at < len)
		diag("failed at byte %zu of %zu", at, len);
}

static void odd_vector(void)
{
	static const size_t sizes[] = { 1, 3, 7, 17, 5, 2, 31, 11, 13 };
	struct client *c = client_new();
	size_t len, at = 0, n = 0;
	struct iovec iov[32];
	char buf[512];

	len = two_messages(buf, "vector");
	len += msg_string(buf + len, XS_DIRECTORY, 3, 0, ROOT);
	while (at < len) {
		iov[n].iov_base = buf + at;
		iov[n].iov_len = sizes[n % 9] < len - at ? sizes[n % 9] :
							    len - at;
		at += iov[n++].iov_len;
	}
	is(writev(c->fd, iov, n), len, "[W1] writev of 3 messages in odd pieces takes all");
	ok(two_replies(c, "vector") && expect(c, 3, XS_DIRECTORY),
	   "[W1] and all 3 are answered");
	client_close(c);
}

static void three_in_one(void)
{
	struct client *c = client_new();
	char buf[512];
	size_t len;

	len = two_messages(buf, "three");
	len += msg_string(buf + len, XS_DIRECTORY, 3, 0, ROOT);
	is(write(c->fd, buf, len), len, "[W1] 3 messages in one write: all is taken");
	ok(two_replies(c, "three") && expect(c, 3, XS_DIRECTORY),
	   "[W1] and there are 3 replies");
	client_close(c);
}

static void partial_and_rest(void)
{
	struct client *c = client_new();
	size_t len, cut;
	char buf[512];

	len = two_messages(buf, "partial");
	cut = len - 9;
	ok(!client_raw(c, buf, cut) && expect(c, 1, XS_WRITE),
	   "[W1] a message and a part: the whole one is answered");
	ok(client_quiet(c), "[W1] the partial one is not answered yet");
	len += msg_string(buf + len, XS_DIRECTORY, 3, 0, ROOT);
	ok(!client_raw(c, buf + cut, len - cut) &&
	   expect_value(c, 2, "partial") && expect(c, 3, XS_DIRECTORY),
	   "[W1] the rest and one more: both are answered");
	client_close(c);
}

static unsigned int in_order(struct client *c, unsigned int first,
			     unsigned int n, uint32_t type)
{
	unsigned int i;

	for (i = 0; i < n && expect(c, first + i, type); i++)
		;
	return i;
}

static size_t key_request(char *buf, uint32_t type, unsigned int i)
{
	char path[64], value[32];

	snprintf(path, sizeof(path), ROOT "/key/%03u", i);
	snprintf(value, sizeof(value), "value-%03u", i);
	if (type == XS_WRITE)
		return msg_write_req(buf, i, 0, path, value);
	return msg_string(buf, type, i, 0, path);
}

static unsigned int right_keys(void)
{
	struct client *c = client_open(socket_path());
	char path[64], value[32];
	unsigned int i, right = 0;
	struct msg m;

	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), ROOT "/key/%03u", i);
		snprintf(value, sizeof(value), "value-%03u", i);
		if (!call_string(c, XS_READ, 0, path, &m) &&
		    !strcmp(m.body, value))
			right++;
	}
	call_string(c, XS_RM, 0, ROOT "/key", NULL);
	client_close(c);
	return right;
}

static void many_in_one(void)
{
	struct client *c = client_new();
	char *buf = malloc(MANY * 64);
	struct transfer t = { .fd = c->fd, .buf = buf };
	unsigned int i;
	struct job job;

	for (i = 0; i < MANY; i++)
		t.len += key_request(buf + t.len, XS_WRITE, i);
	client_block(c, true);
	job_start(&job, transfer_write, &t);
	is(in_order(c, 0, MANY, XS_WRITE), MANY,
	   "[W1] %d messages in one write are answered in order", MANY);
	if (!job_join(&job, DEADLINE_MS))
		bail("a blocking write does not return");
	is(t.n, t.len, "[W1] and that write took all of it");
	is(right_keys(), MANY, "[W1] and each one did what it says");
	client_close(c);
	free(buf);
}

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
static void bad_header_holding(void)
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

/* Backpressure: READs of a large value whose replies nobody reads */
#define FLOOD_MAX	3000
/* There is no more room when none came for so long: servers are slow now and then */
#define FULL_MS		(1500 * slow())
static char big_path[] = ROOT "/big";

struct flood {
	struct client *c;
	char req[64];
	size_t len;
	size_t sent;		/* bytes */
};

static void flood_init(struct flood *f)
{
	static char value[1001];
	struct client *c = client_open(socket_path());

	memset(value, 'v', sizeof(value) - 1);
	call_write(c, 0, big_path, value);
	client_close(c);
	f->c = client_new();
	f->len = msg_string(f->req, XS_READ, 5, 0, big_path);
	f->sent = 0;
}

/* Write until nothing more fits and stays so; false if there is no end. */
static bool flood(struct flood *f)
{
	ssize_t n;

	while (f->sent < FLOOD_MAX * f->len) {
		size_t at = f->sent % f->len;

		n = write(f->c->fd, f->req + at, f->len - at);
		if (n > 0) {
			f->sent += n;
			continue;
		}
		if (n == 0 || errno != EAGAIN) {
			diag("write: %zd, errno %d", n, errno);
			return false;
		}
		if (!(poll_for(f->c->fd, POLLOUT, FULL_MS) & POLLOUT))
			return true;
	}
	diag("no end after %d requests", FLOOD_MAX);
	return false;
}

static unsigned long count_replies(struct client *c, unsigned long want)
{
	static struct msg m;
	unsigned long n = 0;

	while (n < want && !client_reply(c, &m) && m.hdr.type == XS_READ &&
	       m.hdr.req_id == 5 && m.hdr.len == 1000)
		n++;
	return n;
}

static void backpressure(void)
{
	struct flood f;
	unsigned long whole;
	ssize_t n;
	size_t at;

	flood_init(&f);
	if (!ok(flood(&f), "[W4] a writer that never reads comes to an end"))
		goto out;
	n = write(f.c->fd, f.req + f.sent % f.len, 1);
	ok(n == -1 && errno == EAGAIN, "[W4] there poll says no POLLOUT and a write EAGAIN");
	whole = f.sent / f.len;
	at = f.sent % f.len;
	diag("%lu requests were taken", whole);
	is(count_replies(f.c, whole - 1), whole - 1, "[W4] no reply is lost");
	ok(poll_for(f.c->fd, POLLOUT, DEADLINE_MS) & POLLOUT,
	   "[W4] POLLOUT comes back when replies are read");
	if (at) {
		client_raw(f.c, f.req + at, f.len - at);
		whole++;
	}
	is(count_replies(f.c, 1 + (at != 0)), 1 + (at != 0),
	   "[W4] nor the last ones");
	ok(client_quiet(f.c), "[W4] and there is none too many");
out:
	client_close(f.c);
}

static void blocking_writer(void)
{
	struct flood f;
	struct transfer t;
	struct job job;
	unsigned long whole;

	flood_init(&f);
	if (!flood(&f)) {
		skip("no bound", "[W4] a blocking writer at the bound");
		goto out;
	}
	client_block(f.c, true);
	t = (struct transfer){ .fd = f.c->fd, .buf = f.req + f.sent % f.len,
			       .len = f.len - f.sent % f.len };
	job_start(&job, transfer_write, &t);
	ok(!job_done(&job, 300), "[W4] a blocking writer at the bound sleeps");
	job_interrupt(&job);
	if (!ok(job_join(&job, DEADLINE_MS), "[W4] a signal wakes it"))
		goto out;
	ok(t.n == -1 && t.err == EINTR, "[W4] with EINTR");
	if (t.n != -1 || t.err != EINTR)
		diag("write: %zd, errno %d", t.n, t.err);
	if (t.n > 0)
		f.sent += t.n;
	whole = f.sent / f.len;
	t.buf = f.req + f.sent % f.len;
	t.len = f.len - f.sent % f.len;
	job_start(&job, transfer_write, &t);
	is(count_replies(f.c, whole + 1), whole + 1, "[W4] it goes on when another thread reads");
	ok(job_join(&job, DEADLINE_MS) && t.n == (ssize_t)t.len,
	   "[W4] and its write took all");
	client_block(f.c, false);
	ok(client_quiet(f.c), "[W4] the interrupted write sent nothing");
out:
	client_close(f.c);
}

static void bounds(void)
{
	if (is_socket()) {
		skip("a socket has bounds of its own", "[W4] backpressure");
		return;
	}
	backpressure();
	blocking_writer();
}

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

static void yardstick_all(void)
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

static void foreign_transactions(void)
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

static void reset_watches(void)
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

/* Two messages of which only the first bytes can be read */
static bool one_fault(const char *buf, size_t len, size_t at)
{
	struct client *c = client_new();
	char *edge = fault_edge(at);
	ssize_t n;
	bool good;

	memcpy(edge, buf, at);
	n = write(c->fd, edge, len);
	good = n >= 0 ? n <= (ssize_t)at : errno == EFAULT;
	if (!good)
		diag("write: %zd, errno %d", n, n < 0 ? errno : 0);
	if (n < 0)
		n = 0;
	good = good && !client_raw(c, buf + n, len - n) &&
	       two_replies(c, "fault") && client_quiet(c);
	client_close(c);
	return good;
}

static void faults(void)
{
	char buf[256];
	size_t at, len = two_messages(buf, "fault");
	struct client *c = client_new();
	ssize_t n;

	n = write(c->fd, fault_page(), len);
	ok(n == -1 && errno == EFAULT, "[W8] a buffer that isn't there: EFAULT");
	ok(still_works(c), "[W8] and nothing happened to the stream");
	client_raw(c, buf, 5);
	n = write(c->fd, fault_page(), len - 5);
	ok(n == -1 && errno == EFAULT, "[W8] the same in the middle of a message");
	ok(!client_raw(c, buf + 5, len - 5) && two_replies(c, "fault"),
	   "[W8] which can be completed then");
	client_close(c);
	for (at = 1; at < len; at++)
		if (!one_fault(buf, len, at))
			break;
	ok(at == len, "[W8] two messages that fault at every byte go on from the count");
	if (at < len)
		diag("failed with %zu readable bytes of %zu", at, len);
}

int main(void)
{
	tap_begin(120);
	subtree("stream");
	byte_at_a_time();
	three_in_one();
	partial_and_rest();
	odd_vector();
	every_split();
	many_in_one();
	yardstick_all();
	full_payload();
	empty_payload();
	bad_headers();
	pipelined_writes();
	pipelined_reads();
	two_starts(false);
	two_starts(true);
	bounds();
	malformed_harmless();
	malformed_all();
	foreign_transactions();
	reset_watches();
	faults();
	/* The stock driver is of little use after it. */
	if (!is_socket())
		bad_header_holding();
	return tap_end();
}

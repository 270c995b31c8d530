// SPDX-License-Identifier: GPL-2.0
/* Requests in pieces and many in one: W1 */
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "job.h"
#include "stream.h"
#include "tap.h"

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
	       two_replies_alone(c, "split");
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

void pieces(void)
{
	byte_at_a_time();
	three_in_one();
	partial_and_rest();
	odd_vector();
	every_split();
	many_in_one();
}

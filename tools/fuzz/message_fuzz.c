// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target for message.c and syntax.c. The first four bytes of an input choose how
 * the rest, a stream of requests, is cut into writes.
 */
#include <stdio.h>

#include "cutter.h"
#include "syntax.h"

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition); \
			abort(); \
		} \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of @len bytes and a nul, at the end of its memory. */
static char *terminated(const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}

static void accepted(const struct xsd_sockmsg *hdr, const char *body,
		     const struct xenfs_arguments *args)
{
	if (wire_one_string(hdr->type) || hdr->type == XS_TRANSACTION_END) {
		CHECK(hdr->len > 0);
		CHECK(memchr(body, '\0', hdr->len) == body + hdr->len - 1);
	}
	if (hdr->type == XS_TRANSACTION_START)
		CHECK(!hdr->tx_id);
	if (hdr->type == XS_TRANSACTION_END)
		CHECK(args->commit == (*body == 'T'));
	if (hdr->type == XS_WRITE)
		CHECK(hdr->len && memchr(body, '\0', hdr->len));
	CHECK(hdr->type != XS_WATCH_EVENT && hdr->type != XS_ERROR &&
	      hdr->type != 20);
}

static void refused(const struct xsd_sockmsg *hdr, int err)
{
	struct xsd_sockmsg reply;
	const char *text;

	CHECK(err == -EINVAL || err == -ENOSYS || err == -EBUSY);
	CHECK(hdr->type <= XS_DIRECTORY_PART);
	memset(&reply, 0xa5, sizeof(reply));
	text = xenfs_reply_error(&reply, hdr, err);
	CHECK(reply.type == XS_ERROR && reply.len == strlen(text) + 1 &&
	      reply.req_id == hdr->req_id && reply.tx_id == hdr->tx_id);
}

static void watch(const struct xsd_sockmsg *hdr, const char *body,
		  const struct xenfs_arguments *args)
{
	const char *token = body + args->path_len;

	CHECK(args->path_len && strlen(body) + 1 == args->path_len);
	CHECK(args->token_len && strlen(token) + 1 == args->token_len);
	CHECK((u32)args->path_len + args->token_len <= hdr->len);
	CHECK(xenfs_event_within(body, body, 0));
	CHECK(xenfs_event_within(body, token, XENFS_DEPTH_ANY));

	/* What is near enough at one depth is so at any larger one. */
	if (xenfs_event_within(body, token, 1))
		CHECK(xenfs_event_within(body, token, 2));
	xenfs_token_id(token);
}

static void message(const struct xsd_sockmsg *hdr, const char *body)
{
	struct xenfs_arguments args;
	int err = xenfs_message_parse(hdr, body, &args);
	char *text = terminated(body, hdr->len);
	char token[XENFS_TOKEN_MAX];
	int len;

	CHECK(hdr->len <= XENSTORE_PAYLOAD_MAX);
	if (err)
		refused(hdr, err);
	else
		accepted(hdr, body, &args);
	if (!err && (hdr->type == XS_WATCH || hdr->type == XS_UNWATCH))
		watch(hdr, body, &args);

	xenfs_token_id(text);
	free(text);
	len = xenfs_token_format(token, sizeof(token), hdr->tx_id, hdr->req_id);
	CHECK(len < (int)sizeof(token));
	CHECK(xenfs_token_id(token) == hdr->req_id);
}

/* A number for the next write's size; mostly small, now and then large. */
static size_t next_size(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return 1 + (*seed >> 16) % (*seed >> 31 ? 4096 : 24);
}

static void feed(struct cutter *c, const char *bytes, size_t len, u32 seed)
{
	while (len && !c->error) {
		size_t n = seed ? next_size(&seed) : 1;
		size_t took;

		if (n > len)
			n = len;
		took = cutter_feed(c, bytes, n);
		CHECK(took == n || c->error == -E2BIG);
		bytes += n;
		len -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cutter whole = { .seen = message };
	struct cutter bytes = {};
	struct cutter pieces = {};
	const char *stream;
	u32 seed;

	if (size < sizeof(seed))
		return 0;
	memcpy(&seed, data, sizeof(seed));
	stream = (const char *)data + sizeof(seed);
	size -= sizeof(seed);

	cutter_feed(&whole, stream, size);
	feed(&bytes, stream, size, 0);
	feed(&pieces, stream, size, seed | 1);
	CHECK(cutter_equal(&whole, &bytes));
	CHECK(cutter_equal(&whole, &pieces));

	cutter_free(&whole);
	cutter_free(&bytes);
	cutter_free(&pieces);
	return 0;
}

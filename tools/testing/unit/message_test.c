// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of message.c and syntax.c: each group names the contract's clauses
 * it holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <linux/kernel.h>

#include "cutter.h"
#include "syntax.h"

#define RESTRICT	20	/* what became of XS_RESTRICT */

/* A string literal's bytes, without the nul that the compiler adds. */
#define BYTES(literal)	literal, sizeof(literal) - 1

/* A copy at the very end of its memory, so that reading on is seen. */
static char *exact(const char *bytes, size_t len)
{
	char *copy;

	if (!len)
		return NULL;
	copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

static int check_tx(u32 type, u32 tx_id, const char *bytes, size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .tx_id = tx_id, .len = len };
	struct xenfs_arguments args;
	char *body = exact(bytes, len);
	int ret = xenfs_message_parse(&hdr, body, &args);

	free(body);
	return ret;
}

static int check(u32 type, const char *bytes, size_t len)
{
	return check_tx(type, 0, bytes, len);
}

/*
 * Framing: W1, W2
 */

static size_t put_message(char *to, u32 type, u32 len)
{
	struct xsd_sockmsg hdr = { type, type * 7 + 1, type * 11 + 2, len };
	u32 i;

	memcpy(to, &hdr, sizeof(hdr));
	for (i = 0; i < len; i++)
		to[sizeof(hdr) + i] = (char)(i * 31 + type);
	return sizeof(hdr) + len;
}

/* Messages of all sizes, and the beginning of one more. */
static char *make_stream(size_t *len)
{
	static const u32 sizes[] = { 0, 1, 15, 0, 0, 16, 17, 200, 3 };
	char *stream = malloc(4096);
	size_t at = 0;
	size_t i;

	assert_non_null(stream);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		at += put_message(stream + at, i, sizes[i]);
	put_message(stream + at, i, 9);
	*len = at + sizeof(struct xsd_sockmsg) + 4;
	return stream;
}

static void feed_all(struct cutter *c, const char *bytes, size_t len)
{
	assert_int_equal(cutter_feed(c, bytes, len), len);
}

static void framer_any_split(void **state)
{
	struct cutter whole = {};
	size_t len, i, j;
	char *stream = make_stream(&len);

	(void)state;
	feed_all(&whole, stream, len);
	assert_int_equal(whole.messages, 9);
	assert_int_equal(whole.out_len, len - sizeof(struct xsd_sockmsg) - 4);
	assert_memory_equal(whole.out, stream, whole.out_len);
	assert_int_equal(whole.framer.taken, sizeof(struct xsd_sockmsg) + 4);

	for (i = 0; i <= len; i++) {
		for (j = i; j <= len; j++) {
			struct cutter c = {};

			feed_all(&c, stream, i);
			feed_all(&c, stream + i, j - i);
			feed_all(&c, stream + j, len - j);
			assert_true(cutter_equal(&whole, &c));
			cutter_free(&c);
		}
	}
	cutter_free(&whole);
	free(stream);
}

static void framer_byte_by_byte(void **state)
{
	struct cutter whole = {}, c = {};
	size_t len, i;
	char *stream = make_stream(&len);

	(void)state;
	feed_all(&whole, stream, len);
	for (i = 0; i < len; i++)
		feed_all(&c, stream + i, 1);
	assert_true(cutter_equal(&whole, &c));
	cutter_free(&c);
	cutter_free(&whole);
	free(stream);
}

static void framer_random_splits(void **state)
{
	static char stream[8 * (sizeof(struct xsd_sockmsg) +
				XENSTORE_PAYLOAD_MAX)];
	int round, i;

	(void)state;
	srand(1);
	for (round = 0; round < 500; round++) {
		struct cutter whole = {}, c = {};
		size_t len = 0, at, n;

		for (i = 0; i < 8; i++)
			len += put_message(stream + len, rand(), rand() % 2 ?
					   rand() % 32 :
					   rand() % (XENSTORE_PAYLOAD_MAX + 1));
		feed_all(&whole, stream, len);
		assert_int_equal(whole.messages, 8);
		for (at = 0; at < len; at += n) {
			n = 1 + rand() % 700;
			if (n > len - at)
				n = len - at;
			feed_all(&c, stream + at, n);
		}
		assert_true(cutter_equal(&whole, &c));
		cutter_free(&c);
		cutter_free(&whole);
	}
}

static void framer_states(void **state)
{
	struct xenfs_framer f = {};
	struct xsd_sockmsg hdr = { .len = 3 };

	(void)state;
	assert_true(xenfs_framer_idle(&f));
	assert_true(xenfs_framer_in_header(&f));
	assert_int_equal(xenfs_framer_wants(&f), 16);
	assert_ptr_equal(xenfs_framer_header(&f), &f.hdr);

	memcpy(xenfs_framer_header(&f), &hdr, 5);
	assert_int_equal(xenfs_framer_took(&f, 5), XENFS_FRAMER_MORE);
	assert_false(xenfs_framer_idle(&f));
	assert_true(xenfs_framer_in_header(&f));
	assert_int_equal(xenfs_framer_wants(&f), 11);
	assert_ptr_equal(xenfs_framer_header(&f), (char *)&f.hdr + 5);
	assert_int_equal(xenfs_framer_took(&f, 0), XENFS_FRAMER_MORE);

	memcpy(xenfs_framer_header(&f), (char *)&hdr + 5, 11);
	assert_int_equal(xenfs_framer_took(&f, 11), XENFS_FRAMER_HEADER);
	assert_false(xenfs_framer_in_header(&f));
	assert_int_equal(xenfs_framer_body_offset(&f), 0);
	assert_int_equal(xenfs_framer_wants(&f), 3);
	assert_int_equal(xenfs_framer_took(&f, 0), XENFS_FRAMER_MORE);

	assert_int_equal(xenfs_framer_took(&f, 2), XENFS_FRAMER_MORE);
	assert_int_equal(xenfs_framer_body_offset(&f), 2);
	assert_int_equal(xenfs_framer_wants(&f), 1);
	assert_int_equal(xenfs_framer_took(&f, 1), XENFS_FRAMER_MESSAGE);
	assert_int_equal(xenfs_framer_wants(&f), 0);

	xenfs_framer_next(&f);
	assert_true(xenfs_framer_idle(&f));
	assert_int_equal(xenfs_framer_wants(&f), 16);

	f.hdr.len = 0;
	assert_int_equal(xenfs_framer_took(&f, 16), XENFS_FRAMER_MESSAGE);
	assert_int_equal(xenfs_framer_wants(&f), 0);
}

static void framer_longest_payload(void **state)
{
	struct xenfs_framer f = {};

	(void)state;
	f.hdr.len = XENSTORE_PAYLOAD_MAX;
	assert_int_equal(xenfs_framer_took(&f, 16), XENFS_FRAMER_HEADER);
	assert_int_equal(xenfs_framer_wants(&f), XENSTORE_PAYLOAD_MAX);
	assert_int_equal(xenfs_framer_took(&f, XENSTORE_PAYLOAD_MAX - 1),
			 XENFS_FRAMER_MORE);
	assert_int_equal(xenfs_framer_took(&f, 1), XENFS_FRAMER_MESSAGE);
}

static void framer_bad_header(void **state)
{
	static const u32 bad[] = { XENSTORE_PAYLOAD_MAX + 1, 5000, INT32_MAX,
				   (u32)INT32_MAX + 1, U32_MAX - 15, U32_MAX };
	size_t i;
	u32 split;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (split = 0; split < 16; split++) {
			struct xsd_sockmsg hdr = { .type = XS_READ,
						   .len = bad[i] };
			struct cutter c = {};
			char good[sizeof(hdr) + 4];

			put_message(good, XS_READ, 4);
			feed_all(&c, good, sizeof(good));
			feed_all(&c, (char *)&hdr, split);
			assert_int_equal(c.framer.taken, split);

			/* Again and again: the state stays as it was. */
			assert_int_equal(cutter_feed(&c, (char *)&hdr + split,
						     16 - split), 0);
			assert_int_equal(c.error, -E2BIG);
			assert_int_equal(c.framer.taken, split);
			assert_int_equal(xenfs_framer_took(&c.framer,
							   16 - split), -E2BIG);
			assert_int_equal(c.framer.taken, split);
			assert_int_equal(xenfs_framer_wants(&c.framer),
					 16 - split);
			assert_int_equal(c.messages, 1);
			cutter_free(&c);
		}
	}
}

/*
 * Syntax: W5
 */

static const struct {
	u32 type;
	const char *bytes;
	size_t len;
	int expected;
} payloads[] = {
	{ XS_CONTROL, BYTES(""), -EINVAL },
	{ XS_CONTROL, BYTES("print"), -EINVAL },
	{ XS_CONTROL, BYTES("help\0"), 0 },
	{ XS_CONTROL, BYTES("print\0text"), 0 },
	{ XS_CONTROL, BYTES("print\0text\0"), 0 },
	{ XS_CONTROL, BYTES("live-update\0-s\0-t\0" "60\0"), 0 },
	{ XS_CONTROL, BYTES("live-update\0-d\0" "8\0\1\2\3\0\5\6\7\0"), 0 },

	{ XS_WRITE, BYTES(""), -EINVAL },
	{ XS_WRITE, BYTES("/a"), -EINVAL },
	{ XS_WRITE, BYTES("/a\0"), 0 },
	{ XS_WRITE, BYTES("/a\0v"), 0 },
	{ XS_WRITE, BYTES("/a\0v\0"), 0 },
	{ XS_WRITE, BYTES("/a\0\0\0v\0\0"), 0 },
	{ XS_WRITE, BYTES("\0"), 0 },

	{ XS_SET_PERMS, BYTES(""), -EINVAL },
	{ XS_SET_PERMS, BYTES("/a"), -EINVAL },
	{ XS_SET_PERMS, BYTES("/a\0"), -EINVAL },
	{ XS_SET_PERMS, BYTES("/a\0n0"), -EINVAL },
	{ XS_SET_PERMS, BYTES("/a\0n0\0"), 0 },
	{ XS_SET_PERMS, BYTES("/a\0n0\0r1\0"), 0 },
	{ XS_SET_PERMS, BYTES("/a\0n0\0r1\0reserved"), 0 },
	{ XS_SET_PERMS, BYTES("/a/@b\0n0\0"), 0 },
	{ XS_SET_PERMS, BYTES("@introduceDomain\0n0\0"), 0 },
	{ XS_SET_PERMS, BYTES("@releaseDomain\0n0\0r1\0"), 0 },
	{ XS_SET_PERMS, BYTES("@\0n0\0"), -EINVAL },
	{ XS_SET_PERMS, BYTES("@other\0n0\0"), -EINVAL },
	{ XS_SET_PERMS, BYTES("@releaseDomain/1\0n0\0"), -EINVAL },
	{ XS_SET_PERMS, BYTES("@releasedomain\0n0\0"), -EINVAL },

	{ XS_SET_TARGET, BYTES("1\0"), -EINVAL },
	{ XS_SET_TARGET, BYTES("1\0" "2"), -EINVAL },
	{ XS_SET_TARGET, BYTES("1\0" "2\0"), 0 },

	{ XS_INTRODUCE, BYTES(""), -EINVAL },
	{ XS_INTRODUCE, BYTES("1\0"), -EINVAL },
	{ XS_INTRODUCE, BYTES("1\0" "2\0"), -EINVAL },
	{ XS_INTRODUCE, BYTES("1\0" "2\0" "3"), -EINVAL },
	{ XS_INTRODUCE, BYTES("1\0" "2\0" "3\0"), 0 },
	{ XS_INTRODUCE, BYTES("1\0" "2\0" "3\0/path"), 0 },
	{ XS_INTRODUCE, BYTES("1\0" "2\0" "3\0/path\0"), 0 },
	{ XS_INTRODUCE, BYTES("1\0-5\0" "3\0"), 0 },
	{ XS_INTRODUCE, BYTES("0\0" "2\0" "3\0"), -EINVAL },
	{ XS_INTRODUCE, BYTES("\0" "2\0" "3\0"), -EINVAL },
	{ XS_INTRODUCE, BYTES("4294967296\0" "2\0" "3\0"), -EINVAL },
	{ XS_INTRODUCE, BYTES("32751\0" "2\0" "3\0"), 0 },
	{ XS_INTRODUCE, BYTES("32752\0" "2\0" "3\0"), -EINVAL },

	{ XS_RELEASE, BYTES("1\0"), 0 },
	{ XS_RELEASE, BYTES("01\0"), 0 },
	{ XS_RELEASE, BYTES("0\0"), -EINVAL },
	{ XS_RELEASE, BYTES("00\0"), -EINVAL },
	{ XS_RELEASE, BYTES("-0\0"), -EINVAL },
	{ XS_RELEASE, BYTES("0x0\0"), -EINVAL },
	{ XS_RELEASE, BYTES(" 0\0"), -EINVAL },
	{ XS_RELEASE, BYTES("1x\0"), -EINVAL },
	{ XS_RELEASE, BYTES("4294967296\0"), -EINVAL },
	{ XS_RELEASE, BYTES("18446744073709551616\0"), -EINVAL },
	{ XS_RELEASE, BYTES("18446744073709551617\0"), -EINVAL },

	{ XS_GET_DOMAIN_PATH, BYTES("0\0"), 0 },
	{ XS_IS_DOMAIN_INTRODUCED, BYTES("0\0"), 0 },
	{ XS_RESUME, BYTES("0\0"), 0 },

	{ XS_DIRECTORY_PART, BYTES(""), -EINVAL },
	{ XS_DIRECTORY_PART, BYTES("/a"), -EINVAL },
	{ XS_DIRECTORY_PART, BYTES("/a\0" "0"), 0 },
	{ XS_DIRECTORY_PART, BYTES("/a\0" "0\0"), 0 },
	{ XS_DIRECTORY_PART, BYTES("/a\0" "0\0" "0\0"), -EINVAL },

	{ XS_TRANSACTION_START, BYTES(""), 0 },
	{ XS_TRANSACTION_START, BYTES("\0"), 0 },
	{ XS_TRANSACTION_START, BYTES("x"), 0 },

	{ XS_TRANSACTION_END, BYTES("T\0"), 0 },
	{ XS_TRANSACTION_END, BYTES("F\0"), 0 },
	{ XS_TRANSACTION_END, BYTES("T"), -EINVAL },
	{ XS_TRANSACTION_END, BYTES("\0"), -EINVAL },
	{ XS_TRANSACTION_END, BYTES("TT\0"), -EINVAL },
	{ XS_TRANSACTION_END, BYTES("t\0"), -EINVAL },
	{ XS_TRANSACTION_END, BYTES("T\0T\0"), -EINVAL },
	{ XS_TRANSACTION_END, BYTES("T\0F"), -EINVAL },

	{ XS_WATCH, BYTES(""), -EINVAL },
	{ XS_WATCH, BYTES("/a"), -EINVAL },
	{ XS_WATCH, BYTES("/a\0"), -EINVAL },
	{ XS_WATCH, BYTES("/a\0token"), -EINVAL },
	{ XS_WATCH, BYTES("/a\0token\0"), 0 },
	{ XS_WATCH, BYTES("\0\0"), 0 },
	{ XS_WATCH, BYTES("/a\0token\0reserved"), 0 },
	{ XS_WATCH, BYTES("/a\0token\0" "1\0"), 0 },
	{ XS_WATCH, BYTES("/a\0token\0" "1\0reserved"), 0 },
	{ XS_WATCH, BYTES("/a\0token\0\0"), -EINVAL },
	{ XS_WATCH, BYTES("/a\0token\0-1\0"), -EINVAL },
	{ XS_WATCH, BYTES("/a\0token\0x\0"), -EINVAL },
	{ XS_WATCH, BYTES("/a\0token\0" "1\0" "2\0"), -EINVAL },

	{ XS_UNWATCH, BYTES(""), -EINVAL },
	{ XS_UNWATCH, BYTES("/a\0"), -EINVAL },
	{ XS_UNWATCH, BYTES("/a\0token"), -EINVAL },
	{ XS_UNWATCH, BYTES("/a\0token\0"), 0 },
	{ XS_UNWATCH, BYTES("/a\0token\0reserved"), 0 },
	{ XS_UNWATCH, BYTES("/a\0token\0" "1\0"), -EINVAL },

	{ XS_RESET_WATCHES, BYTES(""), 0 },
	{ XS_RESET_WATCHES, BYTES("\0"), 0 },

	{ XS_WATCH_EVENT, BYTES("/a\0token\0"), -ENOSYS },
	{ XS_WATCH_EVENT, BYTES(""), -ENOSYS },
	{ XS_ERROR, BYTES("EIO\0"), -ENOSYS },
	{ XS_ERROR, BYTES(""), -ENOSYS },
	{ RESTRICT, BYTES("1\0"), -ENOSYS },
	{ RESTRICT, BYTES(""), -ENOSYS },
};

static void syntax_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		int ret = check(payloads[i].type, payloads[i].bytes,
				payloads[i].len);

		if (ret != payloads[i].expected)
			fail_msg("row %zu, type %u: %d, expected %d", i,
				 payloads[i].type, ret, payloads[i].expected);
	}
}

static void syntax_one_string(void **state)
{
	char longest[XENSTORE_PAYLOAD_MAX];
	u32 type;

	(void)state;
	memset(longest, '1', sizeof(longest));
	for (type = 0; type <= XS_DIRECTORY_PART; type++) {
		if (!wire_one_string(type))
			continue;
		assert_int_equal(check(type, BYTES("12\0")), 0);
		assert_int_equal(check(type, BYTES("")), -EINVAL);
		assert_int_equal(check(type, BYTES("1")), -EINVAL);
		assert_int_equal(check(type, BYTES("12")), -EINVAL);
		assert_int_equal(check(type, BYTES("12\0" "3")), -EINVAL);
		assert_int_equal(check(type, BYTES("12\0\0")), -EINVAL);
		assert_int_equal(check(type, BYTES("12\0" "3\0")), -EINVAL);
		assert_int_equal(check(type, BYTES("\0\0")), -EINVAL);

		longest[sizeof(longest) - 1] = '1';
		assert_int_equal(check(type, longest, sizeof(longest)),
				 -EINVAL);
		longest[sizeof(longest) - 1] = '\0';
		assert_int_equal(check(type, longest, sizeof(longest)),
				 type == XS_RELEASE ? -EINVAL : 0);
	}
}

/* What the table above says, in other words: nuls, and where the last is. */
static int expected(u32 type, const char *b, u32 len)
{
	u32 nuls = 0;
	bool one;
	u32 i;

	for (i = 0; i < len; i++)
		nuls += !b[i];
	one = nuls == 1 && !b[len - 1];

	switch (type) {
	case 1: case 2: case 3: case 10: case 12: case 13: case 17: case 18:
		return one ? 0 : -EINVAL;
	case 9: /* the alphabet's only digit is '1' */
		return one && strspn(b, "1") == len - 1 && len > 1 ?
		       0 : -EINVAL;
	case 7:
		return len == 2 && one && *b == 'T' ? 0 : -EINVAL;
	case 0: case 11:
		return nuls >= 1 ? 0 : -EINVAL;
	case 14: case 19:
		return nuls >= 2 ? 0 : -EINVAL;
	case 8:
		return nuls >= 3 && *b == '1' &&
		       strspn(b, "1") == strlen(b) ? 0 : -EINVAL;
	case 22:
		return nuls == 1 || nuls == 2 ? 0 : -EINVAL;
	case 5:
		return nuls == 2 ? 0 : -EINVAL;
	case 15: case 16: case 20:
		return -ENOSYS;
	case 4:
		if (nuls != 3)
			return nuls == 2 ? 0 : -EINVAL;
		b += strlen(b) + 1;
		b += strlen(b) + 1;
		return *b && strspn(b, "1") == strlen(b) ? 0 : -EINVAL;
	default:
		return 0;
	}
}

/* Every type, and every payload of up to six of these bytes. */
static void syntax_exhaustive(void **state)
{
	static const char alphabet[] = { '\0', '1', 'T', '/' };
	u32 type, len, n, i;

	(void)state;
	for (len = 0; len <= 6; len++) {
		for (n = 0; n < 1u << (2 * len); n++) {
			char bytes[6];
			char *body;

			for (i = 0; i < len; i++)
				bytes[i] = alphabet[n >> (2 * i) & 3];
			body = exact(bytes, len);
			for (type = 0; type < 30; type++) {
				struct xsd_sockmsg hdr = { .type = type,
							   .len = len };
				struct xenfs_arguments args;

				assert_int_equal(xenfs_message_parse(&hdr,
								     body,
								     &args),
						 expected(type, body, len));
			}
			free(body);
		}
	}
}

static void syntax_unknown_types(void **state)
{
	u32 type;

	(void)state;
	for (type = XS_DIRECTORY_PART + 1; type < 70000; type++) {
		assert_int_equal(check_tx(type, 0, BYTES("")), 0);
		assert_int_equal(check_tx(type, 5, BYTES("x")), 0);
	}
	assert_int_equal(check(U32_MAX, BYTES("x")), 0);
	assert_int_equal(check(1u << 31, BYTES("x")), 0);
}

static void start_within_transaction(void **state)
{
	(void)state;
	assert_int_equal(check_tx(XS_TRANSACTION_START, 1, BYTES("\0")),
			 -EBUSY);
	assert_int_equal(check_tx(XS_TRANSACTION_START, U32_MAX, BYTES("")),
			 -EBUSY);
	assert_int_equal(check_tx(XS_TRANSACTION_END, 1, BYTES("T\0")), 0);
	assert_int_equal(check_tx(XS_READ, 1, BYTES("/a\0")), 0);
}

/*
 * Watches: W5, E3
 */

static int parse(u32 type, const char *bytes, size_t len, const char *path,
		 const char *token, u32 depth)
{
	struct xsd_sockmsg hdr = { .type = type, .len = len };
	struct xenfs_arguments args;
	char *body = exact(bytes, len);
	int ret;

	memset(&args, 0xa5, sizeof(args));
	ret = xenfs_message_parse(&hdr, body, &args);
	if (!ret) {
		assert_string_equal(body, path);
		assert_int_equal(args.path_len, strlen(path) + 1);
		assert_string_equal(body + args.path_len, token);
		assert_int_equal(args.token_len, strlen(token) + 1);
		assert_int_equal(args.depth, depth);
	}
	free(body);
	return ret;
}

#define PARSE(type, literal, path, token, depth) \
	assert_int_equal(parse(type, BYTES(literal), path, token, depth), 0)
#define NO_PARSE(type, literal) \
	assert_int_equal(parse(type, BYTES(literal), "", "", 0), -EINVAL)

static void watch_arguments(void **state)
{
	(void)state;
	PARSE(XS_WATCH, "/a\0tok\0", "/a", "tok", XENFS_DEPTH_ANY);
	PARSE(XS_WATCH, "\0\0", "", "", XENFS_DEPTH_ANY);
	PARSE(XS_WATCH, "@releaseDomain\0\0", "@releaseDomain", "",
	      XENFS_DEPTH_ANY);
	PARSE(XS_WATCH, "/a\0tok\0" "7", "/a", "tok", XENFS_DEPTH_ANY);
	PARSE(XS_WATCH, "/a\0tok\0" "0\0", "/a", "tok", 0);
	PARSE(XS_WATCH, "/a\0tok\0" "12\0", "/a", "tok", 12);
	PARSE(XS_WATCH, "/a\0tok\0" "007\0", "/a", "tok", 7);
	PARSE(XS_WATCH, "/a\0tok\0" "12\0" "3", "/a", "tok", 12);
	PARSE(XS_WATCH, "/a\0tok\0" "4294967293\0", "/a", "tok", U32_MAX - 2);
	PARSE(XS_WATCH, "/a\0tok\0" "4294967295\0", "/a", "tok", U32_MAX - 1);
	PARSE(XS_WATCH, "/a\0tok\0" "99999999999999999999999\0", "/a", "tok",
	      U32_MAX - 1);
	PARSE(XS_UNWATCH, "/a\0tok\0", "/a", "tok", XENFS_DEPTH_ANY);
	PARSE(XS_UNWATCH, "/a\0tok\0xyz", "/a", "tok", XENFS_DEPTH_ANY);

	NO_PARSE(XS_WATCH, "");
	NO_PARSE(XS_WATCH, "/a");
	NO_PARSE(XS_WATCH, "/a\0");
	NO_PARSE(XS_WATCH, "/a\0tok");
	NO_PARSE(XS_WATCH, "/a\0tok\0\0");
	NO_PARSE(XS_WATCH, "/a\0tok\0+1\0");
	NO_PARSE(XS_WATCH, "/a\0tok\0 1\0");
	NO_PARSE(XS_WATCH, "/a\0tok\0" "1 \0");
	NO_PARSE(XS_WATCH, "/a\0tok\0" "1\n\0");
	NO_PARSE(XS_WATCH, "/a\0tok\0" "0x1\0");
	NO_PARSE(XS_WATCH, "/a\0tok\0-1\0");
	NO_PARSE(XS_WATCH, "/a\0tok\0" "1\0\0");
	NO_PARSE(XS_UNWATCH, "/a\0tok\0" "1\0");
	NO_PARSE(XS_UNWATCH, "/a\0tok");
	NO_PARSE(XS_UNWATCH, "");
}

/* Is the event at exactly this level? */
static void level(const char *watch, const char *event, u32 levels)
{
	char *w = exact(watch, strlen(watch) + 1);
	char *e = exact(event, strlen(event) + 1);
	u32 depth;

	for (depth = 0; depth < levels + 3; depth++)
		assert_int_equal(xenfs_event_within(w, e, depth),
				 depth >= levels);
	assert_true(xenfs_event_within(w, e, XENFS_DEPTH_ANY));
	assert_true(xenfs_event_within(w, e, XENFS_DEPTH_ANY - 1));
	free(w);
	free(e);
}

static void event_levels(void **state)
{
	(void)state;
	level("/a", "/a", 0);
	level("/a", "/a/b", 1);
	level("/a", "/a/b/c", 2);
	level("/a/b/c", "/a/b/c/d/e/f", 3);
	level("/", "/", 0);
	level("/", "/a", 1);
	level("/", "/a/b", 2);
	level("a", "a", 0);
	level("a", "a/b", 1);
	level("a/b", "a/b/c/d", 2);

	level("@releaseDomain", "@releaseDomain", 0);
	level("@releaseDomain", "@releaseDomain/5", 1);
	level("@introduceDomain", "@introduceDomain", 0);

	/* A removed parent, and what has nothing to do with the watch. */
	level("/a/b", "/a", 0);
	level("/a/b", "/", 0);
	level("/a", "", 0);
	level("", "", 0);
	level("/a", "/ab/c/d", 0);
	level("/a", "/b/c/d", 0);
	level("/", "@releaseDomain/5", 0);
}

/*
 * Transactions: T1, T2
 */

static int commits(const char *bytes, size_t len)
{
	struct xsd_sockmsg hdr = { .type = XS_TRANSACTION_END, .len = len };
	struct xenfs_arguments args;
	char *body = exact(bytes, len);
	int ret = xenfs_message_parse(&hdr, body, &args) ?: args.commit;

	free(body);
	return ret;
}

static void end_commits(void **state)
{
	(void)state;
	assert_int_equal(commits(BYTES("T\0")), 1);
	assert_int_equal(commits(BYTES("F\0")), 0);
	assert_int_equal(commits(BYTES("")), -EINVAL);
	assert_int_equal(commits(BYTES("T")), -EINVAL);
	assert_int_equal(commits(BYTES("TT")), -EINVAL);
	assert_int_equal(commits(BYTES("T\0\0")), -EINVAL);
	assert_int_equal(commits(BYTES("\0T")), -EINVAL);
}

/*
 * Replies: W5, W6, W7
 */

static void error_names(void **state)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ EINVAL, "EINVAL" }, { EACCES, "EACCES" },
		{ EEXIST, "EEXIST" }, { ENOENT, "ENOENT" },
		{ ENOMEM, "ENOMEM" }, { ENOSPC, "ENOSPC" }, { EIO, "EIO" },
		{ ENOSYS, "ENOSYS" }, { EBUSY, "EBUSY" }, { EAGAIN, "EAGAIN" },
		{ E2BIG, "E2BIG" }, { 0, "EINVAL" }, { EFAULT, "EINVAL" },
		{ 512, "EINVAL" }, { INT32_MAX, "EINVAL" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(xenfs_error_name(names[i].err),
				    names[i].name);
		assert_string_equal(xenfs_error_name(-names[i].err),
				    names[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		assert_string_equal(xenfs_error_name(-xsd_errors[i].errnum),
				    xsd_errors[i].errstring);
	assert_string_equal(xenfs_error_name(INT32_MIN), "EINVAL");
}

static void reply_is(const struct xsd_sockmsg *reply, const char *body,
		     u32 type, const char *text)
{
	assert_int_equal(reply->type, type);
	assert_int_equal(reply->req_id, 0x11223344);
	assert_int_equal(reply->tx_id, 0x55667788);
	assert_int_equal(reply->len, strlen(text) + 1);
	assert_string_equal(body, text);
}

static void replies(void **state)
{
	const struct xsd_sockmsg request = {
		.type = XS_WATCH, .req_id = 0x11223344, .tx_id = 0x55667788,
		.len = 99,
	};
	struct xsd_sockmsg reply;
	const char *body;

	(void)state;
	memset(&reply, 0xa5, sizeof(reply));
	body = xenfs_reply_error(&reply, &request, -ENOENT);
	reply_is(&reply, body, XS_ERROR, "ENOENT");

	memset(&reply, 0xa5, sizeof(reply));
	body = xenfs_reply_error(&reply, &request, EIO);
	reply_is(&reply, body, XS_ERROR, "EIO");

	memset(&reply, 0xa5, sizeof(reply));
	body = xenfs_reply_ok(&reply, &request);
	reply_is(&reply, body, XS_WATCH, "OK");

	/* A request turned into its own reply. */
	reply = request;
	body = xenfs_reply_error(&reply, &reply, -EINVAL);
	reply_is(&reply, body, XS_ERROR, "EINVAL");
	reply = request;
	body = xenfs_reply_ok(&reply, &reply);
	reply_is(&reply, body, XS_WATCH, "OK");
}

/*
 * Tokens
 */

static void token_is(unsigned long carrier, u32 id)
{
	char token[XENFS_TOKEN_MAX];
	char *copy;
	int len;

	memset(token, 'x', sizeof(token));
	len = xenfs_token_format(token, sizeof(token), carrier, id);
	assert_in_range(len, 3, XENFS_TOKEN_MAX - 1);
	assert_int_equal(len, strlen(token));

	/* The core reads the address so, up to the colon. */
	assert_int_equal(strtoul(token, NULL, 16), carrier);

	copy = exact(token, len + 1);
	assert_int_equal(xenfs_token_id(copy), id);
	free(copy);
}

static void tokens(void **state)
{
	char token[XENFS_TOKEN_MAX];
	u32 i;

	(void)state;
	for (i = 0; i < 32; i++) {
		token_is(~0ul << i, 1u << i);
		token_is(1ul << i, U32_MAX << i);
	}
	token_is(0, 0x09abcdef);
	token_is(~0ul, U32_MAX);
	assert_int_equal(xenfs_token_format(token, sizeof(token), ~0ul,
					    U32_MAX), XENFS_TOKEN_MAX - 1);
	assert_int_equal(xenfs_token_format(token, sizeof(token), 0xABCDEF,
					    0xfedcba), 13);
	assert_string_equal(token, "ABCDEF:fedcba");
}

static void tokens_garbage(void **state)
{
	static const char *const garbage[] = {
		"", ":", "FFFF", "FFFF:", "FFFF:0", "FFFF:g", "FFFF:1g",
		"FFFF:1:2", "FFFF:0x1", "FFFF: 1", "FFFF:1 ", "FFFF:1\n",
		"FFFF:-1", "FFFF:+1", "FFFF:A", "FFFF:100000000",
		"FFFF:ffffffff0",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		char *token = exact(garbage[i], strlen(garbage[i]) + 1);

		assert_int_equal(xenfs_token_id(token), 0);
		free(token);
	}
	assert_int_equal(xenfs_token_id("FFFF:ffffffff"), U32_MAX);
	assert_int_equal(xenfs_token_id("FFFF:00000001"), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(framer_any_split),
		cmocka_unit_test(framer_byte_by_byte),
		cmocka_unit_test(framer_random_splits),
		cmocka_unit_test(framer_states),
		cmocka_unit_test(framer_longest_payload),
		cmocka_unit_test(framer_bad_header),
		cmocka_unit_test(syntax_table),
		cmocka_unit_test(syntax_one_string),
		cmocka_unit_test(syntax_exhaustive),
		cmocka_unit_test(syntax_unknown_types),
		cmocka_unit_test(start_within_transaction),
		cmocka_unit_test(watch_arguments),
		cmocka_unit_test(event_levels),
		cmocka_unit_test(end_commits),
		cmocka_unit_test(error_names),
		cmocka_unit_test(replies),
		cmocka_unit_test(tokens),
		cmocka_unit_test(tokens_garbage),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}

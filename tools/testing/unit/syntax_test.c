// SPDX-License-Identifier: GPL-2.0
/* Whether a request is well formed: W5; and how a transaction ends: T1, T2 */
#include <stdlib.h>

#include "message_test.h"

#define RESTRICT	20	/* what became of XS_RESTRICT */

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

void syntax_table(void **state)
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

void syntax_one_string(void **state)
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
void syntax_exhaustive(void **state)
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

void syntax_unknown_types(void **state)
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

void start_within_transaction(void **state)
{
	(void)state;
	assert_int_equal(check_tx(XS_TRANSACTION_START, 1, BYTES("\0")),
			 -EBUSY);
	assert_int_equal(check_tx(XS_TRANSACTION_START, U32_MAX, BYTES("")),
			 -EBUSY);
	assert_int_equal(check_tx(XS_TRANSACTION_END, 1, BYTES("T\0")), 0);
	assert_int_equal(check_tx(XS_READ, 1, BYTES("/a\0")), 0);
}

static int commits(const char *bytes, size_t len)
{
	struct xsd_sockmsg hdr = { .type = XS_TRANSACTION_END, .len = len };
	struct xenfs_arguments args;
	char *body = exact(bytes, len);
	int ret = xenfs_message_parse(&hdr, body, &args) ?: args.commit;

	free(body);
	return ret;
}

void end_commits(void **state)
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

/* What is newer than this module may do anything. */
void looks_or_changes(void **state)
{
	static const u32 looks[] = {
		XS_DIRECTORY, XS_READ, XS_GET_PERMS, XS_WATCH, XS_UNWATCH,
		XS_TRANSACTION_START, XS_TRANSACTION_END, XS_GET_DOMAIN_PATH,
		XS_IS_DOMAIN_INTRODUCED, XS_RESET_WATCHES, XS_DIRECTORY_PART,
		23 /* GET_FEATURE */, 25 /* GET_QUOTA */,
	};
	unsigned int i = 0;
	u32 type;

	(void)state;
	for (type = 0; type < 1000; type++) {
		bool look = i < ARRAY_SIZE(looks) && type == looks[i];

		i += look;
		assert_int_equal(xenfs_message_changes(type), !look);
	}
	assert_int_equal(i, ARRAY_SIZE(looks));
	assert_true(xenfs_message_changes(U32_MAX));
}

// SPDX-License-Identifier: GPL-2.0
/* Watches: what they ask for, which events are theirs, their tokens: W5, E3 */
#include <stdlib.h>

#include "message_test.h"

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

void watch_arguments(void **state)
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

void event_levels(void **state)
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

void tokens(void **state)
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

void tokens_garbage(void **state)
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

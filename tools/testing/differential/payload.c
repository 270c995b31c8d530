// SPDX-License-Identifier: GPL-2.0
/* Payloads at random: what a type wants, and what it does not */
#include <string.h>

#include "payload.h"

void add(struct body *b, const void *bytes, uint32_t len)
{
	if (len > PAYLOAD_MAX - b->len)
		len = PAYLOAD_MAX - b->len;
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

void add_string(struct body *b, const char *s)
{
	add(b, s, strlen(s) + 1);
}

/* One byte many times: differs enough from its neighbours, and prints short */
static void add_run(struct body *b, char c, uint32_t len)
{
	char run[PAYLOAD_MAX];

	if (len > sizeof(run))
		len = sizeof(run);
	memset(run, c, len);
	add(b, run, len);
}

static const char * const good_paths[] = {
	"/d", "/d/a", "/d/a/b", "/d/a/b/c", "/d/x", "/d/x/y", "/d/x-1_z@2",
	"/d/n0", "/d/n0/n1/n2/n3/n4", "d", "d/a", "d/a/b",
	"/local/domain/0/d", "/local/domain/0/d/a",
};

static const char * const odd_paths[] = {
	"", "/", "//", "/d/", "/d//a", "/d/%", "d/", "/d/a b", "/d/a+b",
	"@foo", "@introduceDomain", "@releaseDomain", "@releaseDomain/7",
	"/d/a\x80", "/no/such/node", "/local", "/local/domain/0/d/", ".",
};

const char *good_path(struct random *r)
{
	return good_paths[below(r, sizeof(good_paths) / sizeof(good_paths[0]))];
}

static const char *pick_path(struct random *r, char *buf)
{
	static const uint16_t lengths[] = {
		250, 1023, 2040, 2047, 2048, 2049, 2064, 3060, 3071, 3072, 3073,
		4000, 4095,
	};
	unsigned int len;

	if (percent(r, 88))
		return good_path(r);
	if (percent(r, 85))
		return odd_paths[below(r, sizeof(odd_paths) /
					  sizeof(odd_paths[0]))];
	len = lengths[below(r, sizeof(lengths) / sizeof(lengths[0]))];
	memset(buf, 'l', len);
	memcpy(buf, percent(r, 70) ? "/d/" : "d/a", 3);
	buf[len] = '\0';
	return buf;
}

static void add_path(struct body *b, struct random *r)
{
	char buf[PAYLOAD_MAX];

	add_string(b, pick_path(r, buf));
}

void add_value(struct body *b, struct random *r)
{
	static const uint16_t lengths[] = {
		0, 0, 1, 1, 2, 5, 9, 16, 40, 100, 255, 256, 511, 1000, 1024,
		1025, 2000, 2040, 2048, 3000, 4000, 4096,
	};
	unsigned int left = lengths[below(r, sizeof(lengths) /
					     sizeof(lengths[0]))];
	unsigned int n;
	char c;

	while (left) {
		c = next(r);
		n = left > 16 ? 1 + below(r, left) : 1;
		add_run(b, c, n);
		left -= n;
	}
}

static const char *pick_token(struct random *r, char *buf, bool wide)
{
	static const char * const tokens[] = {
		"t", "t", "u", "v", "tok", "", "FFFF888004B4D000",
		"0:1", "a token, with blanks", "\xc3\xa4",
	};
	unsigned int len;

	if (!percent(r, 8))
		return tokens[below(r, sizeof(tokens) / sizeof(tokens[0]))];
	len = below(r, wide ? PAYLOAD_MAX : 1000);
	if (wide && percent(r, 50))
		len = PAYLOAD_MAX - 1 - below(r, 30);
	memset(buf, 'T', len);
	buf[len] = '\0';
	return buf;
}

static void add_token(struct body *b, struct random *r, bool wide)
{
	char buf[PAYLOAD_MAX];

	add_string(b, pick_token(r, buf, wide));
}

static void add_perms(struct body *b, struct random *r)
{
	static const char * const perms[] = {
		"n0", "r0", "b0", "w0", "n0", "r1", "b7", "n1000", "b32751",
		"x0", "n", "", "r0x", "n-1", "0",
	};
	unsigned int n = 1 + below(r, percent(r, 10) ? 8 : 3);

	while (n--)
		add_string(b, perms[below(r, percent(r, 80) ? 9 :
					  sizeof(perms) / sizeof(perms[0]))]);
}

static void add_domid(struct body *b, struct random *r)
{
	static const char * const ids[] = {
		"0", "999", "1000", "32751", "32752", "65535", "4294967296",
		"007", "0x0", "-1", "", "x", "999x",
	};

	add_string(b, ids[below(r, sizeof(ids) / sizeof(ids[0]))]);
}

static void add_control(struct body *b, struct random *r)
{
	static const char * const words[] = {
		"print", "help", "no-such-command", "nothing", "",
	};

	add_string(b, words[below(r, sizeof(words) / sizeof(words[0]))]);
	while (percent(r, 40))
		add_string(b, "word");
}

static void add_depth(struct body *b, struct random *r)
{
	static const char * const depths[] = {
		"0", "1", "2", "1", "0", "3", "4294967296", "007", "", "-1",
		"1x",
	};

	add_string(b, depths[below(r, percent(r, 85) ? 8 :
				   sizeof(depths) / sizeof(depths[0]))]);
}

/* What the type wants */
void fill(struct body *b, struct random *r, uint32_t type, bool wide)
{
	b->len = 0;
	switch (type) {
	case XS_CONTROL:
		return add_control(b, r);
	case XS_DIRECTORY:
	case XS_READ:
	case XS_GET_PERMS:
	case XS_MKDIR:
	case XS_RM:
		return add_path(b, r);
	case XS_WATCH:
	case XS_UNWATCH:
		add_path(b, r);
		add_token(b, r, wide);
		if (type == XS_WATCH && percent(r, 30))
			add_depth(b, r);
		if (percent(r, 4))
			add(b, "tail", 4);
		return;
	case XS_TRANSACTION_START:
		if (percent(r, 80))
			add_string(b, "");
		return;
	case XS_TRANSACTION_END:
		return add_string(b, percent(r, 65) ? "T" : "F");
	case XS_INTRODUCE:
		add_domid(b, r);
		add_string(b, "1");
		return add_string(b, "1");
	case XS_RELEASE:
	case XS_RESUME:
	case XS_IS_DOMAIN_INTRODUCED:
	case XS_GET_DOMAIN_PATH:
		return add_domid(b, r);
	case XS_WRITE:
		add_path(b, r);
		return add_value(b, r);
	case XS_SET_PERMS:
		add_path(b, r);
		return add_perms(b, r);
	case XS_SET_TARGET:
		add_string(b, "999");
		return add_domid(b, r);
	case XS_RESET_WATCHES:
		return add_string(b, "");
	case XS_DIRECTORY_PART:
		add_path(b, r);
		if (percent(r, 90))
			add_string(b, percent(r, 60) ? "0" : "3");
		return;
	default:
		return add_value(b, r);
	}
}

void spoil(struct body *b, struct random *r)
{
	switch (below(r, 6)) {
	case 0:
		b->len = 0;
		break;
	case 1:
		b->len -= b->len != 0;
		break;
	case 2:
		b->len = below(r, b->len + 1);
		break;
	case 3:
		add(b, "x", 1);
		break;
	case 4:
		add(b, "", 1);
		break;
	case 5:
		if (b->len)
			b->bytes[below(r, b->len)] = next(r);
		break;
	}
}

// SPDX-License-Identifier: GPL-2.0
/* Nodes: directories, also of more than a message, permissions, large values */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lx.h"
#include "tap.h"

#define MANY	300
/* What a guest's node may have is 2048. */
#define LARGEST	2000

static void directories(struct xs_handle *xs)
{
	unsigned int num = 0;
	char **names;

	ok(xs_mkdir(xs, XBT_NULL, ROOT "/dir"), "[W3] xs_mkdir");
	ok(xs_mkdir(xs, XBT_NULL, ROOT "/dir"), "[W3] again");
	names = xs_directory(xs, XBT_NULL, ROOT "/dir", &num);
	ok(names && num == 0, "[R1] xs_directory of an empty one");
	free(names);
	ok(lx_write(xs, XBT_NULL, ROOT "/dir/sub/a", "1") &&
	   lx_write(xs, XBT_NULL, ROOT "/dir/sub/b", "2"), "[W3] two below it");
	names = xs_directory(xs, XBT_NULL, ROOT "/dir/sub", &num);
	ok(names && num == 2 && !strcmp(names[0], "a") && !strcmp(names[1], "b"),
	   "[R1] xs_directory has both");
	free(names);
	ok(xs_rm(xs, XBT_NULL, ROOT "/dir"), "[W3] xs_rm of all");
	names = xs_directory(xs, XBT_NULL, ROOT "/dir/sub", &num);
	ok(!names, "[W3] nothing is there any more");
}

/* Names that together have no room in a message: DIRECTORY_PART */
static void many_names(struct xs_handle *xs)
{
	char path[80];
	unsigned int num = 0, i, good = 0;
	char **names;

	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), ROOT "/many/a-rather-long-name-%03u", i);
		good += lx_write(xs, XBT_NULL, path, "");
	}
	is(good, MANY, "[W3] %d children", MANY);
	names = xs_directory(xs, XBT_NULL, ROOT "/many", &num);
	is(num, MANY, "[W2, R1] xs_directory has them all");
	for (good = 0, i = 0; names && i < num; i++) {
		snprintf(path, sizeof(path), "a-rather-long-name-%03u", i);
		good += !strcmp(names[i], path);
	}
	is(good, MANY, "[R1] each by its name");
	free(names);
}

static void permissions(struct xs_handle *xs)
{
	struct xs_permissions set[] = {
		{ .id = 0, .perms = XS_PERM_NONE },
		{ .id = 1, .perms = XS_PERM_READ },
		{ .id = 2, .perms = XS_PERM_READ | XS_PERM_WRITE },
		{ .id = 3, .perms = XS_PERM_WRITE },
	};
	struct xs_permissions *have;
	unsigned int num = 0;

	ok(lx_write(xs, XBT_NULL, ROOT "/perms", "x"), "[W3] a node");
	ok(xs_set_permissions(xs, XBT_NULL, ROOT "/perms", set, 4),
	   "[W3] xs_set_permissions");
	have = xs_get_permissions(xs, XBT_NULL, ROOT "/perms", &num);
	ok(have && num == 4, "[R1] xs_get_permissions has four");
	ok(have && num == 4 && have[1].id == 1 && have[1].perms == XS_PERM_READ &&
	   have[2].id == 2 && have[2].perms == (XS_PERM_READ | XS_PERM_WRITE) &&
	   have[3].id == 3 && have[3].perms == XS_PERM_WRITE, "[R1] and these");
	free(have);
}

/* Each length up to the limit of a node ends elsewhere in what is read. */
static void large_values(struct xs_handle *xs)
{
	char value[LARGEST + 1];
	int len, good = 0, tried = 0;

	for (len = LARGEST; len > 0; len -= 61) {
		memset(value, 'a' + len % 26, len);
		value[len] = '\0';
		tried++;
		good += lx_write(xs, XBT_NULL, ROOT "/large", value) &&
			lx_reads(xs, XBT_NULL, ROOT "/large", value);
	}
	is(good, tried, "[W2, R1] values of up to %d bytes", LARGEST);
}

/* Header and payload are written one after the other, the payload in two pieces. */
static void largest_message(struct xs_handle *xs)
{
	static char value[4096];
	size_t len = sizeof(value) - sizeof(ROOT "/whole");

	memset(value, 'v', len);
	value[len] = '\0';
	ok(lx_write(xs, XBT_NULL, ROOT "/whole", value), "[W2] a message of 4096 bytes");
	ok(lx_reads(xs, XBT_NULL, ROOT "/whole", value), "[R1] can be read");
	ok(lx_write(xs, XBT_NULL, ROOT "/whole", "x"), "[W2] and a short one behind it");
}

void nodes(void)
{
	struct xs_handle *xs = lx_open();

	directories(xs);
	many_names(xs);
	permissions(xs);
	large_values(xs);
	largest_message(xs);
	xs_close(xs);
}

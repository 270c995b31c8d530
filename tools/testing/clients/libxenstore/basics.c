// SPDX-License-Identifier: GPL-2.0
/* One handle, one thread: each call, and each error */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lx.h"
#include "tap.h"

static void values(struct xs_handle *xs)
{
	static const char binary[] = "a\0b\xff\n";
	unsigned int len = 0;
	char *value;

	ok(lx_write(xs, XBT_NULL, ROOT "/a", "one"), "[W3] xs_write");
	ok(lx_reads(xs, XBT_NULL, ROOT "/a", "one"), "[R1] xs_read");
	ok(lx_write(xs, XBT_NULL, ROOT "/a", ""), "[W3] of no bytes");
	ok(lx_reads(xs, XBT_NULL, ROOT "/a", ""), "[R1] reads none");
	ok(xs_write(xs, XBT_NULL, ROOT "/a", binary, sizeof(binary) - 1),
	   "[W3] of nuls and other bytes");
	value = xs_read(xs, XBT_NULL, ROOT "/a", &len);
	ok(value && len == sizeof(binary) - 1 && !memcmp(value, binary, len),
	   "[R1] reads these");
	free(value);
	ok(lx_write(xs, XBT_NULL, "libxenstore", "relative"), "[W3] a relative path");
	ok(lx_reads(xs, XBT_NULL, "/local/domain/0/libxenstore", "relative"),
	   "[R1] is below the domain's own");
	ok(xs_rm(xs, XBT_NULL, "libxenstore"), "[W3] xs_rm of it");
}

static void errors(struct xs_handle *xs)
{
	static char huge[4097];

	lx_failed(xs_read(xs, XBT_NULL, ROOT "/none", NULL), ENOENT,
		  "[W3] xs_read of nothing there");
	lx_failed(xs_directory(xs, XBT_NULL, ROOT "/none", &(unsigned int){ 0 }),
		  ENOENT, "[W3] xs_directory of nothing there");
	lx_failed(xs_read(xs, XBT_NULL, "/wrong//path", NULL), EINVAL,
		  "[W3] xs_read of no path");
	lx_failed(xs_read(xs, XBT_NULL, "/bad letter?", NULL), EINVAL,
		  "[W3] of one with letters that it can't have");
	lx_failed(xs_rm(xs, XBT_NULL, ROOT "/no/parent"), ENOENT,
		  "[W3] xs_rm without a parent");
	ok(xs_rm(xs, XBT_NULL, ROOT "/none"), "[W3] of nothing there");
	lx_failed(xs_write(xs, XBT_NULL, ROOT "/huge", huge, sizeof(huge)), E2BIG,
		  "[W2] xs_write of more than a message");
	lx_failed(xs_transaction_end(xs, 4711, false), ENOENT,
		  "[W6] the end of a transaction that is none");
	lx_failed(xs_unwatch(xs, ROOT, "none"), ENOENT, "[E1] xs_unwatch of none");
	ok(lx_write(xs, XBT_NULL, ROOT "/after", "x"), "[W3] the handle goes on");
}

static void domains(struct xs_handle *xs)
{
	char *path = xs_get_domain_path(xs, 7);

	is_str(path, "/local/domain/7", "[W7] xs_get_domain_path");
	free(path);
	ok(xs_is_domain_introduced(xs, 0), "[W7] this domain is there");
	ok(!xs_is_domain_introduced(xs, 4711), "[W7] another is not");
}

void basics(void)
{
	struct xs_handle *xs = lx_open();

	values(xs);
	errors(xs);
	domains(xs);
	xs_close(xs);
}

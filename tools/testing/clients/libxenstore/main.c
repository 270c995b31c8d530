// SPDX-License-Identifier: GPL-2.0
/* libxenstore PART */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "lx.h"
#include "tap.h"

struct xs_handle *lx_open(void)
{
	struct xs_handle *xs = xs_open(0);

	if (!xs)
		bail("xs_open: %s", strerror(errno));
	return xs;
}

bool lx_write(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const char *value)
{
	return xs_write(xs, t, path, value, strlen(value));
}

bool lx_reads(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const char *want)
{
	unsigned int len = 0;
	char *value = xs_read(xs, t, path, &len);
	bool good = value && len == strlen(want) && !memcmp(value, want, len);

	if (!value)
		diag("%s: %s", path, strerror(errno));
	else if (!good)
		diag("%s: %u bytes, '%.40s'", path, len, value);
	free(value);
	return good;
}

void lx_failed(bool done, int want, const char *what)
{
	int err = errno;

	is(done ? 0 : err, want, "%s", what);
}

bool lx_event(struct xs_handle *xs, const char *path, const char *token)
{
	char **event = NULL;
	bool good;

	while (!event) {
		if (!poll_for(xs_fileno(xs), POLLIN, DEADLINE_MS)) {
			diag("no event");
			return false;
		}
		event = xs_check_watch(xs);
		if (!event && errno != EAGAIN) {
			diag("xs_check_watch: %s", strerror(errno));
			return false;
		}
	}
	good = !strcmp(event[XS_WATCH_PATH], path) &&
	       !strcmp(event[XS_WATCH_TOKEN], token);
	if (!good)
		diag("the event is %s %s", event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
	free(event);
	return good;
}

bool lx_quiet(struct xs_handle *xs)
{
	return !poll_for(xs_fileno(xs), POLLIN, QUIET_MS);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} parts[] = {
		{ "basics", basics }, { "nodes", nodes }, { "handles", handles },
		{ "threads", threads }, { "forks", forks }, { "watches", watches },
		{ "transactions", transactions },
	};
	struct xs_handle *xs;
	size_t i;

	tap_begin(140);
	xs = lx_open();
	xs_rm(xs, XBT_NULL, ROOT);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc == 2 && !strcmp(argv[1], parts[i].name))
			parts[i].fn();
	xs_rm(xs, XBT_NULL, ROOT);
	xs_close(xs);
	return tap_end();
}

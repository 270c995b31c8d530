// SPDX-License-Identifier: GPL-2.0
/* Events that the parts of the test expect, and make */
#include <string.h>

#include "call.h"
#include "deadline.h"
#include "tap.h"
#include "target.h"
#include "watch.h"

bool is_event(const struct msg *m, const char *path, const char *token)
{
	return m->hdr.type == XS_WATCH_EVENT && !strcmp(event_path(m), path) &&
	       !strcmp(event_token(m), token);
}

bool expect_event(struct client *c, const char *path, const char *token)
{
	struct msg m;
	int err = client_event(c, &m, DEADLINE_MS);

	if (err) {
		diag("no event of %.60s: %s", path, strerror(-err));
		return false;
	}
	if (is_event(&m, path, token))
		return true;
	diag("expected an event of %.60s (%.60s), got %.60s (%.60s)", path,
	     token, event_path(&m), event_token(&m));
	return false;
}

void touch(const char *path)
{
	struct client *c = client_open(socket_path());

	call_write(c, 0, path, "touched");
	client_close(c);
}

bool watch_and_initial(struct client *c, const char *path, const char *token)
{
	int err = call_watch(c, XS_WATCH, path, token);

	if (err)
		diag("WATCH %.60s: %d", path, err);
	return !err && expect_event(c, path, token);
}

// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "store.h"
#include "tap.h"
#include "target.h"

const char *peek(const char *path)
{
	static struct msg m;
	struct client *c = client_open(socket_path());
	int err = call_string(c, XS_READ, 0, path, &m);

	client_close(c);
	return err ? NULL : m.body;
}

static char root[64];

static void remove_subtree(void)
{
	struct client *c = client_open(socket_path());

	call_string(c, XS_RM, 0, root, NULL);
	client_close(c);
}

void subtree(const char *name)
{
	struct client *c = client_open(socket_path());
	int err;

	snprintf(root, sizeof(root), "/test/%s", name);
	call_string(c, XS_RM, 0, root, NULL);
	err = call_string(c, XS_MKDIR, 0, root, NULL);
	client_close(c);
	if (err)
		bail("cannot make %s: %d", root, err);
	atexit(remove_subtree);
}

// SPDX-License-Identifier: GPL-2.0
/* Those that do no wrong, and one that does */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "life.h"
#include "tap.h"
#include "target.h"

bool others_work(void)
{
	struct client *c = client_new();
	int err = call_string(c, XS_READ, 0, KEY, NULL);

	client_close(c);
	if (err)
		diag("another open: %s", strerror(abs(err)));
	return err == 0;
}

void flood_child(unsigned int max)
{
	static char buf[64 * 64];
	struct client *c = client_new();
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < 64; i++)
		len += msg_string(buf + len, XS_READ, i, 0, KEY);
	client_block(c, true);
	if (is_stock())
		len /= 64;	/* it takes one a write */
	for (i = 0; i < max; i++)
		if (write(c->fd, buf, len) < 0)
			break;
	for (;;)
		pause();
}

// SPDX-License-Identifier: GPL-2.0
/* Buffers that can't be read: W8 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "pages.h"
#include "stream.h"
#include "tap.h"

/* Two messages of which only the first bytes can be read */
static bool one_fault(const char *buf, size_t len, size_t at)
{
	struct client *c = client_new();
	char *edge = fault_edge(at);
	ssize_t n;
	bool good;

	memcpy(edge, buf, at);
	n = write(c->fd, edge, len);
	good = n >= 0 ? n <= (ssize_t)at : errno == EFAULT;
	if (!good)
		diag("write: %zd, errno %d", n, n < 0 ? errno : 0);
	if (n < 0)
		n = 0;
	good = good && !client_raw(c, buf + n, len - n) &&
	       two_replies_alone(c, "fault");
	client_close(c);
	return good;
}

void faults(void)
{
	char buf[256];
	size_t at, len = two_messages(buf, "fault");
	struct client *c = client_new();
	ssize_t n;

	n = write(c->fd, fault_page(), len);
	ok(n == -1 && errno == EFAULT, "[W8] a buffer that isn't there: EFAULT");
	ok(still_works(c), "[W8] and nothing happened to the stream");
	client_raw(c, buf, 5);
	n = write(c->fd, fault_page(), len - 5);
	ok(n == -1 && errno == EFAULT, "[W8] the same in the middle of a message");
	ok(!client_raw(c, buf + 5, len - 5) && two_replies(c, "fault"),
	   "[W8] which can be completed then");
	client_close(c);
	for (at = 1; at < len; at++)
		if (!one_fault(buf, len, at))
			break;
	ok(at == len, "[W8] two messages that fault at every byte go on from the count");
	if (at < len)
		diag("failed with %zu readable bytes of %zu", at, len);
}

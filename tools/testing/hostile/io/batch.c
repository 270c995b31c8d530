// SPDX-License-Identifier: GPL-2.0
/* The requests that all of it is about */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

char batch[1024];
size_t batch_len;
char replies[512];
size_t replies_len;

void make_batch(void)
{
	char value[401];
	static struct msg m;
	struct client *c = client_new();
	uint32_t i;

	memset(value, 'x', 400);
	value[400] = '\0';
	batch_len = msg_string(batch, XS_READ, 1, 0, KEY);
	batch_len += msg_write_req(batch + batch_len, 2, 0, ROOT "/long", value);
	batch_len += msg_string(batch + batch_len, XS_READ, 3, 0, KEY);
	for (i = 1; i <= 3; i++) {
		if (i == 2)
			msg_build(&m, XS_WRITE, i, 0, "OK", 3);
		else
			msg_build(&m, XS_READ, i, 0, VALUE, strlen(VALUE));
		memcpy(replies + replies_len, &m, HEADER + m.hdr.len);
		replies_len += HEADER + m.hdr.len;
	}
	client_close(c);
}

bool read_exactly(struct client *c, char *buf, size_t len)
{
	long end = now_ms() + PATIENCE_MS;
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		if (!(poll_for(c->fd, POLLIN, end - now_ms()) & POLLIN))
			return false;
		n = read(c->fd, buf + have, len - have);
		if (n <= 0)
			return false;
		have += n;
	}
	return true;
}

bool answers(struct client *c)
{
	static char in[sizeof(replies)];

	memset(in, 0, sizeof(in));
	return read_exactly(c, in, replies_len) && !memcmp(in, replies, replies_len);
}

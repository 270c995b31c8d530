// SPDX-License-Identifier: GPL-2.0
/* Requests and replies that the parts of the test share */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

bool expect(struct client *c, uint32_t id, uint32_t type)
{
	struct msg m;
	int err = client_reply(c, &m);

	if (err) {
		diag("no reply to request %u: %s", id, strerror(-err));
		return false;
	}
	if (m.hdr.req_id == id && m.hdr.type == type)
		return true;
	diag("expected reply %u of type %u, got %u of type %u (%s)", id, type,
	     m.hdr.req_id, m.hdr.type, m.body);
	return false;
}

bool expect_value(struct client *c, uint32_t id, const char *value)
{
	struct msg m;
	int err = client_reply(c, &m);

	if (err) {
		diag("no reply to request %u: %s", id, strerror(-err));
		return false;
	}
	if (m.hdr.req_id == id && m.hdr.type == XS_READ &&
	    !strcmp(m.body, value))
		return true;
	diag("expected '%s' for request %u, got '%s' (type %u) for %u", value,
	     id, m.body, m.hdr.type, m.hdr.req_id);
	return false;
}

bool still_works(struct client *c)
{
	int err = call_write(c, 0, ROOT "/alive", "yes");

	if (err)
		diag("a later request of the same open: %d", err);
	return err == 0;
}

size_t two_messages(char *buf, const char *value)
{
	size_t len = msg_write_req(buf, 1, 0, ROOT "/two-messages", value);

	return len + msg_string(buf + len, XS_READ, 2, 0,
				ROOT "/two-messages");
}

bool two_replies(struct client *c, const char *value)
{
	return expect(c, 1, XS_WRITE) && expect_value(c, 2, value);
}

bool two_replies_alone(struct client *c, const char *value)
{
	char buf[256];

	return two_replies(c, value) &&
	       !client_raw(c, buf, msg_string(buf, XS_READ, 3, 0,
					      ROOT "/two-messages")) &&
	       expect_value(c, 3, value);
}

unsigned int in_order(struct client *c, unsigned int first, unsigned int n,
		      uint32_t type)
{
	unsigned int i;

	for (i = 0; i < n && expect(c, first + i, type); i++)
		;
	return i;
}

size_t key_request(char *buf, uint32_t type, unsigned int i)
{
	char path[64], value[32];

	snprintf(path, sizeof(path), ROOT "/key/%03u", i);
	snprintf(value, sizeof(value), "value-%03u", i);
	if (type == XS_WRITE)
		return msg_write_req(buf, i, 0, path, value);
	return msg_string(buf, type, i, 0, path);
}

unsigned int right_keys(void)
{
	struct client *c = client_open(socket_path());
	char path[64], value[32];
	unsigned int i, right = 0;
	struct msg m;

	for (i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), ROOT "/key/%03u", i);
		snprintf(value, sizeof(value), "value-%03u", i);
		if (!call_string(c, XS_READ, 0, path, &m) &&
		    !strcmp(m.body, value))
			right++;
	}
	call_string(c, XS_RM, 0, ROOT "/key", NULL);
	client_close(c);
	return right;
}

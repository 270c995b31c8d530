// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "tap.h"

int call_by(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	    size_t len, struct msg *reply,
	    int (*wait)(struct client *c, uint32_t req_id, struct msg *reply))
{
	static __thread struct msg scratch;
	uint32_t id = client_send(c, type, tx_id, body, len);
	int err;

	if (!id)
		return -errno;
	if (!reply)
		reply = &scratch;
	err = wait(c, id, reply);
	return err ? err : msg_error(reply);
}

static int next_reply(struct client *c, uint32_t req_id, struct msg *reply)
{
	int err = client_reply(c, reply);

	if (!err && reply->hdr.req_id != req_id) {
		diag("reply to request %u, expected %u", reply->hdr.req_id,
		     req_id);
		err = -EPROTO;
	}
	return err;
}

int call(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	 size_t len, struct msg *reply)
{
	return call_by(c, type, tx_id, body, len, reply, next_reply);
}

int call_string(struct client *c, uint32_t type, uint32_t tx_id,
		const char *string, struct msg *reply)
{
	return call(c, type, tx_id, string, strlen(string) + 1, reply);
}

int call_write(struct client *c, uint32_t tx_id, const char *path,
	       const char *value)
{
	char body[PAYLOAD_MAX];

	return call(c, XS_WRITE, tx_id, body, pair(body, path, value), NULL);
}

int call_watch(struct client *c, uint32_t type, const char *path,
	       const char *token)
{
	char body[PAYLOAD_MAX];
	size_t len = pair(body, path, token);

	body[len++] = '\0';
	return call(c, type, 0, body, len, NULL);
}

int call_start(struct client *c, uint32_t *tx_id)
{
	struct msg m;
	int err = call(c, XS_TRANSACTION_START, 0, "", 1, &m);

	*tx_id = err ? 0 : strtoul(m.body, NULL, 10);
	return err;
}

int call_end(struct client *c, uint32_t tx_id, bool commit)
{
	return call_string(c, XS_TRANSACTION_END, tx_id, commit ? "T" : "F",
			   NULL);
}

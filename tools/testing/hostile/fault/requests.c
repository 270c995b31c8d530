// SPDX-License-Identifier: GPL-2.0
/* Requests to which something happens, and requests that must be answered */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"

struct msg reply;

uint32_t tx;
char request[HEADER + PAYLOAD_MAX];
size_t request_len;

bool clean(int err)
{
	return err == ENOMEM || err == EFAULT;
}

void prepare(uint32_t type, uint32_t tx_id, const void *body, size_t len)
{
	request_len = msg_build(request, type, 77, tx_id, body, len);
}

void read_before(struct client *c)
{
	(void)c;
	prepare(XS_READ, 0, LARGE, sizeof(LARGE));
}

void start_before(struct client *c)
{
	(void)c;
	prepare(XS_TRANSACTION_START, 0, "", 1);
}

long send_it(struct client *c)
{
	return write(c->fd, request, request_len);
}

int finish(struct client *c, long ret, int err)
{
	size_t done = ret > 0 ? ret : 0;

	if (ret < 0 && !clean(err)) {
		diag("write: %s", strerror(err));
		return -1;
	}
	if (client_raw(c, request + done, request_len - done))
		return -1;
	err = reply_to(c, 77, &reply);
	return err ? err : msg_error(&reply);
}

int watch(struct client *c, uint32_t type)
{
	return patient_call(c, type, 0, WATCHED "\0t", sizeof(WATCHED "\0t"), &reply);
}

void start_tx(struct client *c)
{
	tx = patient_call(c, XS_TRANSACTION_START, 0, "", 1, &reply) ? 0 :
	     strtoul(reply.body, NULL, 10);
}

int end_tx(struct client *c)
{
	return patient_call(c, XS_TRANSACTION_END, tx, "T", 2, &reply);
}

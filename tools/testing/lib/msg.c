// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "tap.h"

size_t msg_build(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		 const void *body, size_t len)
{
	struct xsd_sockmsg hdr = { type, req_id, tx_id, len };

	memcpy(buf, &hdr, HEADER);
	if (len)
		memcpy((char *)buf + HEADER, body, len);
	return HEADER + len;
}

size_t pair(char *body, const char *path, const char *value)
{
	size_t len = strlen(path) + 1;

	memcpy(body, path, len);
	memcpy(body + len, value, strlen(value));
	return len + strlen(value);
}

size_t msg_write_req(void *buf, uint32_t req_id, uint32_t tx_id,
		     const char *path, const char *value)
{
	char body[PAYLOAD_MAX];

	return msg_build(buf, XS_WRITE, req_id, tx_id, body,
			 pair(body, path, value));
}

size_t msg_string(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		  const char *string)
{
	return msg_build(buf, type, req_id, tx_id, string, strlen(string) + 1);
}

const char *error_name(int err)
{
	unsigned int i;

	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (xsd_errors[i].errnum == err)
			return xsd_errors[i].errstring;
	return "?";
}

int msg_error(const struct msg *m)
{
	unsigned int i;

	if (m->hdr.type != XS_ERROR)
		return 0;
	for (i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (!strcmp(xsd_errors[i].errstring, m->body))
			return xsd_errors[i].errnum;
	/* oxenstored's own word, which the protocol does not have */
	if (!strcmp(m->body, "EQUOTA"))
		return EDQUOT;
	diag("a server error without a name: '%s'", m->body);
	return EPROTO;
}

const char *event_path(const struct msg *m)
{
	return m->body;
}

const char *event_token(const struct msg *m)
{
	return m->body + strlen(m->body) + 1;
}

void msgs_add(struct msg **msgs, unsigned int *nr, const struct msg *m)
{
	*msgs = realloc(*msgs, (*nr + 1) * sizeof(*m));
	if (!*msgs)
		bail("no memory for messages");
	(*msgs)[(*nr)++] = *m;
}

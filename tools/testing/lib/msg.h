/* SPDX-License-Identifier: GPL-2.0 */
/* Messages: requests to build, replies and events to look at */
#ifndef MSG_H
#define MSG_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define PAYLOAD_MAX	XENSTORE_PAYLOAD_MAX
#define HEADER		sizeof(struct xsd_sockmsg)

struct msg {
	struct xsd_sockmsg hdr;
	char body[PAYLOAD_MAX + 1];	/* a nul is added for the reader */
};

/* Append a message to buf; returns its length. */
size_t msg_build(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		 const void *body, size_t len);
/* "path\0value" without a nul at the end; returns its length */
size_t pair(char *body, const char *path, const char *value);
size_t msg_write_req(void *buf, uint32_t req_id, uint32_t tx_id,
		     const char *path, const char *value);
size_t msg_string(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		  const char *string);

/* The errno that an XS_ERROR names, EDQUOT for oxenstored's EQUOTA; 0 for any other reply */
int msg_error(const struct msg *m);
/* How the wire names an errno; "?" if it does not */
const char *error_name(int err);
const char *event_path(const struct msg *m);
const char *event_token(const struct msg *m);

/* Append a copy to a list of *nr, which is to be freed. */
void msgs_add(struct msg **msgs, unsigned int *nr, const struct msg *m);

#endif

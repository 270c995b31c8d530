/* SPDX-License-Identifier: GPL-2.0 */
/* Calls: a request, and the wait for its reply */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

/* Send, and wait so; 0, the errno that the server named, or -errno. */
int call_by(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	    size_t len, struct msg *reply,
	    int (*wait)(struct client *c, uint32_t req_id, struct msg *reply));
/* Send and wait; 0, the errno that the server named, or -errno. */
int call(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	 size_t len, struct msg *reply);
int call_string(struct client *c, uint32_t type, uint32_t tx_id,
		const char *string, struct msg *reply);
int call_write(struct client *c, uint32_t tx_id, const char *path,
	       const char *value);
int call_watch(struct client *c, uint32_t type, const char *path,
	       const char *token);
int call_start(struct client *c, uint32_t *tx_id);
int call_end(struct client *c, uint32_t tx_id, bool commit);

#endif

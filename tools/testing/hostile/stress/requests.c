// SPDX-License-Identifier: GPL-2.0
/* Requests of every type, and some that are malformed */
#include <stdio.h>
#include <string.h>

#include "stress.h"

static const uint32_t types[] = {
	XS_DIRECTORY, XS_READ, XS_GET_PERMS, XS_WATCH, XS_UNWATCH,
	XS_TRANSACTION_START, XS_TRANSACTION_END, XS_GET_DOMAIN_PATH, XS_WRITE,
	XS_MKDIR, XS_RM, XS_SET_PERMS, XS_IS_DOMAIN_INTRODUCED,
	XS_RESET_WATCHES, XS_DIRECTORY_PART,
};

static size_t good_request(struct worker *w, char *buf)
{
	uint32_t type = types[any(w, sizeof(types) / sizeof(types[0]))];
	char body[PAYLOAD_MAX], path[64];
	size_t len;

	/* The stock driver would drop everybody's watches. */
	if (is_stock() && type == XS_RESET_WATCHES)
		type = XS_READ;
	snprintf(path, sizeof(path), ROOT "/stress/%u", any(w, 20));
	switch (type) {
	case XS_WATCH:
	case XS_UNWATCH:
		len = pair(body, path, any(w, 2) ? "a" : "bb") + 1;
		body[len - 1] = '\0';
		break;
	case XS_WRITE:
		len = pair(body, path, "");
		memset(body + len, 'v', 4000);
		len += any(w, 8) ? any(w, 40) : any(w, 4000);
		break;
	case XS_SET_PERMS:
		len = pair(body, path, "n0") + 1;
		body[len - 1] = '\0';
		break;
	case XS_TRANSACTION_START:
		return msg_build(buf, type, any(w, 1000), 0, "", 1);
	case XS_TRANSACTION_END:
		return msg_string(buf, type, any(w, 1000), any(w, 50) + w->tx++ % 3,
				  any(w, 2) ? "T" : "F");
	case XS_GET_DOMAIN_PATH:
	case XS_IS_DOMAIN_INTRODUCED:
		return msg_string(buf, type, any(w, 1000), 0, "0");
	case XS_DIRECTORY_PART:
		len = pair(body, path, "0") + 1;
		body[len - 1] = '\0';
		break;
	default:
		len = strlen(path) + 1;
		memcpy(body, path, len);
	}
	return msg_build(buf, type, any(w, 1000), any(w, 4) ? 0 : any(w, 200),
			 body, len);
}

/*
 * Some of it breaks the syntax. Nothing here is for the whole host, as CONTROL
 * or INTRODUCE are, and no path is above our own.
 */
static size_t bad_request(struct worker *w, char *buf)
{
	char body[64];
	size_t i, len = any(w, sizeof(body));

	for (i = 0; i < len; i++)
		body[i] = any(w, 3) ? '\0' : 'a' + any(w, 26);
	return msg_build(buf, types[any(w, sizeof(types) / sizeof(types[0]))],
			 any(w, 1000), any(w, 2), body, len);
}

void refill(struct worker *w)
{
	w->len = 0;
	w->at = 0;
	do {
		if (any(w, 8) || is_stock())
			w->len += good_request(w, w->stream + w->len);
		else
			w->len += bad_request(w, w->stream + w->len);
	} while (w->len < sizeof(w->stream) - 2 * PAGE && any(w, 4) && !is_stock());
}

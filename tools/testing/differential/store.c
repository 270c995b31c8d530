// SPDX-License-Identifier: GPL-2.0
/* The store: the same at the beginning of each run, and looked at in the end */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "run.h"
#include "tap.h"
#include "target.h"

static struct client *control;

/* It can't be made shorter without a server: say all there is to say. */
__attribute__((noreturn))
static void server_lost(const struct run *r, const struct run *before, int err)
{
	const struct entry *e;
	unsigned int i;

	if (!r->t || !r->t->broken)
		r = before;
	printf("# The server is gone, while this was run over the %s, in step %u:\n",
	       r->file ? "file" : "socket", r->step);
	if (r->s)
		text_print(stdout, "#     ", r->s);
	for (i = 0; r->t && i < MAX_CONNS; i++) {
		e = &r->t->entries[i][r->t->n[i] - 1];
		if (r->t->n[i])
			printf("# Last on connection %u: %s, of item %u\n", i,
			       e->note ? e->note : type_name(e->hdr.type),
			       e->uid);
	}
	bail("the server does not answer: %s", strerror(-err));
}

static size_t put(char *buf, uint32_t type, const char *body, size_t len)
{
	return msg_build(buf, type, SYNC_ID, 0, body, len);
}

#define PUT(type, body) \
	(len += put(buf + len, type, body, sizeof(body) - 1), n++)

void reset_store(struct run *r)
{
	static struct run before;
	unsigned int n = 0;
	char buf[1024];
	size_t len = 0;
	int err;

	PUT(XS_RM, "/d\0");
	PUT(XS_RM, "d\0");
	if (!server_is_c())	/* takes that for a path */
		PUT(XS_RM, "@foo\0");
	PUT(XS_WRITE, "/d/a\0one");
	PUT(XS_WRITE, "/d/a/b\0");
	PUT(XS_WRITE, "/d/x\0a value");
	PUT(XS_SET_PERMS, "/d/x\0n0\0r1\0");
	PUT(XS_WRITE, "d/a\0three");
	PUT(XS_DIRECTORY_PART, "/d\0000\0");
	err = client_raw(control, buf, len);
	while (n-- && !err)
		err = client_reply(control, &last);
	if (err)
		server_lost(r, &before, err);
	before = *r;
	r->generation = strtoull(last.body, NULL, 10);
	if (last.hdr.type != (server_is_c() ? XS_DIRECTORY_PART : XS_ERROR))
		bail("the store cannot be made: '%s'", last.body);
}

void read_store(struct run *r)
{
	unsigned int n = 0;
	char buf[1024];
	size_t len = 0;
	struct entry *e;
	int err;

	PUT(XS_READ, "/d/a\0");
	PUT(XS_READ, "/d/a/b\0");
	PUT(XS_READ, "/d/x/y\0");
	PUT(XS_GET_PERMS, "/d/x\0");
	PUT(XS_DIRECTORY, "/d\0");
	PUT(XS_DIRECTORY, "/d/x\0");
	PUT(XS_DIRECTORY, "d\0");
	err = client_raw(control, buf, len);
	while (n-- && !err) {
		err = client_reply(control, &last);
		if (err)
			break;
		e = append(r, CONTROL);
		e->hdr = last.hdr;
		e->body = keep(r->t, last.body, last.hdr.len);
	}
	if (err)
		server_lost(r, r, err);
}

/* Generations from before are to be told from those of a run: count some. */
void store_init(void)
{
	struct run r = { .s = NULL };
	unsigned int i;

	control = client_open(socket_path());
	for (i = 0; i < RESET_CHANGES; i++)
		reset_store(&r);
}

// SPDX-License-Identifier: GPL-2.0
/* What came back in a run, and what happened instead */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "tap.h"

#define MEMORY_MAX	(16 * 1024 * 1024)
#define ENTRIES_MAX	8192

void transcript_begin(struct transcript *t)
{
	unsigned int i;

	if (!t->memory) {
		t->memory = malloc(MEMORY_MAX);
		for (i = 0; i <= MAX_CONNS; i++)
			t->entries[i] = calloc(ENTRIES_MAX,
					       sizeof(struct entry));
		if (!t->memory || !t->entries[MAX_CONNS])
			bail("no memory");
	}
	memset(t->n, 0, sizeof(t->n));
	t->used = 0;
	t->broken = false;
}

char *keep(struct transcript *t, const void *bytes, size_t len)
{
	char *copy = t->memory + t->used;

	if (len >= MEMORY_MAX - t->used)
		bail("a transcript is too long");
	memcpy(copy, bytes, len);
	copy[len] = '\0';
	t->used += len + 1;
	return copy;
}

struct entry *add_entry(struct run *r, unsigned int conn, unsigned int at)
{
	struct transcript *t = r->t;
	struct entry *e = &t->entries[conn][at];

	if (t->n[conn] == ENTRIES_MAX)
		bail("a transcript is too long");
	memmove(e + 1, e, (t->n[conn]++ - at) * sizeof(*e));
	memset(e, 0, sizeof(*e));
	e->step = r->step;
	return e;
}

struct entry *append(struct run *r, unsigned int conn)
{
	return add_entry(r, conn, r->t->n[conn]);
}

void broken(struct run *r, unsigned int conn, uint32_t uid, const char *what,
	    int err)
{
	struct entry *e = append(r, conn);
	char note[128];

	snprintf(note, sizeof(note), "%s%s%s", what, err ? ": " : "",
		 err ? strerror(err) : "");
	e->uid = uid;
	e->note = keep(r->t, note, strlen(note));
	r->t->broken = true;
}

bool is_event(const struct entry *e)
{
	return !e->note && e->hdr.type == XS_WATCH_EVENT;
}

bool same_bytes(const struct entry *a, const struct entry *b)
{
	return a->hdr.len == b->hdr.len &&
	       !memcmp(a->body, b->body, a->hdr.len);
}

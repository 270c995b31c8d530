// SPDX-License-Identifier: GPL-2.0
/* Sequences as such */
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "tap.h"

static char *body_copy(const char *body, uint32_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		bail("no memory");
	if (len)
		memcpy(copy, body, len);
	copy[len] = '\0';
	return copy;
}

void sequence_clear(struct sequence *s)
{
	unsigned int i;

	for (i = 0; i < s->n; i++)
		free(s->items[i].body);
	s->n = 0;
}

/* @to is empty, or holds nothing at all */
void sequence_copy(struct sequence *to, const struct sequence *from)
{
	struct item *it;
	unsigned int i;

	*to = *from;
	for (i = 0; i < to->n; i++) {
		it = &to->items[i];
		if (it->op == OP_MESSAGE)
			it->body = body_copy(it->body, it->len);
	}
}

void sequence_remove(struct sequence *s, unsigned int first, unsigned int n)
{
	struct item *items = s->items;
	unsigned int i;

	if (first + n < s->n && items[first + n].joined &&
	    (!items[first].joined || items[first].conn != items[first + n].conn))
		items[first + n].joined = false;
	for (i = first; i < first + n; i++)
		free(items[i].body);
	memmove(items + first, items + first + n,
		(s->n - first - n) * sizeof(*items));
	s->n -= n;
}

unsigned int sequence_messages(const struct sequence *s)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->n; i++)
		n += s->items[i].op == OP_MESSAGE;
	return n;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The watches that a connection to the socket has, with the depth that only
 * the file knows: the server reports more than the file may.
 */
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "tap.h"

#define HOME	"/local/domain/0/"

struct watch {
	char *path;
	char *token;
	unsigned long depth;
	bool deep;		/* no depth was given */
};

struct watches {
	struct watch list[MAX_ITEMS];
	unsigned int n;
};

struct watches *watches_new(void)
{
	struct watches *w = calloc(1, sizeof(*w));

	if (!w)
		bail("no memory");
	return w;
}

static void forget(struct watches *w, unsigned int i)
{
	free(w->list[i].path);
	free(w->list[i].token);
	w->list[i] = w->list[--w->n];
}

static void forget_all(struct watches *w)
{
	while (w->n)
		forget(w, 0);
}

void watches_free(struct watches *w)
{
	if (w)
		forget_all(w);
	free(w);
}

static const char *absolute(char *buf, const char *path)
{
	if (*path == '/' || *path == '@')
		return path;
	strcpy(buf, HOME);
	return strcat(buf, path);
}

static bool same_path(const char *a, const char *b)
{
	char abs_a[PAYLOAD_MAX + sizeof(HOME)], abs_b[sizeof(abs_a)];

	return !strcmp(absolute(abs_a, a), absolute(abs_b, b));
}

static void add(struct watches *w, const struct item *it)
{
	struct watch *watch;

	if (w->n == MAX_ITEMS)
		bail("too many watches");
	watch = &w->list[w->n++];
	watch->path = strdup(it->body);
	watch->token = strdup(it->body + string_end(it, 1));
	watch->deep = !string_end(it, 3);
	watch->depth = watch->deep ? 0 :
		       strtoul(it->body + string_end(it, 2), NULL, 10);
}

static void drop(struct watches *w, const char *path, const char *token)
{
	unsigned int i;

	for (i = 0; i < w->n; i++) {
		if (strcmp(w->list[i].token, token) ||
		    !same_path(w->list[i].path, path))
			continue;
		forget(w, i);
		return;
	}
}

/* The server has answered: note what that makes of the watches. */
void watches_replied(struct watches *w, const struct item *it, bool ok)
{
	if (!ok)
		return;
	if (it->type == XS_RESET_WATCHES)
		forget_all(w);
	else if (it->type == XS_WATCH)
		add(w, it);
	else if (it->type == XS_UNWATCH)
		drop(w, it->body, it->body + string_end(it, 1));
}

/* Levels of @path below @top; 0 also if it is above, -1 if it is elsewhere. */
static long level(const char *top, const char *path)
{
	size_t len = strlen(top);
	long levels = 0;

	if (!strcmp(top, path))
		return 0;
	if (!strcmp(top, "/"))
		len = 0;
	if (strncmp(top, path, len) || path[len] != '/')
		return -1;
	for (path += len; *path; path++)
		levels += *path == '/';
	return levels;
}

bool watches_want(const struct watches *w, const char *path, const char *token)
{
	const struct watch *watch;
	bool known = false;
	unsigned int i;
	long at;

	for (i = 0; i < w->n; i++) {
		watch = &w->list[i];
		at = level(watch->path, path);
		if (strcmp(watch->token, token) || at < 0)
			continue;
		known = true;
		if (watch->deep || (unsigned long)at <= watch->depth)
			return true;
	}
	return !known;
}

bool watches_any(const struct watches *w)
{
	return w->n;
}

unsigned int watches_count(const struct watches *w)
{
	return w->n;
}

unsigned int watches_paths(const struct watches *w, const char **list,
			   unsigned int n)
{
	unsigned int i, j;

	for (i = 0; i < w->n; i++) {
		for (j = 0; j < n && strcmp(list[j], w->list[i].path); j++)
			;
		if (j == n)
			list[n++] = w->list[i].path;
	}
	return n;
}

/* Do two watches have the same token? Then events of both may be alike. */
bool watches_alike(const struct watches *w)
{
	unsigned int i, j;

	for (i = 0; i < w->n; i++)
		for (j = 0; j < i; j++)
			if (!strcmp(w->list[i].token, w->list[j].token))
				return true;
	return false;
}

/* ... and is it unknown then to which of them such an event belongs? */
bool watches_ambiguous(const struct watches *w)
{
	unsigned int i;

	for (i = 0; i < w->n; i++)
		if (!w->list[i].deep)
			return watches_alike(w);
	return false;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * xenstore-tree - what xenstore-ls prints, for less
 *
 * xenstore-ls asks for one thing at a time, three for a node, and waits for each. Here
 * up to a window of requests are at the server; what is printed first is asked for
 * first, so little is kept that can't be printed yet.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"
#include "store.h"

/* Of a node is asked: */
enum ask { VALUE, PERMS, CHILDREN, ASKS };

struct answer {
	char *body;			/* NULL: an error */
	size_t len;
};

struct node {
	struct node *next;		/* in the order of printing */
	char *path;
	const char *name;		/* in @path */
	unsigned int depth;
	unsigned int asked;		/* how many of the following, in that order */
	unsigned int answered;
	struct answer answers[ASKS];
	bool in_pieces;			/* too many children for one reply */
	char generation[24];		/* of those pieces */
	char *error;			/* why its children could not be had */
};

struct pending {
	struct node *node;		/* NULL: free */
	enum ask ask;
};

static struct store *store;
static struct node *first;		/* the one to be printed next */
static struct pending *pending;		/* by req_id */
static unsigned int in_flight;
static bool with_perms;

static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		err(1, "memory");
	return p;
}

static struct node *node_new(const char *path, const char *name, unsigned int depth)
{
	struct node *node = allocate(sizeof(*node));
	size_t len = strlen(path);

	node->path = allocate(len + strlen(name) + 2);
	sprintf(node->path, "%s%s%s", path, len && path[len - 1] == '/' ? "" : "/", name);
	node->name = node->path + strlen(node->path) - strlen(name);
	node->depth = depth;
	return node;
}

/* The one that a listing was asked of, which is not printed itself */
static struct node *root_new(const char *path)
{
	struct node *node = allocate(sizeof(*node));

	node->path = strdup(path);
	if (!node->path)
		err(1, "memory");
	node->name = node->path;
	node->asked = CHILDREN;
	node->answered = CHILDREN;
	return node;
}

static bool is_root(const struct node *node)
{
	return node->name == node->path;
}

static void node_free(struct node *node)
{
	int i;

	for (i = 0; i < ASKS; i++)
		free(node->answers[i].body);
	free(node->error);
	free(node->path);
	free(node);
}

/* --- Asking ------------------------------------------------------------- */

static void ask(struct node *node, enum ask what, const char *offset)
{
	static const enum store_type types[] = {
		STORE_READ, STORE_GET_PERMS, STORE_DIRECTORY,
	};
	uint32_t id = 0;

	while (pending[id].node)
		id++;
	pending[id] = (struct pending){ node, what };
	in_flight++;
	store_request(store, offset ? STORE_DIRECTORY_PART : types[what], id,
		      node->path, offset);
}

static void ask_next(struct node *node)
{
	if (node->asked == PERMS && !with_perms) {
		node->asked++;
		node->answered++;
	}
	ask(node, node->asked++, NULL);
}

/* As many as may be, those first that are printed first. */
static void ask_more(void)
{
	struct node *node;

	for (node = first; node; node = node->next)
		while (node->asked < ASKS) {
			if (in_flight == store_window(store))
				return;
			ask_next(node);
		}
}

/* --- Answers ------------------------------------------------------------ */

static void add_children(struct node *parent)
{
	struct answer *names = &parent->answers[CHILDREN];
	struct node *last = parent, *child;
	const char *name;

	for (name = names->body; name < names->body + names->len;
	     name += strlen(name) + 1) {
		child = node_new(parent->path, name, parent->depth + !is_root(parent));
		child->next = last->next;
		last->next = child;
		last = child;
	}
}

static void append(struct answer *a, const char *bytes, size_t len)
{
	/* A NUL behind it, always */
	a->body = realloc(a->body, a->len + len + 1);
	if (!a->body)
		err(1, "memory");
	memcpy(a->body + a->len, bytes, len);
	a->len += len;
	a->body[a->len] = '\0';
}

/*
 * A piece of a list that is longer than a reply: the generation of the node, names,
 * and behind the last of all an empty one. With another generation one begins anew.
 * Returns whether it was the last piece.
 */
static bool add_piece(struct node *node, const struct reply *r)
{
	struct answer *names = &node->answers[CHILDREN];
	size_t generation = strnlen(r->body, r->len) + 1;

	if (generation > sizeof(node->generation) || generation > r->len)
		errx(1, "%s: a piece of its list that is none", node->path);
	if (!names->len)
		strcpy(node->generation, r->body);
	if (strcmp(node->generation, r->body)) {
		names->len = 0;
		return false;
	}
	append(names, r->body + generation, r->len - generation);
	if (names->len > 1 && names->body[names->len - 2])
		return false;
	names->len -= names->len > 0;
	return true;
}

static void children_answered(struct node *node, const struct reply *r)
{
	struct answer *names = &node->answers[CHILDREN];
	char offset[24];

	if (r->error && !strcmp(r->error, "E2BIG") && !node->in_pieces) {
		node->in_pieces = true;
	} else if (r->error) {
		/* What is gone meanwhile has no children. */
		if (is_root(node) || strcmp(r->error, "ENOENT"))
			node->error = strdup(r->error);
		return;
	} else if (!node->in_pieces) {
		append(names, r->body, r->len);
		add_children(node);
		return;
	} else if (add_piece(node, r)) {
		add_children(node);
		return;
	}
	node->answered--;
	snprintf(offset, sizeof(offset), "%zu", names->len);
	ask(node, CHILDREN, offset);
}

static void take_reply(void)
{
	struct pending *p;
	struct node *node;
	struct reply r;

	store_reply(store, &r);
	if (r.id >= store_window(store) || !pending[r.id].node)
		errx(1, "a reply to nothing, %u", r.id);
	p = &pending[r.id];
	node = p->node;
	p->node = NULL;
	in_flight--;
	node->answered++;
	if (p->ask == CHILDREN)
		children_answered(node, &r);
	else if (!r.error)
		append(&node->answers[p->ask], r.body, r.len);
}

/* --- Printing ----------------------------------------------------------- */

static void print(const struct node *node)
{
	struct line line = {
		.path = node->path,
		.name = node->name,
		.depth = node->depth,
		.value = node->answers[VALUE].body,
		.len = node->answers[VALUE].len,
		.perms = node->answers[PERMS].body,
		.perms_len = node->answers[PERMS].len,
	};

	if (!is_root(node))
		print_line(&line);
	if (!node->error)
		return;
	fflush(stdout);
	errx(1, "%s: %s", node->path, store_error(node->error));
}

static void print_complete(void)
{
	struct node *node;

	while (first && first->answered == ASKS) {
		node = first;
		print(node);
		first = node->next;
		node_free(node);
	}
}

static void tree(const char *path)
{
	first = root_new(path);
	while (first) {
		/* A wake-up for several: half of them are back before more go. */
		if (in_flight <= store_window(store) / 2)
			ask_more();
		store_flush(store);
		take_reply();
		print_complete();
	}
}

static void usage(FILE *to)
{
	fputs("usage: xenstore-tree [-f] [-p] [PATH...]\n"
	      "Print a subtree of xenstore, or all of it, as xenstore-ls does.\n"
	      "  -f  whole paths\n"
	      "  -p  permissions\n"
	      "XENSTORED_PATH: the file or the socket to use, if not the usual one\n", to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "flat", no_argument, NULL, 'f' },
		{ "prefix", no_argument, NULL, 'p' },
		{ }
	};
	bool flat = false;
	int c;

	/* -s says nothing any more to xenstore-ls either. */
	while ((c = getopt_long(argc, argv, "hfps", options, NULL)) != -1)
		switch (c) {
		case 'f':
			flat = true;
			break;
		case 'p':
			with_perms = true;
			break;
		case 's':
			break;
		default:
			usage(c == 'h' ? stdout : stderr);
			return c != 'h';
		}
	print_init(flat, with_perms);
	store = store_open();
	pending = allocate(store_window(store) * sizeof(*pending));
	if (optind == argc)
		tree("/");
	for (; optind < argc; optind++)
		tree(argv[optind]);
	if (fflush(stdout) || ferror(stdout))
		err(1, "standard output");
	return 0;
}

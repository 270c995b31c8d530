/* SPDX-License-Identifier: GPL-2.0 */
/* A node as xenstore-ls prints it */
#ifndef PRINT_H
#define PRINT_H

#include <stdbool.h>
#include <stddef.h>

struct line {
	const char *path, *name;
	unsigned int depth;
	const char *value;		/* NULL: it could not be read */
	size_t len;
	const char *perms;		/* as the server sent them; NULL likewise */
	size_t perms_len;
};

/* Whole paths instead of names; permissions, too */
void print_init(bool flat, bool perms);
void print_line(const struct line *line);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* The opens of the file, as their fdinfo shows them */
#ifndef OPENS_H
#define OPENS_H

#include <sys/types.h>

struct open_file {
	unsigned long number;		/* tells opens apart */
	pid_t pid;			/* one that has it; others may, too */
	char program[32];
	unsigned long requests, events;	/* so far */
	unsigned long queued, in_flight, unread, watches, transactions;
	unsigned long bytes;		/* of kernel memory, but for what each open takes */
	char waits_for[16];		/* empty: nothing */
};

struct opens {
	struct open_file *files;	/* by number */
	unsigned int n;
};

/* All that this process may see; exits if there is no memory. */
struct opens opens_now(void);
void opens_free(struct opens *opens);
/* The same open in another list, or NULL */
const struct open_file *opens_find(const struct opens *opens, unsigned long number);

#endif

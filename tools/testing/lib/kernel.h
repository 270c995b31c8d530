/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel tells of itself, and is told, in files */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/* Write to a file of the kernel's; says why if that fails. */
bool file_put(const char *path, const char *text);
/*
 * All of a file, or the beginning of what is longer: @text, or NULL, says why, and it is
 * empty, if it can't be read.
 */
const char *file_text(const char *path, char *text, size_t size);
/* The number that a file begins with; -1 if there is none */
long file_number(const char *path);

/* Is it one for x86? */
bool is_x86(void);

/*
 * Can the machine be put to sleep, but for the last step? Tasks, workqueues and
 * devices are, and wake at once. If not, it says that it skips @what.
 */
bool can_sleep(const char *what);
/* 0, or the errno for which it stays awake */
int sleep_once(void);

/* All there are; or those where our memory is from, and less of that of others */
enum slabs {
	ALL_SLABS,
	OUR_SLABS,
};

/*
 * Bytes in objects of the kernel's slab caches; free ones that are kept for later
 * are not counted.
 */
long slab_bytes(enum slabs which);
/*
 * When it has got no less for two seconds: what was given back is freed a grace
 * period later, by work that has to have its turn.
 */
long slab_bytes_at_rest(enum slabs which);
/* Does a debug kernel add to each object what makes it two to five times as large? */
bool slabs_are_padded(void);

#endif

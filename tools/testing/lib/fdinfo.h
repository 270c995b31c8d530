/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel shows of an open, in /proc/PID/fdinfo/FD */
#ifndef FDINFO_H
#define FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All of it, as it is at one time, or the beginning of what is longer */
struct fdinfo {
	char text[16 * 1024];
};

/* Says why if it can't be read; it is empty then. */
bool fdinfo_read(struct fdinfo *info, pid_t pid, int fd);
/* The value in the first line of that name; NULL if there is none */
const char *fdinfo_line(const struct fdinfo *info, const char *name,
			char *value, size_t size);
/* The number that it begins with; -1 if there is no such line */
long fdinfo_number(const struct fdinfo *info, const char *name);
/* The same of an open as it is now */
long held(pid_t pid, int fd, const char *name);

#endif

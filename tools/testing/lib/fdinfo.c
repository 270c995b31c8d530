// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdinfo.h"
#include "kernel.h"

bool fdinfo_read(struct fdinfo *info, pid_t pid, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	return file_text(path, info->text, sizeof(info->text));
}

/* The first line is the kernel's own, as for any file. */
static const char *find(const struct fdinfo *info, const char *name)
{
	char start[64];
	const char *line;

	snprintf(start, sizeof(start), "\n%s:\t", name);
	line = strstr(info->text, start);
	return line ? line + strlen(start) : NULL;
}

const char *fdinfo_line(const struct fdinfo *info, const char *name,
			char *value, size_t size)
{
	const char *text = find(info, name);

	if (!text)
		return NULL;
	snprintf(value, size, "%s", text);
	value[strcspn(value, "\n")] = '\0';
	return value;
}

long fdinfo_number(const struct fdinfo *info, const char *name)
{
	const char *text = find(info, name);

	return text ? atol(text) : -1;
}

long held(pid_t pid, int fd, const char *name)
{
	struct fdinfo info;

	return fdinfo_read(&info, pid, fd) ? fdinfo_number(&info, name) : -1;
}

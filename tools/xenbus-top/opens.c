// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "opens.h"

/*
 * No socket, pipe or the like. A file's name says nothing: it may be bound anywhere, and
 * that may be gone, when it is "/".
 */
static bool may_be_xenbus(const char *link)
{
	char first;

	return readlink(link, &first, 1) == 1 && first == '/';
}

static const struct {
	const char *name;
	size_t where;
} numbers[] = {
#define FIELD(name, member) { name, offsetof(struct open_file, member) }
	FIELD("open", number),
	FIELD("requests", requests),
	FIELD("requests-queued", queued),
	FIELD("requests-in-flight", in_flight),
	FIELD("messages-unread", unread),
	FIELD("events", events),
	FIELD("watches", watches),
	FIELD("transactions", transactions),
};

static void take_line(struct open_file *file, char *line)
{
	char *value = strchr(line, ':');
	size_t len;
	unsigned int i;

	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, "\t ");
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(line, numbers[i].name))
			*(unsigned long *)((char *)file + numbers[i].where) =
				strtoul(value, NULL, 10);
	len = strlen(line);
	if (len > 6 && !strcmp(line + len - 6, "-bytes"))
		file->bytes += strtoul(value, NULL, 10);
	if (!strcmp(line, "waits-for"))
		snprintf(file->waits_for, sizeof(file->waits_for), "%.*s",
			 (int)strcspn(value, "\n"), value);
}

/* The kernel's own driver shows nothing there. */
static bool read_fdinfo(const char *path, struct open_file *file)
{
	FILE *f = fopen(path, "re");
	bool at_start = true;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		bool whole = strchr(line, '\n');

		/* What is in the rest of a long one is a client's: a watch's path. */
		if (at_start)
			take_line(file, line);
		at_start = whole;
	}
	if (f)
		fclose(f);
	return file->number;
}

/* A program calls itself what it likes; what a terminal obeys is not passed on. */
static void name_program(struct open_file *file)
{
	char path[64], *c;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", file->pid);
	f = fopen(path, "re");
	if (!f || !fgets(file->program, sizeof(file->program), f))
		strcpy(file->program, "?");
	if (f)
		fclose(f);
	file->program[strcspn(file->program, "\n")] = '\0';
	for (c = file->program; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static int by_number(const void *a, const void *b)
{
	const struct open_file *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void add(struct opens *opens, const struct open_file *file)
{
	opens->files = realloc(opens->files, (opens->n + 1) * sizeof(*file));
	if (!opens->files)
		err(1, "memory");
	opens->files[opens->n++] = *file;
}

static void add_process(struct opens *opens, pid_t pid)
{
	char path[300];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		struct open_file file = { .pid = pid };

		snprintf(path, sizeof(path), "/proc/%d/fd/%.32s", pid, entry->d_name);
		if (!isdigit(entry->d_name[0]) || !may_be_xenbus(path))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.32s", pid, entry->d_name);
		if (!read_fdinfo(path, &file))
			continue;
		name_program(&file);
		add(opens, &file);
	}
	if (dir)
		closedir(dir);
}

/* Several descriptors, and processes, may have one open: the first counts. */
static void drop_twins(struct opens *opens)
{
	unsigned int i, n = 0;

	for (i = 0; i < opens->n; i++)
		if (!n || opens->files[n - 1].number != opens->files[i].number)
			opens->files[n++] = opens->files[i];
	opens->n = n;
}

struct opens opens_now(void)
{
	struct opens opens = { 0 };
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		err(1, "/proc");
	while ((entry = readdir(proc)))
		if (isdigit(entry->d_name[0]))
			add_process(&opens, atoi(entry->d_name));
	closedir(proc);
	if (opens.n)
		qsort(opens.files, opens.n, sizeof(opens.files[0]), by_number);
	drop_twins(&opens);
	return opens;
}

void opens_free(struct opens *opens)
{
	free(opens->files);
	*opens = (struct opens){ 0 };
}

const struct open_file *opens_find(const struct opens *opens, unsigned long number)
{
	const struct open_file key = { .number = number };

	if (!opens->n)
		return NULL;
	return bsearch(&key, opens->files, opens->n, sizeof(key), by_number);
}

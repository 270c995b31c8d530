// SPDX-License-Identifier: GPL-2.0
/*
 * Made to be equal to what xenstore-ls prints, with all its ways: on a terminal a
 * line is cut at its width, elsewhere at 80; with whole paths it is cut on a terminal
 * only, and on one of unknown width, as consoles are, not at all. Dots lead to the
 * permissions, if the value ends before column 60.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "print.h"

/* What is around a value that is cut: _=_"..." */
#define AROUND		8

static bool show_path, show_perms;
static long width = 80, perms_column = 60;

void print_init(bool flat, bool perms)
{
	struct winsize ws = { 0 };

	show_path = flat;
	show_perms = perms;
	if (flat) {
		width = INT_MAX / 2;
		perms_column = 0;
	}
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws))
		width = ws.ws_col - 2;
}

/* One byte of a value; returns how many characters, at most 4. */
static int escape(char *to, unsigned char c)
{
	static const char special[] = "\tt\nn\rr\\\\";
	const char *s;

	if (c >= ' ' && c <= '~' && c != '\\') {
		*to = c;
		return 1;
	}
	*to++ = '\\';
	for (s = special; *s; s += 2)
		if (c == (unsigned char)*s) {
			*to = s[1];
			return 2;
		}
	/* Small ones in octal: what follows may be a digit. */
	return 1 + sprintf(to, c < 010 ? "%03o" : "x%02x", c);
}

/* Prints at most @max characters, all if that is negative; returns how many. */
static long print_value(const char *value, size_t len, long max)
{
	long printed = 0;
	char one[8];
	size_t i;
	int n;

	for (i = 0; i < len && (max < 0 || printed < max); i++) {
		n = escape(one, value[i]);
		if (max >= 0 && printed + n > max)
			n = max - printed;
		fwrite(one, 1, n, stdout);
		printed += n;
	}
	return printed;
}

static long print_name(const struct line *line)
{
	long column, max;
	int n;

	if (show_path) {
		fputs(line->path, stdout);
		return 0;
	}
	for (column = 0; column < (long)line->depth; column++)
		putchar(' ');
	max = width - AROUND - column;
	n = strlen(line->name);
	if (max >= 0 && n > max)
		n = max;
	fwrite(line->name, 1, n, stdout);
	return column + n;
}

static void print_dots(long column)
{
	putchar(' ');
	for (column++; column < perms_column && column < width; column++)
		putchar(column & 1 ? '.' : ' ');
}

static void print_whole_value(const struct line *line, long column)
{
	fputs(" = \"", stdout);
	column += 5 + print_value(line->value, line->len, -1);
	putchar('"');
	if (show_perms)
		print_dots(column);
}

static void print_cut_value(const struct line *line, long column)
{
	fputs(" = \"", stdout);
	print_value(line->value, line->len, width - AROUND - column);
	fputs("\\...\"", stdout);
}

static void print_perms(const struct line *line)
{
	const char *p = line->perms, *end = p + line->perms_len;

	if (!p) {
		fprintf(stderr, "xenstore-tree: no permissions of %s\n", line->path);
		return;
	}
	fputs("  (", stdout);
	for (; p < end; p += strlen(p) + 1)
		printf("%s%s", p == line->perms ? "" : ",", p);
	putchar(')');
}

void print_line(const struct line *line)
{
	long column = print_name(line);

	if (!line->value)
		fputs(":\n", stdout);
	else if (width >= 0 && width < column + (long)line->len + AROUND)
		print_cut_value(line, column);
	else
		print_whole_value(line, column);
	if (show_perms)
		print_perms(line);
	putchar('\n');
}

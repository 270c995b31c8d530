// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"

void (*tap_at_alarm)(void);
static unsigned int tests, failures;

static void on_alarm(int sig)
{
	static const char text[] = "Bail out! the whole program took too long\n";

	(void)sig;
	if (tap_at_alarm)
		tap_at_alarm();
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

int slow(void)
{
	const char *factor = getenv("XENFS_SLOW");

	return factor && atoi(factor) > 0 ? atoi(factor) : 1;
}

void tap_begin(unsigned int seconds)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	signal(SIGALRM, on_alarm);
	signal(SIGPIPE, SIG_IGN);
	alarm(seconds * slow());
}

int tap_end(void)
{
	printf("1..%u\n", tests);
	return failures ? 1 : 0;
}

/* One that names no clause of the ABI fails: nobody could say what it proves. */
static bool result(bool good, const char *fmt, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, args);
	if (text[0] != '[') {
		diag("this test names no clause:");
		good = false;
	}
	printf("%sok %u - %s\n", good ? "" : "not ", ++tests, text);
	if (!good)
		failures++;
	return good;
}

bool ok(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result(good, fmt, args);
	va_end(args);
	return good;
}

bool is(long got, long want, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	result(got == want, fmt, args);
	va_end(args);
	if (got != want)
		diag("expected %ld, got %ld", want, got);
	return got == want;
}

bool is_str(const char *got, const char *want, const char *fmt, ...)
{
	bool good = got && !strcmp(got, want);
	va_list args;

	va_start(args, fmt);
	result(good, fmt, args);
	va_end(args);
	if (!good)
		diag("expected '%s', got '%s'", want, got ? got : "(nothing)");
	return good;
}

void diag(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void skip(const char *why, const char *fmt, ...)
{
	va_list args;

	printf("ok %u - ", ++tests);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
}

void bail(const char *fmt, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(1);
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results in the Test Anything Protocol. A description starts with the clause
 * that it tests, in brackets: "[W1] one byte at a time".
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>

#define PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

/* How many times longer all may take here: a debug kernel (XENFS_SLOW) */
int slow(void);
/* Start; the program dies with a message after that many seconds. */
void tap_begin(unsigned int seconds);
/* Called before that death, in a signal handler */
extern void (*tap_at_alarm)(void);
/* The plan; returns what main() should return. */
int tap_end(void);

bool ok(bool good, const char *fmt, ...) PRINTF(2, 3);
/* As ok(), and a failure says what was wanted and what came. */
bool is(long got, long want, const char *fmt, ...) PRINTF(3, 4);
bool is_str(const char *got, const char *want, const char *fmt, ...) PRINTF(3, 4);

void diag(const char *fmt, ...) PRINTF(1, 2);
void skip(const char *why, const char *fmt, ...) PRINTF(2, 3);
void bail(const char *fmt, ...) PRINTF(1, 2) __attribute__((noreturn));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Debian's libxenstore. Its path is XENSTORED_PATH: xs_open() connects to it, if it
 * is a socket, and opens it otherwise. Its flags change nothing of that.
 */
#ifndef LX_H
#define LX_H

#include <stdbool.h>
#include <stdint.h>
#include <xenstore.h>

#define ROOT	"/test/libxenstore"

/* A handle, or the end of the program */
struct xs_handle *lx_open(void);
/* Write a string. */
bool lx_write(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const char *value);
/* Is that what is read? */
bool lx_reads(struct xs_handle *xs, xs_transaction_t t, const char *path,
	      const char *want);
/* That failed, with this errno. */
void lx_failed(bool done, int want, const char *what);
/* The next event is this one: it is waited for, by poll(). */
bool lx_event(struct xs_handle *xs, const char *path, const char *token);
/* None comes for a while. */
bool lx_quiet(struct xs_handle *xs);

/* The parts, each run by itself, so that one that hangs is not the end of all */
void basics(void);
void nodes(void);
void handles(void);
void threads(void);
void forks(void);
void watches(void);
void transactions(void);

#endif

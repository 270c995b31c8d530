/* SPDX-License-Identifier: GPL-2.0 */
/* Edges, as the runtimes of Go and Rust wait for them */
#ifndef IO_H
#define IO_H

#include <stdbool.h>

struct mux;

/* Have a thread tell of its edges; false and errno if epoll does not take it. */
bool io_poll(struct mux *m);

#endif

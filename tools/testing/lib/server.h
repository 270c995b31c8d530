/* SPDX-License-Identifier: GPL-2.0 */
/* The server: its process, and what it says of itself */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <sys/types.h>

/* The server's process; 0 if it can't be found */
pid_t server_pid(void);
/* It goes on at the end of the program, whatever happens. */
bool server_stop(void);
void server_continue(void);

/* Does it answer on its socket? */
bool server_alive(void);
/* What the C server counts for a domain ("transactions", "watches"); no other does. */
long server_count(const char *what, unsigned int domid);

#endif

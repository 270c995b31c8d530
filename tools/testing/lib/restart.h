/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The server is killed and started again. What was in the store is gone then, and
 * so are the kernel's own watches.
 */
#ifndef RESTART_H
#define RESTART_H

#include <stdbool.h>

/* What the server is started with; before it is killed */
void server_learn(void);
bool server_kill(void);
bool server_start(void);

#endif

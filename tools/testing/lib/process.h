/* SPDX-License-Identifier: GPL-2.0 */
/* Processes */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>

/* A process, or a thread of the kernel's, by its name; 0 if there is none */
pid_t pid_of(const char *name);
/* Wait for a child; its exit status, -1 if it isn't done in time (killed). */
int child_wait(pid_t pid, int timeout_ms);

#endif

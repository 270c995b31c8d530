/* SPDX-License-Identifier: GPL-2.0 */
/* The store behind what is under test, over the server's own socket */
#ifndef STORE_H
#define STORE_H

/* A node's contents; NULL if there is none. */
const char *peek(const char *path);
/* Make /test/NAME afresh, and remove it at exit. */
void subtree(const char *name);

#endif

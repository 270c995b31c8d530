/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is under test, and what there is beside it, as the environment says
 * (XENFS_FILE, XENFS_SOCKET, XENFS_MODULE, XENFS_SERVER, ...).
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

/* The file under test, the server's socket */
const char *file_path(void);
const char *socket_path(void);
/* What is under test */
bool is_stock(void);
bool is_socket(void);
/* Ours, in the kernel: it can't be unloaded. */
bool is_builtin(void);
bool server_is_c(void);
/*
 * In a guest the server is far: socket_path() is there another way to our file,
 * and elsewhere_path(), which is not under test, the stock driver's.
 */
bool server_is_remote(void);
const char *elsewhere_path(void);
/* The stock driver's device */
const char *stock_path(void);
/* Is there a socket to compare with? If not, it says that it skips @what. */
bool can_compare(const char *what);
/* What the server adds to a relative path */
const char *home_path(void);

#endif

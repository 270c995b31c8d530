/* SPDX-License-Identifier: GPL-2.0 */
/* What a scene is made of; for the tests there is hostile.h. */
#ifndef SCENE_H
#define SCENE_H

#include "hostile.h"

/* --- scene.c */

/* An empty subtree with KEY, the kernel's user */
void store_begin(void);

/* --- bystanders.c */

void bystanders_init(void);
/* They use this file; NULL: there is only the kernel's user. */
void bystanders_start(const char *path);
/* True if no request of them has failed */
bool bystanders_stop(void);
/* Does the kernel's user get through its rounds? */
bool kernel_user_works(void);

/* --- accounts.c */

void accounts_begin(void);
/* Results: there are no more watches, transactions and memory than then. */
void accounts_check(const char *what);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include "hostile.h"

/* How the module is loaded: with so little, little has to be sent to fill it. */
#define CLOSED_BYTES	65536
#define REQUEST_BYTES	32768
#define CLIENT_BYTES	139264
#define ALL_WATCHES	5

/* --- closed.c: requests of opens that are closed */
void closed_by_others(void);
void closed_in_groups(void);

/* --- unread.c: replies that nobody reads */
void unread(void);

/* --- watches.c: the watches of all */
void watches_of_all(void);

#endif

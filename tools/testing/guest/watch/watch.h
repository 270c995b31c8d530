/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share, and the parts, by their clauses */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

struct client;
struct msg;

#define ROOT	"/test/watch"

bool is_event(const struct msg *m, const char *path, const char *token);
bool expect_event(struct client *c, const char *path, const char *token);
/* WRITE of a node over the socket */
void touch(const char *path);
bool watch_and_initial(struct client *c, const char *path, const char *token);

void identity(void);		/* E1 */
void closed_watches(void);	/* I4 */
void order(void);		/* E2, E5 */
void names(void);		/* E1, E2, I5 */
void yardstick(void);		/* E2 */
void depths(void);		/* E3 */
void unread(void);		/* E4 */
void shared(void);		/* E1 to E3, I3 */

#endif

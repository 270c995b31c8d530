/* SPDX-License-Identifier: GPL-2.0 */
/* Time, and waiting that comes to an end */
#ifndef DEADLINE_H
#define DEADLINE_H

/* Long enough for a slow, emulated machine */
#define DEADLINE_MS	deadline_ms()
int deadline_ms(void);
/* How long anything may take: far more than it does, even on a busy machine */
#define PATIENCE_MS	(5 * DEADLINE_MS)
/* How long to wait for something that must not come */
#define QUIET_MS	150

long now_ms(void);
void sleep_ms(int ms);

/* Ready for these events right now? */
short poll_now(int fd, short events);
short poll_for(int fd, short events, int timeout_ms);

#endif

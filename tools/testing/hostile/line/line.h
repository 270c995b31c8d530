/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share */
#ifndef LINE_H
#define LINE_H

#include "hostile.h"

/* How the module is loaded: with as many as a guest's clients have */
#define PLACES		8
#define PARAMETERS	"all_transactions=8"
/* In seconds: too long for any test to see it end */
#define LONG		300

/* An open that has sent a START */
struct client *starter(void);
/* The START of it is answered: with 0, an error of the server's, or -errno */
int started(struct client *c);
/* It is answered now, or soon; not ever */
bool starts(struct client *c);
bool waits(struct client *c);
/* Behind how many it stands in the line, as soon as it is there; -1: it is not */
long behind(struct client *c);
/* Take all places, one for each of these opens. */
void take_all(struct client *c[PLACES]);
void close_some(struct client *c[], unsigned int n);

/* --- crowd.c: very many who want one at once */
void crowd(void);
/* --- order.c: who is served when, and what waits meanwhile */
void order(void);
void many_in_line(void);
/* --- holders.c: those who have one and what they do with it */
void holders(void);
/* With transaction_wait=1 */
void holders_for_long(void);
/* --- ends.c: what takes an open out of the line */
void ends(void);
/* With transaction_wait=1, and with 0 */
void too_long(void);
void at_once(void);
/* --- refused.c: a server that has less than the module thinks */
void refused(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share, and the parts */
#ifndef LIFE_H
#define LIFE_H

#include <stdbool.h>

#define ROOT	"/test/life"
#define KEY	ROOT "/key"

/* A request of a new open, answered in time? */
bool others_work(void);
/* Runs in a child until it is killed: requests, and nobody reads. */
void flood_child(unsigned int max);

void sharing(void);		/* I2, I5, W1, W3, R1 */
void ends(void);		/* I4 */
void watches_in_flight(void);	/* I4, W4 */
void neighbours(void);		/* I1, I2 */

#endif

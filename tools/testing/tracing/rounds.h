/* SPDX-License-Identifier: GPL-2.0 */
/* How often traffic has been around, for those who look at it: a number, in text */
#ifndef ROUNDS_H
#define ROUNDS_H

#define ROUNDS	"/run/rounds"

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share */
#ifndef IO_H
#define IO_H

#include "hostile.h"

#define PAGE	4096UL

/* Three requests, the second one long; ids 1 to 3. And their replies. */
extern char batch[1024];
extern size_t batch_len;
extern char replies[512];
extern size_t replies_len;

void make_batch(void);
bool read_exactly(struct client *c, char *buf, size_t len);
/* Do these replies come? */
bool answers(struct client *c);

void other_calls(void);
void rings(void);
void buffers(void);

#endif

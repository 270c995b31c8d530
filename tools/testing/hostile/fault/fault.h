/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share */
#ifndef FAULT_H
#define FAULT_H

#include "hostile.h"

#define DEBUGFS		"/sys/kernel/debug"
#define WATCHED		ROOT "/fault/watched"
#define LARGE		ROOT "/fault/large"
#define LARGE_SIZE	3000

/* The last reply, the transaction that start_tx() began */
extern struct msg reply;
extern uint32_t tx;

/* --- inject.c: of what a thread allocates and copies, the nth fails */
int nth_open(pid_t pid);
bool injection_begin(void);
void arm(int nth, unsigned int n);
/* Has it failed? If the look itself does then it has not. */
bool disarm(int nth);

/* --- requests.c: one request at a time, with the id 77 */
extern char request[HEADER + PAYLOAD_MAX];
extern size_t request_len;

bool clean(int err);
void prepare(uint32_t type, uint32_t tx_id, const void *body, size_t len);
void read_before(struct client *c);
void start_before(struct client *c);
long send_it(struct client *c);
/* Sends what was not taken, and gets the reply: 0, or the errno it names. */
int finish(struct client *c, long ret, int err);
/* With patience: WATCH or UNWATCH of WATCHED, START, and END of that */
int watch(struct client *c, uint32_t type);
void start_tx(struct client *c);
int end_tx(struct client *c);

/* Whose allocations and copies fail: a client's, the xenbus thread's, ... */
void client_faults(int nth);
void thread_faults(void);
void worker_faults(void);
void carrier_faults(void);

#endif

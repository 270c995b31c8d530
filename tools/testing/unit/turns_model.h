/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opens as turns.c sees them: what request.c, close.c and transport.c do with turns,
 * without requests, and a workqueue that runs when the test says so.
 */
#ifndef XENFS_UNIT_TURNS_MODEL_H
#define XENFS_UNIT_TURNS_MODEL_H

#include "client.h"
#include "connection.h"
#include "message_test.h"

/* What all that pipeline have at the server, as in group.c */
#define IN_FLIGHT	16

/**
 * struct open - an open of the file
 * @c: what turns.c has of it
 * @queued: how many requests are to be sent
 * @entry: on @c.queued, while there are some
 * @at_server: how many are there
 * @overtaken: how many of these the server has passed over
 * @in_turn: somebody sends for it just now
 * @writes: its writer does
 * @waits: the last one that is queued has to wait for something
 * @alone: that comes to this open alone
 * @answered_here: nothing that it writes is for the server
 * @turns: how often something was sent for it
 */
struct open {
	struct xenfs_connection c;
	unsigned int queued;
	struct list_head entry;
	unsigned int at_server;
	unsigned int overtaken;
	bool in_turn;
	bool writes;
	bool waits;
	bool alone;
	bool answered_here;
	unsigned int turns;
};

/* Who had turns, the last one at the end, until somebody sets the number to 0 */
#define HISTORY	256
extern struct open *turns_history[HISTORY];
extern unsigned int turns_taken;

/* Nobody is known from before; so many slots */
void model_begin(unsigned int slots);
void open_init(struct open *o, struct xenfs_client *client);

/* Its writer has written one more, and sends if it may. */
void write_begin(struct open *o);
/* He has sent it. */
void write_end(struct open *o);
/* Both: returns whether it could send for itself. */
bool write_one(struct open *o);
/* Until one is not sent, or for so many; how many were */
unsigned int write_some(struct open *o, unsigned int max);
/* One is answered. */
void answer(struct open *o);
/* The server answers others that came after it. */
void overtake(struct open *o);
/* Its reader takes a reply. */
void take_reply(struct open *o);
/* What it waits for is there. */
void serve(struct open *o);
/* It has nothing that is not given back with the last request it sends. */
void close_open(struct open *o);
/* It holds something, which is given back with that. */
void close_holder(struct open *o);
/* Nothing is left of one that was closed. */
bool is_gone(const struct open *o);

/* What happens while the workqueue sends, or NULL: nothing */
extern void (*meanwhile)(void);
/* Is there work for the workqueue? Have it done. */
bool work_queued(void);
void run_work(void);

/*
 * No more is written: all that were open have theirs sent and answered, in turn,
 * and nobody is in any list.
 */
void model_end(struct open *opens, unsigned int n);

#endif /* XENFS_UNIT_TURNS_MODEL_H */

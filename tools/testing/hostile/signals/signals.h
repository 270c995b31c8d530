/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of the test share */
#ifndef SIGNALS_H
#define SIGNALS_H

#include "hostile.h"

/* --- states.c */

/* Of every request */
#define ID	77
/* A seventh of the requests of the blocked writer */
#define BATCH	64

/* Brings an open into a state; may sleep there for good. */
struct state {
	const char *name;
	void (*enter)(struct client *c);
	/* All is well after it? By whoever has the open by then. */
	bool (*finish)(struct client *c);
	long sleeps;		/* in which system call, -1: in none */
	bool stopped;		/* is the server, meanwhile? */
};

extern const struct state states[];
extern const unsigned int nr_states;

extern char request[64 * BATCH];	/* READ of KEY with ID, or many of it */
extern unsigned int written;		/* requests by the blocked writer */
extern uint32_t transaction;		/* survives a fork() only */

void states_begin(void);
void put(struct client *c, const void *buf, size_t len);
bool answered(struct client *c, uint32_t id, const char *body);

/* --- victim.c */

/* The state that it is about now */
extern const struct state *state;
/* What it is told, what it says, and the descriptor that it passes on */
extern int pipe_down[2], pipe_up[2], sockets[2];

void victim_main(void);
/* A letter; 0 if none comes in time */
char hear(int fd);
int receive_fd(void);

#endif

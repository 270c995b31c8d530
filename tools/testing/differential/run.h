/* SPDX-License-Identifier: GPL-2.0 */
/* A run, and what its parts give to each other */
#ifndef RUN_H
#define RUN_H

#include "client.h"
#include "differential.h"

#define MAX_UNWANTED	64
/* Of requests that are no items */
#define SYNC_ID		0xfeedbeef
/* More than the generations that reset_store() counts after its RMs */
#define RESET_CHANGES	30

/* An event that came over the socket and would not over the file */
struct unwanted {
	const char *body;
	uint32_t len;
};

struct conn {
	struct client *client;
	struct watches *watches;
	bool watched;			/* events may come */
	bool dead;
	unsigned int window;		/* its entries before this step */
	struct unwanted unwanted[MAX_UNWANTED];	/* in this step */
	unsigned int nr_unwanted;
};

struct tx {
	uint32_t uid;
	uint32_t id;
	uint8_t conn;
	bool open;
};

struct run {
	const struct sequence *s;
	struct transcript *t;
	bool file;
	const char *path;
	struct conn conns[MAX_CONNS];
	struct tx txs[MAX_ITEMS];
	unsigned int nr_txs;
	uint64_t generation;
	uint16_t step;
	bool single;			/* the step is of one message */
};

struct expected {
	const struct item *it;
	struct verdict v;
	bool sent;
	uint32_t tx_id;
};

struct step {
	struct expected list[MAX_BATCH];
	unsigned int n, next;
	size_t len, pieces;
	size_t ends[MAX_BATCH * (MAX_CUTS + 64)];
	char bytes[MAX_BATCH * (HEADER + PAYLOAD_MAX) + 64];
};

/* The message that came last */
extern struct msg last;

/* --- transcript.c */

void transcript_begin(struct transcript *t);
/* A copy that lives as long as the transcript */
char *keep(struct transcript *t, const void *bytes, size_t len);
struct entry *add_entry(struct run *r, unsigned int conn, unsigned int at);
struct entry *append(struct run *r, unsigned int conn);
/* No message, but what happened instead; nothing more can be told then. */
void broken(struct run *r, unsigned int conn, uint32_t uid, const char *what,
	    int err);
bool is_event(const struct entry *e);
bool same_bytes(const struct entry *a, const struct entry *b);

/* --- fault.c */

enum fault {
	FAULT_NONE, FAULT_BYTE, FAULT_LENGTH, FAULT_REQ_ID, FAULT_TX_ID,
	FAULT_TYPE, FAULT_LOST_REPLY, FAULT_LOST_EVENT, FAULT_EXTRA_EVENT,
	FAULT_EVENT_FIRST, FAULT_EVENT_TOKEN, FAULT_DEPTH,
};

/* Is it wanted, and is this the file? */
bool fault(const struct run *r, enum fault which);
void spoil_reply(struct run *r, const struct expected *x);

/* --- note.c */

struct tx *find_tx(struct run *r, uint32_t uid);
/* Those of a connection are over. */
void end_txs(struct run *r, unsigned int conn);
/* The last message, and the replies that the server was spared before it */
void note_message(struct run *r, unsigned int conn, struct step *st);
void note_withheld(struct run *r, unsigned int conn, struct step *st);

/* --- write.c */

/* What is to come of it; false if it is not to be sent at all. */
bool expect(struct run *r, struct expected *x, const struct item *it);
void add_message(struct run *r, struct step *st, const struct expected *x,
		 bool alone);
int write_vector(struct client *c, const struct step *st);
int write_pieces(struct client *c, const struct step *st);

/* --- step.c */

int receive(struct run *r, unsigned int conn, int timeout_ms);
void begin_windows(struct run *r);
void conn_open(struct run *r, unsigned int conn);
void conn_close(struct run *r, unsigned int conn);
/* The step that begins with this item; returns how many it has. */
unsigned int run_step(struct run *r, unsigned int at);

/* --- shared.c */

/* At the end of a run, before its connections are closed */
void shared_check(const struct run *r);

/* --- store.c */

/* Make the store what it is at the start of each run. */
void reset_store(struct run *r);
/* ... and look at what it has become. */
void read_store(struct run *r);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same messages to the server's unix socket and to the file, each time
 * over the same store: what comes back must be the same.
 *
 * A sequence is a list of items, each a message or something done to a
 * connection. Items that are joined are written as one batch, a step; after a
 * step all of its replies are awaited, and then all events that it caused on
 * any connection. So the server sees the steps one by one, and what comes back
 * in each is determined.
 */
#ifndef DIFFERENTIAL_H
#define DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "msg.h"

#define XS_RESTRICT	(XS_SET_TARGET + 1)

#define MAX_CONNS	3
#define MAX_ITEMS	128
/* Messages in a step. What they ask for fits what an open may have queued. */
#define MAX_BATCH	8
#define MAX_CUTS	4
/* Who reads the store at the end: always over the socket */
#define CONTROL		MAX_CONNS

/* A transaction that nobody has */
#define TX_NOBODY	0x7fff1234u

enum op {
	OP_MESSAGE,
	OP_REOPEN,	/* close the connection and open it anew */
	OP_BREAK,	/* a header with a length that can't be */
};

/**
 * struct item - one thing that a client does
 * @uid: tells it from others, also when some of them are dropped
 * @conn: the connection
 * @op: what it does
 * @joined: written together with the item before, whose connection is the same
 * @vector: a step that begins here is written with writev()
 * @bytewise: this message is written byte by byte
 * @cut: where this message is cut: so many of its bytes end one write()
 * @tx: uid of the START that began its transaction; 0: none; TX_NOBODY
 * @len: of the payload; of an OP_BREAK: what its header says
 */
struct item {
	uint32_t uid;
	uint8_t conn;
	uint8_t op;
	bool joined;
	bool vector;
	bool bytewise;
	uint8_t cuts;
	uint16_t cut[MAX_CUTS];
	uint32_t type;
	uint32_t req_id;
	uint32_t tx;
	uint32_t len;
	char *body;
};

struct sequence {
	unsigned int conns;
	unsigned int n;
	struct item items[MAX_ITEMS];
};

/**
 * struct entry - something that came back
 * @uid: of a reply: the item that it answers
 * @local: a reply that the file gives without the server
 * @step: the step it came in
 * @hdr: as it came, but for the ids, see note.c
 * @body: likewise
 * @note: instead of a message: what happened
 */
struct entry {
	uint32_t uid;
	bool local;
	uint16_t step;
	struct xsd_sockmsg hdr;
	char *body;
	const char *note;
};

struct transcript {
	unsigned int n[MAX_CONNS + 1];
	struct entry *entries[MAX_CONNS + 1];
	bool broken;			/* no use in going on */
	char *memory;
	size_t used;
};

/* What the file does in its own way, and why: abi.c */
enum rule {
	RULE_NONE,
	RULE_MALFORMED,
	RULE_DOMID,
	RULE_SPECIAL,
	RULE_LONG_PATH,
	RULE_NO_REQUEST,
	RULE_NESTED,
	RULE_FOREIGN,
	RULE_DEPTH,
	RULE_RESERVED,
	RULE_TX_ID,
	RULE_BREAK,
	NR_RULES,
};

struct intended {
	const char *name;
	const char *reason;
	unsigned long seen;		/* messages that it was about */
	unsigned long differed;		/* and the server did otherwise */
};

extern struct intended intended[NR_RULES];

/**
 * struct verdict - what the ABI says of a message
 * @rule: the rule that it falls under
 * @error: what the file answers by itself; 0: what the server says
 * @withheld: must not be sent to the server
 * @rewritten: sent to the server as its first two strings only
 */
struct verdict {
	enum rule rule;
	int error;
	bool withheld;
	bool rewritten;
};

/* abi.c */
struct verdict abi_verdict(const struct item *it, bool tx_known);
uint32_t string_end(const struct item *it, unsigned int n);
bool item_harmless(const struct item *it);
bool stock_survives(const struct item *it, const struct verdict *v);

/* watches.c: the depth of watches, for a server that does not know it */
struct watches;
struct watches *watches_new(void);
void watches_free(struct watches *w);
void watches_replied(struct watches *w, const struct item *it, bool ok);
bool watches_want(const struct watches *w, const char *path,
		  const char *token);
bool watches_any(const struct watches *w);
unsigned int watches_count(const struct watches *w);
/* Add the paths, as they were spelled, to @n of a list; returns how many it has then. */
unsigned int watches_paths(const struct watches *w, const char **list,
			   unsigned int n);
bool watches_ambiguous(const struct watches *w);
bool watches_alike(const struct watches *w);

/* generate.c */
struct random;

void generate(struct sequence *s, struct random *r, unsigned int length);

/* sequence.c */
void sequence_clear(struct sequence *s);
void sequence_copy(struct sequence *to, const struct sequence *from);
void sequence_remove(struct sequence *s, unsigned int first, unsigned int n);
unsigned int sequence_messages(const struct sequence *s);

/* text.c */
void text_print(FILE *f, const char *prefix, const struct sequence *s);
bool text_read(FILE *f, const char *name, struct sequence *s);
void text_bytes(FILE *f, const char *bytes, size_t len);
const char *type_name(uint32_t type);

/* run.c */
struct options {
	uint64_t seed;
	unsigned long messages;
	unsigned int length;
	unsigned long only;		/* this sequence, if only_one */
	bool only_one;
	bool gentle;			/* one message at a time */
	bool verbose;
	int fault;			/* spoil what the file says: a self-test */
	const char *cases;
};

extern struct options options;

void run(const struct sequence *s, bool file, struct transcript *t);

/* store.c: before the first run */
void store_init(void);

/* shared.c: before any watch is set; and a result, when all is over */
void shared_init(void);
void shared_tell(void);

/* compare.c */
struct difference {
	bool found;
	unsigned int conn;
	unsigned int at;
};

struct difference compare(const struct transcript *want,
			  const struct transcript *got);
void difference_print(const struct difference *d, const struct transcript *want,
		      const struct transcript *got);
const char *difference_kind(const struct difference *d,
			    const struct sequence *s,
			    const struct transcript *want,
			    const struct transcript *got);

/* shrink.c */
void shrink(struct sequence *s, bool (*fails)(const struct sequence *s));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The xenstore wire protocol, without any kernel state.
 *
 * Nothing here takes a lock, allocates, sleeps or keeps a pointer: every
 * function works on what it is given, from any context.  The same source
 * compiles in userspace for the unit tests and the fuzzer, see
 * tools/testing/unit and tools/fuzz.
 *
 * The clauses named here (W1, E3, ...) are those of the file's contract.
 */
#ifndef XENFS_MESSAGE_H
#define XENFS_MESSAGE_H

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>

/* A watch without a depth: events at any level below it. */
#define XENFS_DEPTH_ANY		U32_MAX

/* "%lX:%x" at its longest, with the nul. */
#define XENFS_TOKEN_MAX		(2 * sizeof(unsigned long) + 1 + 8 + 1)

/* A depth in decimal at its longest, with the nul. */
#define XENFS_DEPTH_MAX		sizeof("4294967295")

/**
 * struct xenfs_framer - where a byte stream stands within its messages
 * @hdr: header of the current message, complete once @taken says so
 * @taken: bytes of the current message taken so far, header included
 *
 * All zeroes is the state of a fresh stream.  The owner serialises access.
 */
struct xenfs_framer {
	struct xsd_sockmsg hdr;
	u32 taken;
};

/**
 * enum xenfs_framer_state - what the bytes just taken have completed
 * @XENFS_FRAMER_MORE: nothing yet
 * @XENFS_FRAMER_HEADER: the header, of a message that has a payload
 * @XENFS_FRAMER_MESSAGE: the message
 */
enum xenfs_framer_state {
	XENFS_FRAMER_MORE,
	XENFS_FRAMER_HEADER,
	XENFS_FRAMER_MESSAGE,
};

/**
 * xenfs_framer_in_header() - is the current message's header incomplete?
 * @f: the stream
 *
 * Context: Any.
 * Return: true while the next byte belongs to a header.
 */
static inline bool xenfs_framer_in_header(const struct xenfs_framer *f)
{
	return f->taken < sizeof(f->hdr);
}

/**
 * xenfs_framer_idle() - does the stream stand between two messages?
 * @f: the stream
 *
 * Context: Any.
 * Return: true if no byte of the current message was taken yet.
 */
static inline bool xenfs_framer_idle(const struct xenfs_framer *f)
{
	return !f->taken;
}

/**
 * xenfs_framer_header() - where the header's next byte goes
 * @f: the stream, with xenfs_framer_in_header()
 *
 * Context: Any.
 * Return: a place for xenfs_framer_wants() bytes.
 */
static inline void *xenfs_framer_header(struct xenfs_framer *f)
{
	return (char *)&f->hdr + f->taken;
}

/**
 * xenfs_framer_body_offset() - where in the payload its next byte goes
 * @f: the stream, past its header
 *
 * Context: Any.
 * Return: the number of payload bytes taken so far.
 */
static inline u32 xenfs_framer_body_offset(const struct xenfs_framer *f)
{
	return f->taken - sizeof(f->hdr);
}

/**
 * xenfs_framer_next() - begin a new message
 * @f: the stream
 *
 * Context: Any.
 */
static inline void xenfs_framer_next(struct xenfs_framer *f)
{
	f->taken = 0;
}

u32 xenfs_framer_wants(const struct xenfs_framer *f);
int xenfs_framer_took(struct xenfs_framer *f, u32 n);

bool xenfs_event_within(const char *watch_path, const char *event_path,
			u32 depth);

const char *xenfs_error_name(int err);
const char *xenfs_reply_error(struct xsd_sockmsg *reply,
			      const struct xsd_sockmsg *request, int err);
const char *xenfs_reply_ok(struct xsd_sockmsg *reply,
			   const struct xsd_sockmsg *request);

int xenfs_token_format(char *buf, size_t size, unsigned long carrier, u32 id);
u32 xenfs_token_id(const char *token);

#endif /* XENFS_MESSAGE_H */

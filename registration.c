// SPDX-License-Identifier: GPL-2.0
/*
 * Watches as the server has them
 *
 * A server allows a guest few watches, and many of its programs watch the same. So
 * opens that watch one path share one watch of the server's, a registration, with
 * a token of ours by which its events find back (carrier.c). An event crosses the
 * ring once and is told to all its members.
 *
 * Each WATCH and UNWATCH of a client still goes to the server, so that it takes
 * effect in its place among all else that the server does, for this open and
 * others (contract E1, E2). But where there are others, the server knows the watch
 * already: then it says EEXIST, which changes nothing there, and tells when.
 * An UNWATCH goes as one only if nobody else wants the registration; as it does,
 * nobody joins that any more, for a WATCH of another open might reach the server
 * before it. What is known of the server comes from its answers, which are in the
 * order in which it did things: so if it has a registration in the end that nobody
 * wants, that is known too, and it is given back.
 */
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "carrier.h"
#include "server_features.h"
#include "limits.h"
#include "registration.h"

/* An event is told to all of them in one go, in the xenbus thread. */
#define MEMBERS_MAX	1024

static_assert(XENFS_REGISTRATION_BODY(XENSTORE_ABS_PATH_MAX + 1) <=
	      XENSTORE_PAYLOAD_MAX);
static_assert(MEMBERS_MAX <= U16_MAX);

static struct {
	spinlock_t lock;		/* what follows, and registrations */
	DECLARE_HASHTABLE(table, 10);	/* lock; those that can be joined */
	unsigned int total;		/* lock; those that have had a member */
	u32 seed;			/* of the table; constant */
} registrations = {
	.lock = __SPIN_LOCK_UNLOCKED(registrations.lock),
};

static const struct xenfs_kind own_unwatch_kind;
static const struct xenfs_message_ops own_unwatch_ops;

/* --- Memory ------------------------------------------------------------- */

/**
 * xenfs_registration_alloc() - make a registration that nobody has yet
 * @path_len: bytes of the path that it will be for, with the nul
 *
 * Charged to the caller's memory cgroup (contract I3).
 *
 * Context: process context; may sleep.
 * Return: the registration, for xenfs_registration_join() or
 * xenfs_registration_discard(); or NULL: no memory.
 */
struct xenfs_registration *xenfs_registration_alloc(u32 path_len)
{
	struct xenfs_registration *r;

	r = kzalloc(sizeof(*r) + XENFS_REGISTRATION_BODY(path_len),
		    GFP_KERNEL_ACCOUNT);
	if (!r)
		return NULL;
	INIT_LIST_HEAD(&r->members);
	r->path_len = path_len;
	if (xenfs_registry_add(r)) {
		kfree(r);
		return NULL;
	}
	return r;
}

/**
 * xenfs_registration_discard() - free one that has had no member
 * @r: from xenfs_registration_alloc(), or NULL
 *
 * Context: any.
 */
void xenfs_registration_discard(struct xenfs_registration *r)
{
	if (r)
		xenfs_registry_remove(r);
}

/* The last of it: no member, no request, and the server has it not. */
static void end_if_done(struct xenfs_registration *r)
{
	lockdep_assert_held(&registrations.lock);
	if (r->count || r->present || r->watching || r->unwatching)
		return;
	registrations.total--;
	xenfs_registry_remove(r);
}

/* --- Members ------------------------------------------------------------ */

static u32 hash_of(const char *path, u32 depth)
{
	return jhash(path, strlen(path), registrations.seed ^ depth);
}

static struct xenfs_registration *find(const struct xenfs_event_source *source,
				       u32 depth)
{
	struct xenfs_registration *r;

	lockdep_assert_held(&registrations.lock);
	hash_for_each_possible(registrations.table, r, node,
			       hash_of(source->path, depth))
		if (r->count < MEMBERS_MAX && r->depth == depth &&
		    !strcmp(r->body, source->path))
			return r;
	return NULL;
}

/* Makes the spare one that for @source's path, if there may be another. */
static struct xenfs_registration *add(const struct xenfs_event_source *source,
				      u32 depth,
				      struct xenfs_registration **spare)
{
	struct xenfs_registration *r = *spare;
	int len;

	lockdep_assert_held(&registrations.lock);
	if (registrations.total >= xenfs_limits.all_watches)
		return NULL;
	*spare = NULL;
	registrations.total++;
	r->depth = depth;
	memcpy(r->body, source->path, r->path_len);
	len = r->path_len + xenfs_carrier_token(r->body + r->path_len, r->id);
	if (depth != XENFS_DEPTH_ANY)
		snprintf(r->body + len, XENFS_DEPTH_MAX, "%u", depth);
	hash_add(registrations.table, &r->node,
		 hash_of(source->path, depth));
	return r;
}

/**
 * xenfs_registration_join() - have a source told of events on its path
 * @source: of a WATCH that is dispatched now
 * @spare: to be used if there is none to share yet; then set to NULL
 * @body: set to what to tell the server in a WATCH or UNWATCH of it,
 *	XENFS_REGISTRATION_BODY() bytes; good until it leaves
 *
 * Context: any, under connection->lock; takes registrations.lock.
 * Return: false if all opens together have as many as they may (contract I3).
 */
bool xenfs_registration_join(struct xenfs_event_source *source,
			     struct xenfs_registration **spare, char *body)
{
	u32 depth = xenfs_server_knows_depth() ? source->depth : XENFS_DEPTH_ANY;
	struct xenfs_registration *r;

	lockdep_assert_held(&source->connection->lock);
	spin_lock(&registrations.lock);
	r = find(source, depth) ?: add(source, depth, spare);
	if (r) {
		list_add_tail_rcu(&source->peers, &r->members);
		WRITE_ONCE(r->count, r->count + 1);
		r->wanted++;
		source->registration = r;
		memcpy(body, r->body, XENFS_REGISTRATION_BODY(r->path_len));
	}
	spin_unlock(&registrations.lock);
	return r;
}

/* Nobody wants it. If the server has it, it is given back by way of @c. */
static void abandon(struct xenfs_registration *r, struct xenfs_connection *c)
{
	lockdep_assert_held(&registrations.lock);
	hash_del(&r->node);
	if (r->watching)	/* its answer tells more */
		return;
	if (!r->present) {
		end_if_done(r);
		return;
	}
	r->unwatching = true;
	xenfs_request_embed(&r->unwatch, c, &own_unwatch_kind, &r->wire,
			    &own_unwatch_ops);
	xenfs_request_prepend(&r->unwatch);
}

/**
 * xenfs_registration_leave() - a source needs to hear of nothing any more
 * @source: has joined; no request about it is at the server
 *
 * Context: any, under connection->lock; takes registrations.lock. See
 * xenfs_request_prepend().
 */
void xenfs_registration_leave(struct xenfs_event_source *source)
{
	struct xenfs_registration *r = source->registration;

	lockdep_assert_held(&source->connection->lock);
	spin_lock(&registrations.lock);
	list_del_rcu(&source->peers);
	source->registration = NULL;
	WRITE_ONCE(r->count, r->count - 1);
	if (!source->unwanted)
		r->wanted--;
	if (!r->count)
		abandon(r, source->connection);
	spin_unlock(&registrations.lock);
}

/**
 * xenfs_registration_unwanted() - a source is about to be given back
 * @source: of an UNWATCH that is dispatched now
 *
 * Context: any, under connection->lock; takes registrations.lock.
 * Return: true if the server shall forget it: nobody else wants it.
 */
bool xenfs_registration_unwanted(struct xenfs_event_source *source)
{
	struct xenfs_registration *r = source->registration;
	bool last;

	lockdep_assert_held(&source->connection->lock);
	spin_lock(&registrations.lock);
	if (!source->unwanted++)
		r->wanted--;
	last = !r->wanted;
	if (last)
		hash_del(&r->node);
	spin_unlock(&registrations.lock);
	return last;
}

/**
 * xenfs_registration_wanted() - undo xenfs_registration_unwanted()
 * @source: whose UNWATCH was answered, or could not be sent
 *
 * Context: any, under connection->lock; takes registrations.lock.
 */
void xenfs_registration_wanted(struct xenfs_event_source *source)
{
	lockdep_assert_held(&source->connection->lock);
	spin_lock(&registrations.lock);
	if (!--source->unwanted)
		source->registration->wanted++;
	spin_unlock(&registrations.lock);
}

/* --- What goes to the server, and what it says --------------------------- */

static u32 body_len(const struct xenfs_registration *r, u32 type)
{
	u32 len = r->path_len;

	len += strlen(r->body + len) + 1;
	if (type == XS_WATCH && r->depth != XENFS_DEPTH_ANY &&
	    xenfs_server_knows_depth())
		len += strlen(r->body + len) + 1;
	return len;
}

/**
 * xenfs_registration_len() - how much of that goes to the server now
 * @source: has joined
 * @type: XS_WATCH or XS_UNWATCH
 *
 * A server that knows depths is told that of a WATCH (contract E3).
 *
 * Context: any, under connection->lock.
 */
u32 xenfs_registration_len(const struct xenfs_event_source *source, u32 type)
{
	lockdep_assert_held(&source->connection->lock);
	return body_len(source->registration, type);
}

/* An answer to a WATCH. If it was lost the server may have it. */
static void note_watched(struct xenfs_registration *r,
			 const struct xenfs_answer *answer)
{
	lockdep_assert_held(&registrations.lock);
	if (answer->error || answer->hdr.type != XS_ERROR ||
	    xenfs_answer_says(answer, "EEXIST")) {
		r->present = true;
		r->missing = false;
	}
	if (!answer->error && answer->hdr.type != XS_ERROR)
		r->fired = true;
}

/**
 * xenfs_registration_watched() - a WATCH was answered
 * @source: has joined
 * @answer: the server's
 *
 * Context: any, under connection->lock; takes registrations.lock.
 * Return: true if the server has it, whatever it said.
 */
bool xenfs_registration_watched(struct xenfs_event_source *source,
				const struct xenfs_answer *answer)
{
	struct xenfs_registration *r = source->registration;
	bool ret;

	lockdep_assert_held(&source->connection->lock);
	spin_lock(&registrations.lock);
	note_watched(r, answer);
	ret = r->present;
	spin_unlock(&registrations.lock);
	return ret;
}

/**
 * xenfs_registration_unwatched() - an UNWATCH was answered
 * @source: has joined
 * @answer: the server's
 *
 * Context: any, under connection->lock; takes registrations.lock.
 * Return: false if the server has refused it. If the answer was lost it may have
 * it or not: then it is asked again when nobody is left.
 */
bool xenfs_registration_unwatched(struct xenfs_event_source *source,
				  const struct xenfs_answer *answer)
{
	lockdep_assert_held(&source->connection->lock);
	if (answer->error)
		return true;
	if (answer->hdr.type == XS_ERROR && !xenfs_answer_says(answer, "ENOENT"))
		return false;
	spin_lock(&registrations.lock);
	source->registration->present = false;
	source->registration->missing = false;
	spin_unlock(&registrations.lock);
	return true;
}

/* --- Requests of the module's own ---------------------------------------- */

/**
 * xenfs_registration_wire() - what to send without a client
 * @r: with @watching or @unwatching
 * @type: XS_WATCH or XS_UNWATCH
 *
 * Context: any.
 */
struct xsd_sockmsg *xenfs_registration_wire(struct xenfs_registration *r,
					    u32 type)
{
	r->wire = (struct xsd_sockmsg){
		.type = type,
		.len = body_len(r, type),
	};
	return &r->wire;
}

static struct xsd_sockmsg *own_unwatch_dispatch(struct xenfs_request *req)
{
	struct xenfs_registration *r;

	r = container_of(req, struct xenfs_registration, unwatch);
	return xenfs_registration_wire(r, XS_UNWATCH);
}

/* If there is no memory to send it, it is dispatched once more later. */
static const struct xenfs_kind own_unwatch_kind = {
	.dispatch = own_unwatch_dispatch,
};

static void own_unwatch_release(struct xenfs_message *reply)
{
	struct xenfs_registration *r;

	r = container_of(xenfs_request_of(reply), struct xenfs_registration,
			 unwatch);
	spin_lock(&registrations.lock);
	r->unwatching = false;
	r->present = false;
	end_if_done(r);
	spin_unlock(&registrations.lock);
}

static const struct xenfs_message_ops own_unwatch_ops = {
	.release = own_unwatch_release,
};

/* --- Renewal, for renewal.c --------------------------------------------- */

/**
 * xenfs_registration_renew() - is it to be set once more?
 * @r: has a member
 * @resumed: the server is a new one; else only if that has refused it
 *
 * Context: any, under a member's connection->lock; takes registrations.lock.
 * Return: true if it is; xenfs_registration_renewed() has to follow.
 */
bool xenfs_registration_renew(struct xenfs_registration *r, bool resumed)
{
	bool ret;

	spin_lock(&registrations.lock);
	ret = !r->watching && (r->missing || (resumed && r->present));
	if (ret)
		r->watching = true;
	/* At another server, a WATCH told of nothing that happens here. */
	if (ret || resumed)
		r->fired = false;
	spin_unlock(&registrations.lock);
	return ret;
}

/**
 * xenfs_registration_renewed() - that was tried
 * @r: may have no member any more, and is not to be touched after this
 * @c: a connection that was a member
 * @answer: the server's; NULL: there was no memory to ask it
 *
 * If the server had it already, or does not want it, events may have been missed; but
 * not if it has it from a client's WATCH since: that has told all.
 *
 * Context: any, under connection->lock; takes registrations.lock. See
 * xenfs_request_prepend().
 * Return: false if the server has to be asked again.
 */
bool xenfs_registration_renewed(struct xenfs_registration *r,
				struct xenfs_connection *c,
				const struct xenfs_answer *answer)
{
	/* Then the server may have refused it, or not. */
	bool lost = answer && answer->error;
	bool ret;

	lockdep_assert_held(&c->lock);
	spin_lock(&registrations.lock);
	r->watching = false;
	if (!r->fired)
		r->present = false;
	if (answer)
		note_watched(r, answer);
	if (!r->fired)
		r->missed = true;
	r->missing = !r->present || lost;
	ret = !r->missing;
	if (!r->count)
		abandon(r, c);
	spin_unlock(&registrations.lock);
	return ret;
}

/**
 * xenfs_registration_tell_missed() - if events may have been missed, say so
 * @r: the registration
 *
 * Its clients have to look for themselves (contract E4, T2).
 *
 * Context: any, under rcu_read_lock().
 */
void xenfs_registration_tell_missed(struct xenfs_registration *r)
{
	bool missed;

	spin_lock(&registrations.lock);
	missed = r->missed;
	r->missed = false;
	spin_unlock(&registrations.lock);
	if (missed)
		xenfs_registry_tell(r, NULL);
}

/**
 * xenfs_registrations_init() - make it hard to guess where paths go
 *
 * Context: module init.
 */
void xenfs_registrations_init(void)
{
	registrations.seed = get_random_u32();
}

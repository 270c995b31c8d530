// SPDX-License-Identifier: GPL-2.0
/*
 * WATCH and UNWATCH of clients
 *
 * They go to the server, with a token of ours in the place of the client's, and
 * take effect as it answers: so they have their place among all that it does, and
 * it says what may be wrong with them. Whether the open has the watch already is
 * known here (contract E1, E2).
 */
#include <linux/err.h>
#include <linux/string.h>

#include "carrier.h"
#include "dompath.h"
#include "registration.h"
#include "server_features.h"
#include "turns.h"
#include "watch.h"
#include "watch_request.h"

/*
 * Allocates what a WATCH may need. An open that has as many watches as it may
 * gets none, and no error yet: the WATCH may be about one that it has (contract
 * E1).
 */
static int watch_prepare(struct xenfs_request *req)
{
	int err;

	/*
	 * With our token, which may be longer than the client's, the message
	 * must not be too long: the server would drop the whole domain.
	 */
	if (req->args.path_len > XENSTORE_ABS_PATH_MAX + 1)
		return -EINVAL;
	req->watch = xenfs_watch_alloc(req, &err);
	return err;
}

static void watch_discard(struct xenfs_request *req)
{
	if (req->watch)
		xenfs_watch_forget(req->watch);
	req->watch = NULL;
}

/*
 * The watch that a request is about. One that is leaving is not asked for again:
 * by then it is another watch.
 */
static struct xenfs_watch *watch_find(const struct xenfs_request *req,
				      bool leaving)
{
	const char *path = xenfs_request_payload(req);
	const char *token = path + req->args.path_len;
	struct xenfs_watch *w;

	lockdep_assert_held(&req->connection->lock);
	list_for_each_entry(w, &req->connection->watches, list)
		if (!strcmp(w->source.token, token) &&
		    !!w->source.unwanted == leaving &&
		    xenfs_same_node(w->source.path, path))
			return w;
	return NULL;
}

/*
 * The server is asked for a watch of another depth, and may refuse: then this one has to
 * have its own (contract E3).
 */
static bool has_to_wait(const struct xenfs_watch *w, const struct xenfs_request *req)
{
	return w->pending && !w->source.set &&
	       w->source.depth != req->args.depth && xenfs_server_knows_depth();
}

/* There may have been no room for another (contract E4, I3). */
static struct xsd_sockmsg *watch_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = watch_find(req, false);
	int err;

	if (!w && !req->watch)
		return ERR_PTR(-E2BIG);
	if (w && has_to_wait(w, req))
		return ERR_PTR(-EINPROGRESS);
	err = xenfs_carrier_get(req->connection);
	if (err)
		return ERR_PTR(err);
	if (w) {
		watch_discard(req);
		req->watch = w;
	} else {
		w = req->watch;
		if (!xenfs_watch_add(w))
			return ERR_PTR(-E2BIG);
	}
	w->pending++;
	return xenfs_watch_wire(w, XS_WATCH, req->msg);
}

/* The next one, of another depth, may wait for this. */
static void end_pending(struct xenfs_watch *w, const struct xenfs_request *req)
{
	w->pending--;
	xenfs_turns_unpark_one(req->connection);
}

static void watch_unsent(struct xenfs_request *req)
{
	struct xenfs_watch *w = req->watch;

	lockdep_assert_held(&req->connection->lock);
	req->watch = NULL;
	end_pending(w, req);
	xenfs_watch_settle(w);
}

/*
 * The server has it, for this open or for others that watch the same. In the
 * xenbus thread, so that what is set or not when an event comes is what the
 * server thought. Returns whether the server has nothing new to tell, so that the
 * initial event has to come from here (contract E2).
 */
static bool watch_set(struct xenfs_watch *w, u32 depth,
		      struct xenfs_answer *answer)
{
	bool first = answer->hdr.type != XS_ERROR;

	if (w->source.set) {
		xenfs_answer_instead(answer, -EEXIST);
		return false;
	}
	w->source.set = true;
	w->source.depth = depth;
	if (!first)
		xenfs_answer_instead(answer, 0);
	return !first;
}

static void watch_answered(struct xenfs_request *req,
			   struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;
	bool there = xenfs_registration_watched(&w->source, answer);

	/*
	 * oxenstored's own word for its quota, which no client knows. It says so
	 * before it looks whether it has the watch already.
	 */
	if (!answer->error && !there && xenfs_answer_says(answer, "EQUOTA"))
		xenfs_answer_instead(answer, -E2BIG);
	end_pending(w, req);
	/* If it was lost the client is told so, and has no watch. */
	if (answer->error || !there ||
	    !watch_set(w, req->args.depth, answer))
		req->watch = NULL;
	xenfs_watch_settle(w);
}

/* The initial event, behind the OK */
static void watch_follow(struct xenfs_request *req)
{
	struct xenfs_watch *w = req->watch;

	req->watch = NULL;
	if (w && req->connection->state == XENFS_OPEN)
		xenfs_event_happened(&w->source, w->source.path, U32_MAX);
}

const struct xenfs_kind xenfs_watch_kind = {
	.prepare = watch_prepare,
	.discard = watch_discard,
	.dispatch = watch_dispatch,
	.unsent = watch_unsent,
	.answered = watch_answered,
	.follow = watch_follow,
};

/*
 * For a watch that the open has not, the server says what is wrong. It must not
 * see the token, which might be one of the kernel's own: all of those begin
 * with a hexadecimal digit. One that others have, too, is asked for once more,
 * which changes nothing but tells when.
 */
static struct xsd_sockmsg *unwatch_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = watch_find(req, false) ?: watch_find(req, true);
	char *token = xenfs_request_payload(req) + req->args.path_len;

	if (!w) {
		if (token[0])
			token[0] = ':';
		return req->msg;
	}
	req->watch = w;
	w->pending++;
	req->reply.kept = !xenfs_registration_unwanted(&w->source);
	return xenfs_watch_wire(w, req->reply.kept ? XS_WATCH : XS_UNWATCH,
				req->msg);
}

static void unwatch_unsent(struct xenfs_request *req)
{
	struct xenfs_watch *w = req->watch;

	if (!w)
		return;
	xenfs_registration_wanted(&w->source);
	watch_unsent(req);
}

/* Returns whether the client is to be told what the server said: it refuses. */
static bool unwatch_refused(struct xenfs_request *req,
			    const struct xenfs_answer *answer)
{
	struct xenfs_event_source *source = &req->watch->source;

	if (req->reply.kept) {
		xenfs_registration_watched(source, answer);
		return false;
	}
	return !xenfs_registration_unwatched(source, answer);
}

static void unwatch_answered(struct xenfs_request *req,
			     struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;

	if (!w)
		return;
	if (!unwatch_refused(req, answer)) {
		if (!answer->error)
			xenfs_answer_instead(answer, w->source.set ? 0 : -ENOENT);
		w->source.set = false;
	}
	req->watch = NULL;
	w->pending--;
	xenfs_registration_wanted(&w->source);
	xenfs_watch_settle(w);
}

const struct xenfs_kind xenfs_unwatch_kind = {
	.dispatch = unwatch_dispatch,
	.unsent = unwatch_unsent,
	.answered = unwatch_answered,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * WATCH and UNWATCH of clients
 *
 * They go to the server, with a token of ours in the place of the client's. So
 * the server says whether a watch exists already, and what else may be wrong with
 * it (contract E1).
 */
#include <linux/err.h>
#include <linux/string.h>

#include "carrier.h"
#include "dompath.h"
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
 * The watch that a request is about. One that is leaving may be asked for again,
 * but only by the name under which it reports its events, and to the same depth:
 * else it is another watch.
 */
static struct xenfs_watch *watch_find(const struct xenfs_request *req)
{
	const char *path = xenfs_request_payload(req);
	const char *token = path + req->args.path_len;
	struct xenfs_watch *w, *leaving = NULL;

	lockdep_assert_held(&req->connection->lock);
	list_for_each_entry(w, &req->connection->watches, list) {
		if (strcmp(w->source.token, token) ||
		    !xenfs_same_node(w->source.path, path))
			continue;
		if (!w->leaving)
			return w;
		if (!strcmp(w->source.path, path) &&
		    w->wire_depth == req->args.depth)
			leaving = w;
	}
	return leaving;
}

/*
 * If the open has the watch already, it is asked for once more: then the server
 * says that it exists, or, if the first WATCH failed, makes it (contract E1).
 * If not, there may have been no room for another (contract E4).
 */
static struct xsd_sockmsg *watch_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = watch_find(req);
	int err;

	if (!w && !req->watch)
		return ERR_PTR(-E2BIG);
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
	return xenfs_watch_wire_depth(w, req->args.depth, req->msg);
}

static void watch_unsent(struct xenfs_request *req)
{
	struct xenfs_watch *w = req->watch;

	lockdep_assert_held(&req->connection->lock);
	if (!w)
		return;
	w->pending--;
	w->leaving = false;
	req->watch = NULL;
	xenfs_watch_settle(w);
}

/*
 * In the xenbus thread, so that what is set or not when an event comes is what
 * the server thought (contract E2).
 */
static void watch_answered(struct xenfs_request *req,
			   const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;

	req->watch = NULL;
	w->pending--;
	if (!answer->error && answer->hdr.type != XS_ERROR) {
		w->set = true;
		w->missing = false;
		w->source.depth = req->args.depth;
	} else if (answer->error && !w->set && !w->pending) {
		/* Perhaps the server has it; the client is told that not. */
		xenfs_watch_send_own(w, XS_UNWATCH);
	}
	xenfs_watch_settle(w);
}

const struct xenfs_kind xenfs_watch_kind = {
	.prepare = watch_prepare,
	.discard = watch_discard,
	.dispatch = watch_dispatch,
	.unsent = watch_unsent,
	.answered = watch_answered,
};

/*
 * For a watch that the open has not, the server says what is wrong. It must not
 * see the token, which might be one of the kernel's own: all of those begin
 * with a hexadecimal digit.
 */
static struct xsd_sockmsg *unwatch_dispatch(struct xenfs_request *req)
{
	struct xenfs_watch *w = watch_find(req);
	char *token = xenfs_request_payload(req) + req->args.path_len;

	if (!w) {
		if (token[0])
			token[0] = ':';
		return req->msg;
	}
	if (w->missing && !w->pending) {
		/* The server would say that it is not there. */
		w->set = false;
		xenfs_watch_settle(w);
		return NULL;
	}
	req->watch = w;
	w->pending++;
	return xenfs_watch_wire(w, XS_UNWATCH, req->msg);
}

static void unwatch_answered(struct xenfs_request *req,
			     const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;

	req->watch = NULL;
	if (!w)
		return;
	w->pending--;
	if (answer->error || answer->hdr.type != XS_ERROR || w->missing)
		w->set = false;
	else
		w->leaving = false;
	xenfs_watch_settle(w);
}

const struct xenfs_kind xenfs_unwatch_kind = {
	.dispatch = unwatch_dispatch,
	.unsent = watch_unsent,
	.answered = unwatch_answered,
};

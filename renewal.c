// SPDX-License-Identifier: GPL-2.0
/*
 * Watches are set again at a new server
 *
 * After a resume the server knows no watch. As the core does with watches of its
 * own, each registration is asked for once more, and so fires once (contract T2).
 * What the server refuses, for its quota, is asked for again later, and its
 * clients have to look for themselves.
 *
 * The requests for that are sent for one of the members; what its client has not
 * read does not keep them (request.c).
 */
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "registration.h"
#include "renewal.h"
#include "turns.h"
#include "work.h"

/* When to try again to set what the server refused */
#define MISSING_RETRY	(5 * HZ)

/**
 * struct renewal - a WATCH that no client asked for
 * @req: is sent for one of the members
 * @r: what it is to set again
 */
struct renewal {
	struct xenfs_request req;
	struct xenfs_registration *r;
};

static void missing_work_func(struct work_struct *work);
static DECLARE_DELAYED_WORK(missing_work, missing_work_func);
static void missed_work_func(struct work_struct *work);
static DECLARE_WORK(missed_work, missed_work_func);

/* --- The request ---------------------------------------------------------- */

static struct xsd_sockmsg *renewal_dispatch(struct xenfs_request *req)
{
	return xenfs_registration_wire(container_of(req, struct renewal, req)->r,
				       XS_WATCH);
}

static void ended(struct xenfs_registration *r, struct xenfs_connection *c,
		  const struct xenfs_answer *answer)
{
	if (!xenfs_registration_renewed(r, c, answer))
		queue_delayed_work(xenfs_wq, &missing_work, MISSING_RETRY);
	queue_work(xenfs_wq, &missed_work);
}

static void renewal_answered(struct xenfs_request *req,
			     struct xenfs_answer *answer)
{
	ended(container_of(req, struct renewal, req)->r, req->connection,
	      answer);
}

/* If there is no memory to send it, it is dispatched once more later. */
static const struct xenfs_kind renewal_kind = {
	.dispatch = renewal_dispatch,
	.answered = renewal_answered,
};

static void renewal_release(struct xenfs_message *reply)
{
	kfree(container_of(xenfs_request_of(reply), struct renewal, req));
}

static const struct xenfs_message_ops renewal_ops = {
	.release = renewal_release,
};

static void renew(struct xenfs_registration *r, struct xenfs_connection *c)
{
	struct renewal *renewal;

	lockdep_assert_held(&c->lock);
	renewal = kzalloc(sizeof(*renewal), GFP_ATOMIC | __GFP_NOWARN);
	if (!renewal) {
		ended(r, c, NULL);
		return;
	}
	renewal->r = r;
	xenfs_request_embed(&renewal->req, c, &renewal_kind, &r->wire,
			    &renewal_ops);
	xenfs_request_prepend(&renewal->req);
	xenfs_requests_kick(c);
}

/* --- All of them ---------------------------------------------------------- */

/* Under rcu_read_lock() */
static void renew_one(struct xenfs_registration *r, bool resumed)
{
	struct xenfs_event_source *source;
	struct xenfs_connection *c;

	source = list_first_or_null_rcu(&r->members, struct xenfs_event_source,
					peers);
	if (!source)
		return;
	c = source->connection;
	spin_lock(&c->lock);
	if (source->registration != r)	/* it has left: another one, next time */
		queue_delayed_work(xenfs_wq, &missing_work, MISSING_RETRY);
	else if (xenfs_registration_renew(r, resumed))
		renew(r, c);
	spin_unlock(&c->lock);
}

static void renew_missing(struct xenfs_registration *r)
{
	renew_one(r, false);
}

static void renew_resumed(struct xenfs_registration *r)
{
	renew_one(r, true);
}

/* Nothing holds the module for it: without a registration it finds none. */
static void missing_work_func(struct work_struct *work)
{
	xenfs_registry_each(renew_missing);
}

static void missed_work_func(struct work_struct *work)
{
	xenfs_registry_each(xenfs_registration_tell_missed);
}

/**
 * xenfs_renewal_resumed() - set all watches again
 *
 * The domain was resumed, maybe on another host.
 *
 * Context: tasks and the workqueues are frozen, and no request is at the server:
 * the core has seen to that (contract T2).
 */
void xenfs_renewal_resumed(void)
{
	xenfs_registry_each(renew_resumed);
}

/**
 * xenfs_renewal_exit() - nothing is to be set again
 *
 * Context: module exit; no connection is left, and so no registration.
 */
void xenfs_renewal_exit(void)
{
	cancel_delayed_work_sync(&missing_work);
	cancel_work_sync(&missed_work);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The carrier: the one watch of the core's that stands for all of clients
 *
 * The core passes an event on to the struct xenbus_watch whose address its
 * token begins with, in hexadecimal. One such watch stands for the whole
 * module: the watches of clients are set in the server by ordinary requests
 * whose token is the carrier's address, a colon and a number. So a WATCH waits
 * for nobody, keeps its place among the requests of its open, and the server
 * itself says whether it exists already; and an event comes to carrier_event()
 * in the xenbus thread, in the very order in which the server sent it among the
 * replies (contract E2, E5).
 *
 * The first WATCH of all has to wait until the carrier is registered. The core
 * waits for xenstored to do that, so first a request of our own is sent, which
 * nobody waits for: while there is no answer to it, or to what is sent later, there is
 * no server, or it stands still, and no thread shall wait in the core.
 */
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "carrier.h"
#include "dompath.h"
#include "turns.h"
#include "work.h"

/**
 * enum carrier_state - is the carrier registered with the core?
 * @CARRIER_NONE: no
 * @CARRIER_ASKED: the server is asked whether it is there; then carrier.work
 *	shall register it
 * @CARRIER_SETTING: carrier.work registers it
 * @CARRIER_SET: yes
 * @CARRIER_FAILED: no, and the next WATCH is told why
 * @CARRIER_DROPPED: carrier.work unregisters it
 */
enum carrier_state {
	CARRIER_NONE,
	CARRIER_ASKED,
	CARRIER_SETTING,
	CARRIER_SET,
	CARRIER_FAILED,
	CARRIER_DROPPED,
};

static bool carrier_event(struct xenbus_watch *watch, const char *path,
			  const char *token);
static void carrier_work(struct work_struct *work);

/*
 * Below the domain's own directory, where nobody writes it. Changed by
 * carrier_work() alone, and only while the core has not got the carrier.
 */
static char carrier_node[sizeof("xenfs/carrier/4294967295")] = "xenfs/carrier";

/* How many names to try, one after the other */
#define CARRIER_TRIES	8

static struct {
	spinlock_t lock;		/* nothing else is taken under it */
	enum carrier_state state;	/* lock */
	int error;			/* lock; why it failed */
	unsigned int users;		/* lock; registrations that there are */
	struct xenbus_watch watch;
	struct work_struct work;	/* registers it, and unregisters it */
	xenfs_event_fn event;		/* never changes */
} carrier = {
	.lock = __SPIN_LOCK_UNLOCKED(carrier.lock),
	.watch = {
		.node = carrier_node,
		.will_handle = carrier_event,
	},
	.work = __WORK_INITIALIZER(carrier.work, carrier_work),
};

static void carrier_become(enum carrier_state state, int error)
{
	spin_lock(&carrier.lock);
	carrier.state = state;
	carrier.error = error;
	spin_unlock(&carrier.lock);
	xenfs_turns_unpark();
}

/*
 * When the core has no memory to remove a watch, it forgets it all the same,
 * but the server keeps it: the next one would be EEXIST for ever, also after the
 * module was loaded again, if that is at the same address. So it gets another
 * name then, one that is not likely to have been left behind as well.
 */
static int carrier_try_names(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < CARRIER_TRIES; i++) {
		err = register_xenbus_watch(&carrier.watch);
		if (err != -EEXIST)
			break;
		snprintf(carrier_node, sizeof(carrier_node), "xenfs/carrier/%u",
			 get_random_u32());
	}
	return err;
}

/*
 * In a guest the carrier stays until the module goes: while the domain is about to
 * be suspended nobody can unregister a watch, and who waits for that can't be frozen,
 * so that the suspend fails. In the initial domain the module can only be unloaded
 * when there is no server to answer, because xenstored maps a page of it.
 */
static bool carrier_stays(void)
{
	return !xen_initial_domain();
}

static void carrier_register(void)
{
	int err;

	xenfs_dompath_ask();
	err = carrier_try_names();
	/* oxenstored's EQUOTA, a word that the core does not know */
	if (err == -EINVAL)
		err = -E2BIG;
	carrier_become(err ? CARRIER_FAILED : CARRIER_SET, err);
	if (err || carrier_stays())
		module_put(THIS_MODULE);
}

static void carrier_unregister(void)
{
	unregister_xenbus_watch(&carrier.watch);
	carrier_become(CARRIER_NONE, 0);
	module_put(THIS_MODULE);
}

/* What the carrier's state asks for, which is begun. */
static enum carrier_state carrier_next(void)
{
	enum carrier_state state;

	spin_lock(&carrier.lock);
	if (carrier.state == CARRIER_ASKED)
		carrier.state = CARRIER_SETTING;
	else if (carrier.state == CARRIER_SET && !carrier.users && !carrier_stays())
		carrier.state = CARRIER_DROPPED;
	state = carrier.state;
	spin_unlock(&carrier.lock);
	return state;
}

static void carrier_work(struct work_struct *work)
{
	for (;;) {
		switch (carrier_next()) {
		case CARRIER_SETTING:
			carrier_register();
			break;
		case CARRIER_DROPPED:
			carrier_unregister();
			break;
		default:
			return;
		}
	}
}

/**
 * xenfs_carrier_count() - a registration was allocated, or freed
 * @change: 1 or -1
 *
 * Unless it stays, the carrier is given back with the last one.
 *
 * Context: any; takes carrier.lock.
 */
void xenfs_carrier_count(int change)
{
	spin_lock(&carrier.lock);
	carrier.users += change;
	if (!carrier.users && carrier.state == CARRIER_SET)
		queue_work(xenfs_core_wq, &carrier.work);
	spin_unlock(&carrier.lock);
}

/* --- Is the server there? ----------------------------------------------- */

/**
 * struct carrier_probe - a READ of the domain's number, whose value is of use
 * @req: goes before the WATCH that needs the carrier
 * @wire: what is sent
 */
struct carrier_probe {
	struct xenfs_request req;
	struct {
		struct xsd_sockmsg hdr;
		char path[sizeof("domid")];
	} wire;
};

static void probe_answered(struct xenfs_request *req,
			   struct xenfs_answer *answer)
{
	/* Else it is asked for by carrier_register(). */
	if (!answer->error && answer->hdr.type == XS_READ)
		xenfs_dompath_learn(answer->body, answer->hdr.len);
	queue_work(xenfs_core_wq, &carrier.work);
}

/* The next WATCH asks for the server once more. */
static void carrier_ask_again(void)
{
	bool asked;

	spin_lock(&carrier.lock);
	asked = carrier.state == CARRIER_ASKED;
	if (asked)
		carrier.state = CARRIER_NONE;
	spin_unlock(&carrier.lock);
	if (!asked)
		return;
	module_put(THIS_MODULE);	/* the probe's open has it, too */
	xenfs_turns_unpark();
}

/*
 * The server that had it was killed, perhaps: the reply to the WATCH is not to wait for
 * that one. If what came later is answered, there is a server.
 */
static void probe_overtaken(struct xenfs_request *req, bool certain)
{
	xenfs_request_set_apart(req);
	if (certain)
		queue_work(xenfs_core_wq, &carrier.work);
	else
		carrier_ask_again();
}

static const struct xenfs_kind probe_kind = {
	.overtaken = probe_overtaken,
	.answered = probe_answered,
};

static void probe_release(struct xenfs_message *reply)
{
	kfree(container_of(xenfs_request_of(reply), struct carrier_probe, req));
}

static const struct xenfs_message_ops probe_ops = {
	.release = probe_release,
};

/* Returns what has to be waited for, as xenfs_carrier_get(). */
static int probe(struct xenfs_connection *c)
{
	struct carrier_probe *p;

	p = kzalloc(sizeof(*p), GFP_ATOMIC | __GFP_NOWARN);
	if (!p) {
		queue_work(xenfs_core_wq, &carrier.work);
		return -EINPROGRESS;
	}
	p->wire.hdr.type = XS_READ;
	p->wire.hdr.len = sizeof(p->wire.path);
	strcpy(p->wire.path, "domid");
	xenfs_request_embed(&p->req, c, &probe_kind, &p->wire.hdr, &probe_ops);
	xenfs_request_prepend(&p->req);
	return -ERESTART;
}

/**
 * xenfs_carrier_get() - see to it that there is a carrier
 * @c: the connection whose WATCH is to be dispatched
 *
 * It holds the module, unless it stays.
 *
 * Context: any, under connection->lock; takes carrier.lock.
 * Return: 0 when there is one; -EINPROGRESS while the server is asked for it,
 * or to forget it, after which xenfs_turns_unpark() is called; -ERESTART if
 * a request that was put in front asks for it; or, once, the error that the server
 * answered.
 */
int xenfs_carrier_get(struct xenfs_connection *c)
{
	int ret = -EINPROGRESS;
	bool ask = false;

	spin_lock(&carrier.lock);
	switch (carrier.state) {
	case CARRIER_NONE:
		carrier.state = CARRIER_ASKED;
		__module_get(THIS_MODULE);
		ask = true;
		break;
	case CARRIER_ASKED:
	case CARRIER_SETTING:
	case CARRIER_DROPPED:
		break;
	case CARRIER_SET:
		ret = 0;
		break;
	case CARRIER_FAILED:
		ret = carrier.error;
		carrier.state = CARRIER_NONE;
		break;
	}
	spin_unlock(&carrier.lock);
	return ask ? probe(c) : ret;
}

/*
 * The core calls this for every event whose token begins with the carrier's
 * address; in the xenbus thread, under the core's watches_lock. Returns false:
 * the core need not queue it for the xenwatch thread, so there is no callback.
 */
static bool carrier_event(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	carrier.event(xenfs_token_id(token), path);
	return false;
}

/**
 * xenfs_carrier_token() - the token that a watch has at the server
 * @buf: where to put it; XENFS_TOKEN_MAX bytes
 * @id: what the watch's events are to be told with; not 0
 *
 * Context: any.
 * Return: its length, with the nul.
 */
u32 xenfs_carrier_token(char *buf, u32 id)
{
	return xenfs_token_format(buf, XENFS_TOKEN_MAX,
				  (unsigned long)&carrier.watch, id) + 1;
}

/**
 * xenfs_carrier_init() - set up the carrier, which is not registered yet
 * @event: called for each event
 *
 * Context: module init.
 */
void xenfs_carrier_init(xenfs_event_fn event)
{
	carrier.event = event;
}

/**
 * xenfs_carrier_exit() - undo xenfs_carrier_init()
 *
 * Context: module exit; no registration is left, but carrier_work() may not have
 * returned yet. Waits for xenstored if the carrier stayed.
 */
void xenfs_carrier_exit(void)
{
	flush_work(&carrier.work);
	/* Nobody is left to change it. */
	if (carrier.state == CARRIER_SET)
		unregister_xenbus_watch(&carrier.watch);
}

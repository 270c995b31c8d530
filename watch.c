// SPDX-License-Identifier: GPL-2.0
/*
 * Watches and their events
 *
 * The core passes an event on to the struct xenbus_watch whose address its
 * token begins with, in hexadecimal. One such watch, the carrier, stands for
 * the whole module: the watches of clients are set in the server by ordinary
 * requests whose token is the carrier's address, a colon and a number. So a
 * WATCH waits for nobody, keeps its place among the requests of its open, and
 * the server itself says whether it exists already; and an event comes to
 * carrier_event() in the xenbus thread, in the very order in which the server
 * sent it among the replies (contract E2, E5).
 *
 * What the core would do for watches of its own must be done here: on resume
 * they are set again in the new server (contract T2).
 *
 * An event that finds its like unread is merged with it. One for which there is
 * no room or no memory collapses into an event on the watch's own path, which
 * is part of the watch and so always there to be queued (contract E4).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>
#include <xen/xenbus.h>

#include "xenfs.h"

/**
 * struct xenfs_watch - a watch of one open
 * @list: on connection->watches, from the dispatch of the first WATCH until it
 *	is neither set nor asked for; connection->lock
 * @rcu: carrier_event() finds it without a reference
 * @kref: one for the list or the request that makes it, one while @collapsed
 *	is unread
 * @connection: whose it is
 * @key: path and token as the client knows them
 * @args: where those are, and how deep it sees; the depth: connection->lock
 * @id: the number in the token that the server knows
 * @pending: WATCH and UNWATCH requests that are not answered;
 *	connection->lock
 * @set: the server has it, as far as answers tell; connection->lock
 * @leaving: the last request about it was an UNWATCH; connection->lock
 * @events: unread events of it; connection->lock
 * @collapsed: the event on its own path; on a list while it is unread;
 *	connection->lock
 * @own: to give it back, or to set it again, without a client
 * @own_busy: @own is on its way; connection->lock
 * @wire: what goes to the server; the header is set anew for each request
 * @wire_body: path and token as the server knows them
 */
struct xenfs_watch {
	struct list_head list;
	struct rcu_head rcu;
	struct kref kref;
	struct xenfs_connection *connection;
	char *key;
	struct xenfs_watch_args args;
	u32 id;
	u32 pending;
	bool set;
	bool leaving;
	struct list_head events;
	struct xenfs_message collapsed;
	struct xenfs_request own;
	bool own_busy;
	struct xsd_sockmsg wire;
	char wire_body[];
};

/**
 * struct xenfs_event - an unread event
 * @message: what the client reads
 * @list: on watch->events, or on none if the watch is gone; connection->lock
 * @connection: whose it is
 * @path: path and token
 */
struct xenfs_event {
	struct xenfs_message message;
	struct list_head list;
	struct xenfs_connection *connection;
	char path[];
};

/* The watches by their ids; its own lock, and RCU to look one up */
static DEFINE_XARRAY_ALLOC1(watch_ids);
static u32 last_watch_id;	/* watch_ids' lock */

/* This domain's number, as xenstore has it; may change on a resume */
#define DOMID_UNKNOWN	U32_MAX
static u32 own_domid = DOMID_UNKNOWN;

/**
 * enum carrier_state - is the carrier registered with the core?
 * @CARRIER_NONE: no
 * @CARRIER_ASKED: carrier.work shall register it
 * @CARRIER_SET: yes
 * @CARRIER_FAILED: no, and the next WATCH is told why
 * @CARRIER_DROPPED: carrier.work unregisters it
 */
enum carrier_state {
	CARRIER_NONE,
	CARRIER_ASKED,
	CARRIER_SET,
	CARRIER_FAILED,
	CARRIER_DROPPED,
};

static bool carrier_event(struct xenbus_watch *watch, const char *path,
			  const char *token);
static void carrier_callback(struct xenbus_watch *watch, const char *path,
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
	spinlock_t lock;		/* innermost */
	enum carrier_state state;	/* lock */
	int error;			/* lock; why it failed */
	unsigned int users;		/* lock; watches that there are */
	struct xenbus_watch watch;
	struct work_struct work;	/* registers it, and unregisters it */
} carrier = {
	.lock = __SPIN_LOCK_UNLOCKED(carrier.lock),
	.watch = {
		.node = carrier_node,
		.will_handle = carrier_event,
		.callback = carrier_callback,
	},
	.work = __WORK_INITIALIZER(carrier.work, carrier_work),
};

/* --- The carrier -------------------------------------------------------- */

static void learn_domid(void)
{
	u32 unknown = xen_initial_domain() ? 0 : DOMID_UNKNOWN;

	WRITE_ONCE(own_domid, xenbus_read_unsigned("domid", "", unknown));
}

static void domid_work_func(struct work_struct *work)
{
	learn_domid();
}

static DECLARE_WORK(domid_work, domid_work_func);

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

static void carrier_register(void)
{
	int err;

	learn_domid();
	err = carrier_try_names();
	carrier_become(err ? CARRIER_FAILED : CARRIER_SET, err);
	if (err)
		module_put(THIS_MODULE);
}

static void carrier_unregister(void)
{
	unregister_xenbus_watch(&carrier.watch);
	carrier_become(CARRIER_NONE, 0);
	module_put(THIS_MODULE);
}

/* What the carrier's state asks for; begins to drop one that nobody uses. */
static enum carrier_state carrier_next(void)
{
	enum carrier_state state;

	spin_lock(&carrier.lock);
	if (carrier.state == CARRIER_SET && !carrier.users)
		carrier.state = CARRIER_DROPPED;
	state = carrier.state;
	spin_unlock(&carrier.lock);
	return state;
}

static void carrier_work(struct work_struct *work)
{
	for (;;) {
		switch (carrier_next()) {
		case CARRIER_ASKED:
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

/*
 * A watch was allocated, or freed. The carrier is given back with the last one,
 * while there is a server to answer: in the initial domain the module can only
 * be unloaded when there is none, because xenstored maps a page of it.
 */
static void carrier_count(int change)
{
	spin_lock(&carrier.lock);
	carrier.users += change;
	if (!carrier.users && carrier.state == CARRIER_SET)
		schedule_work(&carrier.work);
	spin_unlock(&carrier.lock);
}

/*
 * Returns 0 when there is a carrier, -EINPROGRESS while the server is asked,
 * or, once, the error that it answered. A carrier holds the module.
 */
static int carrier_get(void)
{
	int ret = -EINPROGRESS;

	spin_lock(&carrier.lock);
	switch (carrier.state) {
	case CARRIER_NONE:
		carrier.state = CARRIER_ASKED;
		__module_get(THIS_MODULE);
		schedule_work(&carrier.work);
		break;
	case CARRIER_ASKED:
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
	return ret;
}

/**
 * xenfs_watches_waiting() - does a WATCH have to wait for the carrier?
 *
 * Context: any. When this turns false, xenfs_turns_unpark() is called.
 * Return: true if the server is asked for it, or to forget it.
 */
bool xenfs_watches_waiting(void)
{
	bool ret;

	spin_lock(&carrier.lock);
	ret = carrier.state == CARRIER_ASKED ||
	      carrier.state == CARRIER_DROPPED;
	spin_unlock(&carrier.lock);
	return ret;
}

/* Never called: carrier_event() keeps every event. */
static void carrier_callback(struct xenbus_watch *watch, const char *path,
			     const char *token)
{
}

/* --- Events ------------------------------------------------------------- */

static void watch_free(struct kref *kref)
{
	struct xenfs_watch *w = container_of(kref, struct xenfs_watch, kref);

	kfree(w->key);
	kfree_rcu(w, rcu);
}

static void watch_put(struct xenfs_watch *w)
{
	kref_put(&w->kref, watch_free);
}

static void event_release(struct xenfs_message *message)
{
	kfree(container_of(message, struct xenfs_event, message));
}

static void collapsed_release(struct xenfs_message *message)
{
	watch_put(container_of(message, struct xenfs_watch, collapsed));
}

/**
 * xenfs_event_consumed() - an event was taken off the unread messages
 * @message: the event
 *
 * Context: any, under connection->lock: from here on the next event of its
 * kind is news.
 */
void xenfs_event_consumed(struct xenfs_message *message)
{
	struct xenfs_event *event;

	INIT_LIST_HEAD(&message->list);
	if (message->release == collapsed_release)
		return;
	event = container_of(message, struct xenfs_event, message);
	lockdep_assert_held(&event->connection->lock);
	list_del(&event->list);
	event->connection->event_bytes -= message->charge;
}

static void queue_event(struct xenfs_connection *c,
			struct xenfs_message *message)
{
	lockdep_assert_held(&c->lock);
	list_add_tail(&message->list, &c->unread);
	wake_up_poll(&c->read_wait, EPOLLIN | EPOLLRDNORM);
}

static bool is_unread(struct xenfs_watch *w, const char *path)
{
	struct xenfs_event *event;

	lockdep_assert_held(&w->connection->lock);
	if (!list_empty(&w->collapsed.list))
		return true;
	list_for_each_entry(event, &w->events, list)
		if (!strcmp(event->path, path))
			return true;
	return false;
}

static void collapse(struct xenfs_watch *w)
{
	struct xenfs_message *message = &w->collapsed;

	message->hdr.type = XS_WATCH_EVENT;
	message->hdr.len = w->args.path_len + w->args.token_len;
	message->body = w->args.path;
	message->release = collapsed_release;
	kref_get(&w->kref);
	queue_event(w->connection, message);
}

/* Runs in the xenbus thread, under a spinlock of the core's. */
static struct xenfs_event *alloc_event(struct xenfs_watch *w, const char *path)
{
	u32 path_len = strlen(path) + 1;
	u32 len = path_len + w->args.token_len;
	struct xenfs_event *event;

	event = kzalloc(sizeof(*event) + len, GFP_ATOMIC | __GFP_NOWARN);
	if (!event)
		return NULL;
	memcpy(event->path, path, path_len);
	memcpy(event->path + path_len, w->args.token, w->args.token_len);
	event->connection = w->connection;
	event->message.hdr.type = XS_WATCH_EVENT;
	event->message.hdr.len = len;
	event->message.body = event->path;
	event->message.charge = ksize(event);
	event->message.release = event_release;
	return event;
}

static void watch_event(struct xenfs_watch *w, const char *path)
{
	struct xenfs_connection *c = w->connection;
	struct xenfs_event *event = NULL;

	lockdep_assert_held(&c->lock);
	if (c->state != XENFS_OPEN || !w->set)
		return;
	if (!xenfs_event_within(w->args.path, path, w->args.depth))
		return;
	/* With the client's token it is no message: no server sends such. */
	if (strlen(path) + 1 + w->args.token_len > XENSTORE_PAYLOAD_MAX)
		return;
	if (is_unread(w, path))
		return;
	if (c->event_bytes < xenfs_limits.event_bytes)
		event = alloc_event(w, path);
	if (!event || c->event_bytes + event->message.charge >
		      xenfs_limits.event_bytes) {
		kfree(event);
		collapse(w);
		return;
	}
	c->event_bytes += event->message.charge;
	list_add_tail(&event->list, &w->events);
	queue_event(c, &event->message);
}

/*
 * The core calls this for every event whose token begins with the carrier's
 * address; in the xenbus thread, under the core's watches_lock. Returns false:
 * the core need not queue it for carrier_callback() in the xenwatch thread.
 */
static bool carrier_event(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	struct xenfs_watch *w;

	rcu_read_lock();
	w = xa_load(&watch_ids, xenfs_token_id(token));
	if (w) {
		spin_lock(&w->connection->lock);
		watch_event(w, path);
		spin_unlock(&w->connection->lock);
	}
	rcu_read_unlock();
	return false;
}

/* --- Watches ------------------------------------------------------------ */

static u32 watch_charge(const struct xenfs_watch *w)
{
	return ksize(w) + ksize(w->key);
}

/* Nothing finds the watch any more; its unread events stay to be read. */
static void watch_forget(struct xenfs_watch *w)
{
	struct xenfs_event *event, *next;

	lockdep_assert_held(&w->connection->lock);
	list_for_each_entry_safe(event, next, &w->events, list)
		list_del_init(&event->list);
	list_del_init(&w->list);
	w->connection->watch_bytes -= watch_charge(w);
	xa_erase(&watch_ids, w->id);
	carrier_count(-1);
	watch_put(w);
}

static void own_release(struct xenfs_message *reply)
{
	struct xenfs_request *req;

	req = container_of(reply, struct xenfs_request, reply);
	watch_put(container_of(req, struct xenfs_watch, own));
}

/* Sends a WATCH or UNWATCH that no client asked for. */
static void watch_send_own(struct xenfs_watch *w, u32 type)
{
	lockdep_assert_held(&w->connection->lock);
	if (w->own_busy)
		return;
	w->own_busy = true;
	w->pending++;
	w->own.kind = xenfs_message_kind(type);
	kref_get(&w->kref);
	xenfs_request_prepend(&w->own);
}

/* Writes path and token, as the server shall know them, behind the header. */
static void watch_fill_wire(struct xenfs_watch *w)
{
	int token_len;

	memcpy(w->wire_body, w->args.path, w->args.path_len);
	token_len = xenfs_token_format(w->wire_body + w->args.path_len,
				       XENFS_TOKEN_MAX,
				       (unsigned long)&carrier.watch, w->id);
	w->wire.len = w->args.path_len + token_len + 1;
}

static struct xenfs_watch *watch_alloc(struct xenfs_connection *c,
				       const struct xenfs_watch_args *args)
{
	struct xenfs_watch *w;

	w = kzalloc(sizeof(*w) + args->path_len + XENFS_TOKEN_MAX,
		    GFP_KERNEL_ACCOUNT);
	if (!w)
		return NULL;
	w->key = kmalloc(args->path_len + args->token_len, GFP_KERNEL_ACCOUNT);
	if (!w->key) {
		kfree(w);
		return NULL;
	}
	memcpy(w->key, args->path, args->path_len);
	memcpy(w->key + args->path_len, args->token, args->token_len);
	w->args = *args;
	w->args.path = w->key;
	w->args.token = w->key + args->path_len;

	w->connection = c;
	kref_init(&w->kref);
	INIT_LIST_HEAD(&w->list);
	INIT_LIST_HEAD(&w->events);
	INIT_LIST_HEAD(&w->collapsed.list);
	xenfs_request_embed(&w->own, c, &w->wire, own_release);
	return w;
}

static_assert(XENSTORE_ABS_PATH_MAX + 1 + XENFS_TOKEN_MAX <=
	      XENSTORE_PAYLOAD_MAX);

/* Charges the connection; false if it has no room for another watch. */
static bool watch_admit(struct xenfs_watch *w)
{
	struct xenfs_connection *c = w->connection;
	bool ret;

	spin_lock(&c->lock);
	ret = c->watch_bytes + watch_charge(w) <= xenfs_limits.watch_bytes;
	if (ret)
		c->watch_bytes += watch_charge(w);
	spin_unlock(&c->lock);
	return ret;
}

/**
 * xenfs_watch_prepare() - allocate what a WATCH may need
 * @req: complete, its syntax checked, not submitted yet
 *
 * An open that has as many watches as it may gets none, and no error yet: the
 * WATCH may be about one that it has (contract E1).
 *
 * Context: process context; may sleep.
 * Return: 0, -ENOMEM, or -EINVAL: the path is longer than the protocol allows.
 */
int xenfs_watch_prepare(struct xenfs_request *req)
{
	struct xenfs_watch_args args;
	struct xenfs_watch *w;
	int err;

	err = xenfs_watch_parse(req->msg, (char *)(req->msg + 1), &args);
	if (err || req->kind == XENFS_UNWATCH)
		return err;
	/*
	 * With our token, which may be longer than the client's, the message
	 * must not be too long: the server would drop the whole domain.
	 */
	if (args.path_len > XENSTORE_ABS_PATH_MAX + 1)
		return -EINVAL;
	req->depth = args.depth;
	w = watch_alloc(req->connection, &args);
	if (!w)
		return -ENOMEM;
	if (!watch_admit(w)) {
		watch_put(w);
		return 0;
	}
	req->watch = w;
	err = xa_alloc_cyclic(&watch_ids, &w->id, w, xa_limit_31b,
			      &last_watch_id, GFP_KERNEL_ACCOUNT);
	if (err >= 0) {
		watch_fill_wire(w);
		carrier_count(1);
		return 0;
	}
	spin_lock(&req->connection->lock);
	req->connection->watch_bytes -= watch_charge(w);
	spin_unlock(&req->connection->lock);
	req->watch = NULL;
	watch_put(w);
	return err;
}

/**
 * xenfs_watch_discard() - free what xenfs_watch_prepare() allocated
 * @req: was not dispatched
 *
 * Context: any, under connection->lock.
 */
void xenfs_watch_discard(struct xenfs_request *req)
{
	if (req->watch)
		watch_forget(req->watch);
	req->watch = NULL;
}

/* The rest of an absolute path that lies below the domain's own directory. */
static const char *own_part(const char *path)
{
	u32 domid = READ_ONCE(own_domid);
	char home[32];
	int len;

	len = scnprintf(home, sizeof(home), "/local/domain/%u/", domid);
	if (domid == DOMID_UNKNOWN || strncmp(path, home, len))
		return NULL;
	return path + len;
}

/* Do two paths name one node? The server tells a relative one by its place. */
static bool same_node(const char *a, const char *b)
{
	const char *part;

	if (!strcmp(a, b))
		return true;
	part = a[0] == '/' ? own_part(a) : b[0] == '/' ? own_part(b) : NULL;
	return part && !strcmp(part, a[0] == '/' ? b : a);
}

/*
 * One that is leaving may be asked for again, but only by the name under which
 * it reports its events: by another, it is another watch.
 */
static struct xenfs_watch *watch_find(struct xenfs_connection *c,
				      const struct xenfs_watch_args *args)
{
	struct xenfs_watch *w, *leaving = NULL;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(w, &c->watches, list) {
		if (strcmp(w->args.token, args->token) ||
		    !same_node(w->args.path, args->path))
			continue;
		if (!w->leaving)
			return w;
		if (!strcmp(w->args.path, args->path))
			leaving = w;
	}
	return leaving;
}

/* What to send about @w in the place of what the client wrote. */
static struct xsd_sockmsg *watch_wire(struct xenfs_watch *w,
				      const struct xsd_sockmsg *msg)
{
	w->leaving = msg->type == XS_UNWATCH;
	w->wire.type = msg->type;
	w->wire.req_id = msg->req_id;
	w->wire.tx_id = msg->tx_id;
	return &w->wire;
}

static struct xsd_sockmsg *dispatch_own(struct xenfs_watch *w)
{
	w->leaving = w->own.kind == XENFS_UNWATCH;
	w->wire.type = w->leaving ? XS_UNWATCH : XS_WATCH;
	w->wire.req_id = 0;
	w->wire.tx_id = 0;
	return &w->wire;
}

/*
 * If the open has the watch already, it is asked for once more: then the server
 * says that it exists, or, if the first WATCH failed, makes it (contract E1).
 * If not, there may have been no room for another (contract E4).
 */
static struct xsd_sockmsg *dispatch_watch(struct xenfs_request *req)
{
	struct xenfs_connection *c = req->connection;
	struct xenfs_watch_args args;
	struct xenfs_watch *w;
	int err;

	xenfs_watch_parse(req->msg, (char *)(req->msg + 1), &args);
	w = watch_find(c, &args);
	if (!w && !req->watch)
		return ERR_PTR(-E2BIG);
	err = carrier_get();
	if (err)
		return ERR_PTR(err);
	if (w) {
		xenfs_watch_discard(req);
		req->watch = w;
	} else {
		w = req->watch;
		list_add(&w->list, &c->watches);
	}
	w->pending++;
	return watch_wire(w, req->msg);
}

/*
 * For a watch that the open has not, the server says what is wrong. It must not
 * see the token, which might be one of the kernel's own: all of those begin
 * with a hexadecimal digit.
 */
static struct xsd_sockmsg *dispatch_unwatch(struct xenfs_request *req)
{
	char *body = (char *)(req->msg + 1);
	struct xenfs_watch_args args;
	struct xenfs_watch *w;

	xenfs_watch_parse(req->msg, body, &args);
	w = watch_find(req->connection, &args);
	req->watch = w;
	if (w) {
		w->pending++;
		return watch_wire(w, req->msg);
	}
	if (args.token[0])
		body[args.token - body] = ':';
	return req->msg;
}

/**
 * xenfs_watch_dispatch() - decide what a WATCH or UNWATCH means
 * @req: about to be sent
 *
 * Context: any, under connection->lock.
 * Return: what to send; or an ERR_PTR: -EINPROGRESS if that has to wait until
 * xenfs_watches_waiting() is false, else the error that answers it.
 */
struct xsd_sockmsg *xenfs_watch_dispatch(struct xenfs_request *req)
{
	lockdep_assert_held(&req->connection->lock);
	if (req->internal)
		return dispatch_own(container_of(req, struct xenfs_watch, own));
	if (req->kind == XENFS_WATCH)
		return dispatch_watch(req);
	return dispatch_unwatch(req);
}

/* Forgets the watch if the server has it not and nobody asks for it. */
static void watch_settle(struct xenfs_watch *w)
{
	lockdep_assert_held(&w->connection->lock);
	if (!w->set && !w->pending)
		watch_forget(w);
}

/**
 * xenfs_watch_unsent() - a WATCH or UNWATCH was dispatched, but not sent
 * @req: the request; one of the module's own is sent later
 *
 * Context: any, under connection->lock.
 */
void xenfs_watch_unsent(struct xenfs_request *req)
{
	struct xenfs_watch *w = req->watch;

	lockdep_assert_held(&req->connection->lock);
	if (req->internal || !w)
		return;
	w->pending--;
	w->leaving = false;
	req->watch = NULL;
	watch_settle(w);
}

static void own_answered(struct xenfs_watch *w)
{
	w->own_busy = false;
	if (w->own.kind == XENFS_UNWATCH)
		w->set = false;
}

static void client_answered(struct xenfs_watch *w, struct xenfs_request *req,
			    const struct xenfs_answer *answer)
{
	bool ok = !answer->error && answer->hdr.type != XS_ERROR;

	if (req->kind == XENFS_UNWATCH) {
		if (ok || answer->error)
			w->set = false;
		else
			w->leaving = false;
	} else if (ok) {
		w->set = true;
		w->args.depth = req->depth;
	} else if (answer->error && !w->set) {
		/* Perhaps the server has it; the client is told that not. */
		watch_send_own(w, XS_UNWATCH);
	}
	req->watch = NULL;
}

/**
 * xenfs_watch_answered() - an answer came for a WATCH or UNWATCH
 * @req: the request
 * @answer: the answer
 *
 * Context: any, under connection->lock. In the xenbus thread, so that what is
 * set or not when an event comes is what the server thought (contract E2).
 */
void xenfs_watch_answered(struct xenfs_request *req,
			  const struct xenfs_answer *answer)
{
	struct xenfs_watch *w = req->watch;

	lockdep_assert_held(&req->connection->lock);
	if (req->internal)
		w = container_of(req, struct xenfs_watch, own);
	if (!w)
		return;
	w->pending--;
	if (req->internal)
		own_answered(w);
	else
		client_answered(w, req, answer);
	watch_settle(w);
}

/**
 * xenfs_watches_drop() - give back all watches of an open
 * @c: the connection; it has no requests at the server
 *
 * Context: any, under connection->lock. See xenfs_request_prepend().
 */
void xenfs_watches_drop(struct xenfs_connection *c)
{
	struct xenfs_watch *w;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(w, &c->watches, list)
		watch_send_own(w, XS_UNWATCH);
}

/*
 * The domain was resumed, maybe on another host. Its tasks and the workqueue
 * are frozen, and no request is at the server: the core has seen to that.
 */
static int watches_resume(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	struct xenfs_connection *c;
	struct xenfs_watch *w;
	unsigned long id;

	rcu_read_lock();
	xa_for_each(&watch_ids, id, w) {
		c = w->connection;
		spin_lock(&c->lock);
		if (w->set) {
			watch_send_own(w, XS_WATCH);
			xenfs_connection_kick(c);
		}
		spin_unlock(&c->lock);
	}
	rcu_read_unlock();
	schedule_work(&domid_work);
	return NOTIFY_DONE;
}

static struct notifier_block resume_notifier = {
	.notifier_call = watches_resume,
};

/**
 * xenfs_watches_init() - listen for a resume
 *
 * Context: module init.
 */
void xenfs_watches_init(void)
{
	xen_resume_notifier_register(&resume_notifier);
}

/**
 * xenfs_watches_exit() - undo xenfs_watches_init()
 *
 * Context: module exit; no connection is left, and so no carrier, but
 * carrier_work() may not have returned yet.
 */
void xenfs_watches_exit(void)
{
	xen_resume_notifier_unregister(&resume_notifier);
	cancel_work_sync(&domid_work);
	flush_work(&carrier.work);
	xa_destroy(&watch_ids);
}

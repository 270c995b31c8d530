// SPDX-License-Identifier: GPL-2.0
#include "transport.h"
#include "turns.h"
#include "turns_model.h"
#include "work.h"

struct open *turns_history[HISTORY];
unsigned int turns_taken;
void (*meanwhile)(void);

static unsigned int slots, slots_free;

/* --- What turns.c calls --------------------------------------------------- */

struct workqueue_struct *xenfs_wq;

static struct work_struct *queued_work;

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	bool ret = !queued_work;

	/* turns.c has but the one. */
	assert_true(ret || work == queued_work);
	queued_work = work;
	return ret;
}

bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay)
{
	return true;
}

bool flush_work(struct work_struct *work)
{
	return false;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	return false;
}

bool xenfs_client_recharge(struct xenfs_client *client, u32 from, u32 to)
{
	return false;
}

/* Which one it is matters to nobody here. */
struct xenfs_slot *xenfs_transport_claim(void)
{
	static char slot;

	if (!slots_free)
		return NULL;
	slots_free--;
	return (struct xenfs_slot *)&slot;
}

/* --- An open -------------------------------------------------------------- */

static bool is_closed(const struct open *o)
{
	return o->c.state == XENFS_CLOSED;
}

/* The last request of a closed open waits until all before it were answered. */
static bool may_send(const struct open *o)
{
	return o->queued && !(is_closed(o) && o->queued == 1 && o->at_server);
}

static void queue_one(struct open *o)
{
	if (!o->queued++)
		list_add_tail(&o->entry, &o->c.queued);
}

static void unqueue_one(struct open *o)
{
	if (!--o->queued)
		list_del_init(&o->entry);
}

/* A slot is free again. */
static void slot_answered(struct open *o, enum xenfs_freed how)
{
	slots_free++;
	xenfs_turns_answered(&o->c, how, may_send(o));
}

static void turn_begin(struct open *o)
{
	/* Contract W3: never two at once */
	assert_false(o->in_turn);
	o->in_turn = true;
	turns_history[turns_taken++ % HISTORY] = o;
}

static void turn_end(struct open *o)
{
	assert_true(o->in_turn && o->queued);
	spin_lock(&o->c.lock);
	if (o->waits && o->queued == 1) {
		xenfs_turns_park(&o->c, o->alone);
		slot_answered(o, XENFS_UNSENT);
	} else if (o->answered_here) {
		unqueue_one(o);
		slot_answered(o, XENFS_UNSENT);
	} else {
		if (is_closed(o) && o->queued == 1)
			xenfs_turns_gives_back(&o->c);
		unqueue_one(o);
		o->at_server++;
		o->turns++;
	}
	o->in_turn = false;
	xenfs_turns_end(&o->c, may_send(o));
	spin_unlock(&o->c.lock);
	o->c.kref.refs--;
}

static void send(struct xenfs_connection *c, struct xenfs_slot *slot)
{
	struct open *o = container_of(c, struct open, c);

	turn_begin(o);
	if (meanwhile)
		meanwhile();
	turn_end(o);
}

void write_begin(struct open *o)
{
	struct xenfs_slot *slot = NULL;

	spin_lock(&o->c.lock);
	queue_one(o);
	if (may_send(o))
		slot = xenfs_turns_own(&o->c, true);
	spin_unlock(&o->c.lock);
	if (!slot)
		return;
	turn_begin(o);
	o->writes = true;
}

void write_end(struct open *o)
{
	o->writes = false;
	turn_end(o);
}

bool write_one(struct open *o)
{
	write_begin(o);
	if (!o->writes)
		return false;
	write_end(o);
	return true;
}

unsigned int write_some(struct open *o, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && write_one(o))
		n++;
	return n;
}

void answer(struct open *o)
{
	assert_true(o->at_server);
	spin_lock(&o->c.lock);
	o->at_server--;
	slot_answered(o, o->overtaken ? XENFS_ANSWERED_LATE : XENFS_ANSWERED);
	o->overtaken -= !!o->overtaken;
	spin_unlock(&o->c.lock);
}

void overtake(struct open *o)
{
	assert_true(o->at_server > o->overtaken);
	spin_lock(&o->c.lock);
	o->overtaken++;
	xenfs_turns_answered(&o->c, XENFS_ANSWERED, may_send(o));
	spin_unlock(&o->c.lock);
}

void take_reply(struct open *o)
{
	spin_lock(&o->c.lock);
	if (may_send(o))
		xenfs_turns_join(&o->c);
	spin_unlock(&o->c.lock);
}

void serve(struct open *o)
{
	spin_lock(&o->c.lock);
	o->waits = false;
	if (o->alone)
		xenfs_turns_unpark_one(&o->c);
	else
		xenfs_turns_unpark();
	spin_unlock(&o->c.lock);
}

static void close_it(struct open *o, bool nothing)
{
	serve(o);
	spin_lock(&o->c.lock);
	o->c.state = XENFS_CLOSED;
	xenfs_turns_closed(&o->c, nothing);
	spin_unlock(&o->c.lock);
	if (!nothing)
		write_one(o);
}

void close_open(struct open *o)
{
	close_it(o, !o->queued && !o->at_server);
}

void close_holder(struct open *o)
{
	close_it(o, false);
}

bool is_gone(const struct open *o)
{
	return is_closed(o) && !o->queued && !o->at_server;
}

void open_init(struct open *o, struct xenfs_client *client)
{
	*o = (struct open){ .c = { .client = client, .group = &client->group } };
	INIT_LIST_HEAD(&o->c.turn);
	INIT_LIST_HEAD(&o->c.queued);
	INIT_LIST_HEAD(&o->entry);
}

/* --- All of them ---------------------------------------------------------- */

bool work_queued(void)
{
	return queued_work;
}

void run_work(void)
{
	struct work_struct *work = queued_work;

	queued_work = NULL;
	if (work)
		work->func(work);
}

/* Somebody who neither pipelines nor waits has so many turns. */
void model_begin(unsigned int n)
{
	struct xenfs_sharer nobody = { };
	struct xenfs_group others = { };
	int i;

	xenfs_turns_init(send);
	slots = n;
	slots_free = n;
	turns_taken = 0;
	meanwhile = NULL;
	xenfs_group_init(&others);
	for (i = 0; i < 100; i++) {
		xenfs_group_sent(&others, &nobody);
		xenfs_group_answered(&others, &nobody, true, false, true);
	}
}

static bool go_on(struct open *o)
{
	if (o->writes)
		write_end(o);
	else if (o->at_server)
		answer(o);
	else
		return false;
	return true;
}

void model_end(struct open *opens, unsigned int n)
{
	bool more = true;
	unsigned int i;

	for (i = 0; i < n; i++)
		serve(&opens[i]);
	while (more) {
		more = work_queued();
		run_work();
		for (i = 0; i < n; i++)
			more |= go_on(&opens[i]);
	}
	for (i = 0; i < n; i++) {
		assert_int_equal(opens[i].queued, 0);
		assert_true(list_empty(&opens[i].c.turn));
		assert_false(xenfs_group_waits(opens[i].c.group));
		assert_true(list_empty(&opens[i].c.group->turn));
		assert_int_equal(opens[i].c.group->share.in_flight, 0);
		assert_int_equal(opens[i].c.group->opens.pipelining, 0);
		assert_int_equal(opens[i].c.kref.refs, 0);
	}
	assert_int_equal(slots_free, slots);
	xenfs_turns_exit();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Turns: who waits gets his, in order, and nobody has two at once: I2, W3. Mostly some
 * open has all at the server that its client may have, and others want to send.
 */
#include <stdlib.h>

#include "message_test.h"
#include "turns_model.h"

#define CLIENTS	IN_FLIGHT
#define OPENS	IN_FLIGHT
#define SLOTS	(2 * IN_FLIGHT)

static struct xenfs_client clients[CLIENTS];
static struct open opens[OPENS];

static struct open *const flooder = &opens[0];
static struct open *const waiter = &opens[1];
static struct open *const third = &opens[2];

/* The opens are all of one client, or each of another. */
static void begin(unsigned int n, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++) {
		clients[i] = (struct xenfs_client){ };
		xenfs_group_init(&clients[i].group);
	}
	for (i = 0; i < OPENS; i++)
		open_init(&opens[i], &clients[i % n]);
	model_begin(slots);
}

static void end(void)
{
	model_end(opens, OPENS);
}

static void answer_some(struct open *o, unsigned int n)
{
	while (n--)
		answer(o);
}

/* One open has all that its client may have, another waits, and a little is answered. */
static void begin_full(void)
{
	begin(1, SLOTS);
	assert_int_equal(write_some(flooder, IN_FLIGHT), IN_FLIGHT);
	assert_false(write_one(waiter));
	answer(flooder);
}

/* Who waits does not go past himself, nor do others. */
void turns_in_order(void **state)
{
	begin_full();
	assert_false(write_one(waiter));
	assert_false(write_one(third));
	/* There is a place for one, and somebody to send. */
	assert_true(work_queued());
	run_work();
	assert_int_equal(turns_taken, IN_FLIGHT + 1);
	answer_some(flooder, IN_FLIGHT / 2);
	run_work();
	assert_int_equal(turns_taken, IN_FLIGHT + 3);
	assert_ptr_equal(turns_history[IN_FLIGHT], waiter);
	assert_ptr_equal(turns_history[IN_FLIGHT + 1], third);
	assert_ptr_equal(turns_history[IN_FLIGHT + 2], waiter);
	end();
}

/* Its own client's other open writes again at each answer. */
void turns_beside_a_flood(void **state)
{
	unsigned int answers;

	begin_full();
	for (answers = 1; !waiter->turns; answers++) {
		assert_true(answers < 2 * IN_FLIGHT);
		write_one(flooder);
		answer(flooder);
		run_work();
	}
	end();
}

/* The workqueue has a turn for it while its writer sends, if that does. */
void turns_one_at_a_time(void **state)
{
	begin_full();
	write_begin(waiter);
	answer_some(flooder, IN_FLIGHT / 2);
	run_work();
	if (waiter->writes)
		write_end(waiter);
	end();
	assert_int_equal(waiter->turns, 2);
}

/* The share of a client grows that has a full one: nobody of it was answered. */
void turns_as_another_leaves(void **state)
{
	begin(1, SLOTS);
	open_init(third, &clients[1]);
	assert_int_equal(write_some(third, 2), 2);
	assert_int_equal(write_some(flooder, IN_FLIGHT / 2), IN_FLIGHT / 2);
	assert_false(write_one(waiter));
	answer(third);
	answer(third);
	assert_int_equal(xenfs_group_share(&clients[0].group), IN_FLIGHT);
	turns_taken = 0;
	assert_false(write_one(waiter));
	assert_false(write_one(flooder));
	assert_true(work_queued());
	run_work();
	assert_int_equal(turns_taken, 3);
	assert_ptr_equal(turns_history[0], waiter);
	assert_ptr_equal(turns_history[1], flooder);
	assert_ptr_equal(turns_history[2], waiter);
	end();
}

/* One who has more to send than he may, and reads each reply as it comes: half at once. */
void turns_several_at_once(void **state)
{
	unsigned int i;

	begin(1, SLOTS);
	assert_int_equal(write_some(flooder, 2 * IN_FLIGHT), IN_FLIGHT);
	for (i = 1; i < IN_FLIGHT; i++)
		write_one(flooder);
	for (i = 1; i < IN_FLIGHT / 2; i++) {
		answer(flooder);
		take_reply(flooder);
		assert_false(work_queued());
	}
	answer(flooder);
	assert_true(work_queued());
	run_work();
	assert_int_equal(flooder->at_server, IN_FLIGHT);
	end();
}

/* Who has all that he writes answered here waits for nobody's turn. */
void turns_of_who_is_answered_here(void **state)
{
	begin(2, SLOTS);
	waiter->answered_here = true;
	write_one(waiter);
	assert_int_equal(write_some(flooder, SLOTS), IN_FLIGHT);
	waiter->answered_here = false;
	end();
}

/* --- What is not to be waited for ----------------------------------------- */

/* The server answers others, and these perhaps never. */
void turns_beside_overtaken(void **state)
{
	unsigned int i;

	begin_full();
	run_work();
	assert_int_equal(waiter->turns, 0);
	for (i = 1; i < IN_FLIGHT; i++)
		overtake(flooder);
	run_work();
	assert_int_equal(waiter->turns, 1);
	assert_int_equal(write_some(flooder, 2), 2);
	end();
}

/* Two may try again, and the first has its share at the server. */
void turns_retry_all(void **state)
{
	begin(2, SLOTS);
	assert_int_equal(write_some(flooder, IN_FLIGHT / 2), IN_FLIGHT / 2);
	flooder->waits = true;
	write_one(flooder);
	write_one(waiter);
	waiter->waits = true;
	write_one(waiter);
	assert_true(flooder->c.parked && waiter->c.parked);
	serve(flooder);
	serve(waiter);
	run_work();
	assert_int_equal(waiter->turns, 2);
	end();
}

/* --- Closed ones ---------------------------------------------------------- */

/* One who waits for each answer, of the second client */
static void begin_beside_a_single_one(void)
{
	begin(2, SLOTS);
	write_one(waiter);
	answer(waiter);
	write_one(waiter);
	answer(waiter);
}

static unsigned int at_server(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < OPENS; i++)
		n += opens[i].at_server;
	return n;
}

/* To open, write one and close is no way to have more at the server. */
void turns_of_who_closes(void **state)
{
	unsigned int i;

	begin_beside_a_single_one();
	for (i = 0; i < OPENS; i += 2) {
		write_one(&opens[i]);
		close_open(&opens[i]);
		run_work();
	}
	assert_int_equal(at_server(), 2);
	end();
}

/* Many are closed at once: what they give back is not all there before him. */
void turns_that_give_back(void **state)
{
	unsigned int i;

	begin_beside_a_single_one();
	for (i = 0; i < OPENS; i += 2) {
		close_holder(&opens[i]);
		run_work();
	}
	assert_int_equal(at_server(), 2);
	assert_true(write_one(waiter));
	end();
}

/* --- In line -------------------------------------------------------------- */

/* Its next request has to wait, and it has nothing else. */
static void go_in_line(struct open *o)
{
	o->waits = true;
	o->alone = true;
	write_one(o);
	if (o->at_server)
		answer(o);
	run_work();
	assert_true(o->c.parked);
	assert_int_equal(o->at_server, 0);
}

/* Who waits in line has no share, and nobody sends less for him. */
static void beside_a_line(unsigned int n, bool with_another)
{
	struct open *o;

	begin(n, SLOTS);
	for (o = &opens[1]; o < &opens[OPENS]; o++) {
		/* What was written before it is answered while it waits. */
		if (with_another)
			write_one(o);
		go_in_line(o);
	}
	assert_int_equal(write_some(flooder, SLOTS), IN_FLIGHT);
	end();
}

void turns_beside_a_line(void **state)
{
	beside_a_line(CLIENTS, false);
	beside_a_line(CLIENTS, true);
	beside_a_line(1, false);
	beside_a_line(1, true);
}

/* --- Whatever happens ----------------------------------------------------- */

/* How many turns others of its client had while an open waits, with nothing sent */
static unsigned int overtaken[OPENS];

static bool has_to_wait(const struct open *o)
{
	return o->queued && !o->at_server && !o->in_turn && !o->c.parked;
}

/* Nobody is overtaken without end by others of his client. */
static void look(unsigned int *seen)
{
	const struct open *had;
	unsigned int i;

	for (; *seen != turns_taken; ++*seen) {
		had = turns_history[*seen % HISTORY];
		for (i = 0; i < OPENS; i++) {
			if (had == &opens[i] || !has_to_wait(&opens[i]))
				overtaken[i] = 0;
			else if (had->c.group == opens[i].c.group)
				overtaken[i]++;
			assert_true(overtaken[i] < 2 * OPENS);
		}
	}
}

static void step_of(struct open *o)
{
	if (is_gone(o)) {
		open_init(o, &clients[rand() % 3]);
		return;
	}
	if (o->writes) {
		write_end(o);
		return;
	}
	switch (rand() % 64) {
	case 0:
		if (o->c.state == XENFS_OPEN) {
			close_open(o);
			/* It waits behind those that were closed before. */
			overtaken[o - opens] = 0;
		}
		break;
	case 1:
		if (o->c.state == XENFS_OPEN && !o->waits) {
			o->waits = true;
			o->alone = rand() % 2;
		}
		break;
	case 2 ... 5:
		serve(o);
		break;
	case 6 ... 9:
		take_reply(o);
		break;
	case 10:
		if (o->at_server > o->overtaken)
			overtake(o);
		break;
	case 11 ... 40:
		if (o->c.state == XENFS_OPEN)
			write_begin(o);
		break;
	default:
		if (o->at_server)
			answer(o);
	}
}

static void step(void)
{
	step_of(&opens[rand() % OPENS]);
}

static void random_turns(unsigned int n, unsigned int slots)
{
	unsigned int seen = 0;
	int i;

	begin(n, slots);
	meanwhile = step;
	for (i = 0; i < 100000; i++) {
		step();
		if (!(rand() % 4))
			run_work();
		look(&seen);
	}
	meanwhile = NULL;
	end();
}

void turns_random(void **state)
{
	srand(1);
	random_turns(1, SLOTS);
	random_turns(3, SLOTS);
	random_turns(3, 5);
}

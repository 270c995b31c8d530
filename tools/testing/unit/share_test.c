// SPDX-License-Identifier: GPL-2.0
/* Shares of what is at the server: I2 */
#include <stdlib.h>

#include "message_test.h"
#include "share.h"

#define WHOLE	16
#define SHARERS	40

/* One more request: written, and sent if it may be */
static bool add(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	xenfs_share_wants(all, one);
	if (one->in_flight >= xenfs_share(all, one, WHOLE))
		return false;
	xenfs_share_sent(all, one);
	return true;
}

/* All of it is answered, but so many. */
static void answer_all(struct xenfs_sharers *all, struct xenfs_sharer *one, u32 but)
{
	while (one->in_flight > but)
		xenfs_share_answered(all, one, true);
}

/* All of it is answered, and nothing more is written. */
static void end(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	answer_all(all, one, 0);
	xenfs_share_idle(all, one);
}

static u32 fill(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	u32 n = one->in_flight;

	while (add(all, one))
		n++;
	return n;
}

static void call(struct xenfs_sharers *all, struct xenfs_sharer *one)
{
	assert_true(add(all, one));
	end(all, one);
}

void share_alone(void **state)
{
	struct xenfs_sharers all = { };
	struct xenfs_sharer one = { };
	int i;

	(void)state;
	assert_int_equal(fill(&all, &one), WHOLE);
	end(&all, &one);
	/* Calls of one's own are no reason to have less. */
	for (i = 0; i < 3; i++)
		call(&all, &one);
	assert_int_equal(fill(&all, &one), WHOLE);
}

void share_equal_parts(void **state)
{
	struct xenfs_sharer each[SHARERS] = { };
	struct xenfs_sharers all = { };
	u32 n, i, sum;

	(void)state;
	for (n = 0; n < SHARERS; n++) {
		add(&all, &each[n]);
		xenfs_share_wants(&all, &each[n]);
	}
	for (n = SHARERS; n; n--) {
		for (i = 0, sum = 0; i < n; i++) {
			assert_true(xenfs_share(&all, &each[i], WHOLE) >= 1);
			assert_int_equal(xenfs_share(&all, &each[i], WHOLE),
					 xenfs_share(&all, &each[0], WHOLE));
			sum += xenfs_share(&all, &each[i], WHOLE);
		}
		assert_true(sum <= (n > WHOLE ? n : WHOLE));
		assert_true(n > WHOLE || sum > WHOLE - n);
		end(&all, &each[n - 1]);
	}
	assert_int_equal(all.pipelining, 0);
}

void share_beside_a_call(void **state)
{
	struct xenfs_sharer flood = { }, other = { }, caller = { }, second = { };
	struct xenfs_sharers all = { };
	int turns, i;

	(void)state;
	assert_int_equal(fill(&all, &flood), WHOLE);
	call(&all, &caller);
	answer_all(&all, &flood, 0);
	assert_int_equal(fill(&all, &flood), 2);
	/* Two that pipeline have no more together than one. */
	assert_int_equal(fill(&all, &other), 1);
	answer_all(&all, &other, 0);
	xenfs_share_leaves(&all, &other);

	/* He is remembered beside the calls of who floods. */
	xenfs_share_leaves(&all, &flood);
	call(&all, &caller);
	answer_all(&all, &flood, 0);
	call(&all, &flood);
	assert_int_equal(fill(&all, &flood), 2);
	end(&all, &flood);
	call(&all, &second);
	assert_int_equal(fill(&all, &flood), 2);

	/* Whatever was not sent, as it was answered here. */
	for (i = 0; i < 1000; i++) {
		xenfs_share_sent(&all, &flood);
		xenfs_share_answered(&all, &flood, false);
	}
	assert_int_equal(fill(&all, &flood), 2);

	/* And forgotten, when he has not come for long. */
	for (turns = 0; xenfs_share(&all, &flood, WHOLE) < WHOLE; turns++) {
		answer_all(&all, &flood, 1);
		assert_true(add(&all, &flood));
		assert_true(turns < 1000);
	}
	assert_true(turns > 16);
}

/*
 * Many who flood with little room for their replies: each sends what it may, and does
 * not pipeline while it reads what came of that.
 */
void share_beside_many(void **state)
{
	struct xenfs_sharer each[SHARERS] = { }, caller = { };
	struct xenfs_sharers all = { };
	u32 n, i, sum;

	(void)state;
	call(&all, &caller);
	for (i = 0, sum = 0; i < SHARERS; i++) {
		sum += fill(&all, &each[i]);
		xenfs_share_leaves(&all, &each[i]);
	}
	assert_int_equal(sum, SHARERS + 1);
	for (n = 0; n < 10 * SHARERS; n++) {
		call(&all, &caller);
		i = n % SHARERS;
		answer_all(&all, &each[i], 0);
		xenfs_share_leaves(&all, &each[i]);
		assert_int_equal(fill(&all, &each[i]), 1);
	}
}

/* However they come and go, it is known how many pipeline. */
void share_random(void **state)
{
	struct xenfs_sharer each[SHARERS] = { };
	struct xenfs_sharers all = { };
	u32 pipelining, in_flight;
	int i, n;

	(void)state;
	srand(1);
	for (i = 0; i < 200000; i++) {
		struct xenfs_sharer *one = &each[rand() % SHARERS];

		switch (rand() % 4) {
		case 0:
			if (one->in_flight)
				xenfs_share_answered(&all, one, true);
			break;
		case 1:
			if (!one->in_flight)
				xenfs_share_idle(&all, one);
			break;
		case 2:
			if (!(rand() % 10))
				xenfs_share_leaves(&all, one);
			break;
		default:
			if (!add(&all, one))
				assert_true(one->in_flight);
		}
		for (n = 0, pipelining = 0, in_flight = 0; n < SHARERS; n++) {
			pipelining += each[n].pipelines;
			in_flight += each[n].in_flight;
		}
		assert_int_equal(all.pipelining, pipelining);
		assert_int_equal(all.in_flight, in_flight);
	}
}

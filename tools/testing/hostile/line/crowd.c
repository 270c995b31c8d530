// SPDX-License-Identifier: GPL-2.0
/* Very many processes that want a transaction at once */
#include "crowd.h"
#include "line.h"

void crowd(void)
{
	struct crowd_result r;

	scene_begin();
	crowd_begin(ROOT "/crowd", "n0");
	sleep_ms(scaled(10000, 60000));
	scene_goes_on("[T3] a crowd that wants transactions");
	crowd_end(&r);
	is(r.ended, CROWD, "[T3] %d processes want transactions, and end", CROWD);
	is(r.refused, 0, "[T3] none was refused one");
	is(r.others, 0, "[T3] nor was there any other error");
	ok(r.least > 0 && r.most <= 3 * r.least,
	   "[T3] the luckiest had no more than three times as many as the unluckiest");
	scene_end("a crowd");
}

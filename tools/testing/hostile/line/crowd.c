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
	crowd_was_served(&r);
	scene_end("a crowd");
}

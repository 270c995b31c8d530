// SPDX-License-Identifier: GPL-2.0
/* Very many processes that want a transaction at once */
#include "crowd.h"
#include "line.h"

void crowd(void)
{
	struct crowd_result r;

	scene_begin();
	crowd_begin(ROOT "/crowd", "n0");
	crowd_lasts(scaled(10000, 60000), 4 * PATIENCE_MS);
	/* The bystander's transactions are in line behind each of theirs. */
	scene_goes_on_within(4 * PATIENCE_MS,
			     "[T3] a crowd that wants transactions");
	crowd_end(&r);
	crowd_was_served(&r);
	scene_end("a crowd");
}

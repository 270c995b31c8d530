// SPDX-License-Identifier: GPL-2.0
/*
 * Very many processes that want a transaction at once, where there are few: as
 * many as the server allows a guest, less those of the kernel, or some that the
 * module has learned of.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call.h"
#include "crowd.h"
#include "deadline.h"
#include "domu.h"
#include "tap.h"
#include "target.h"

#define SECONDS	30

void crowd(struct client *c)
{
	long references = module_references();
	struct crowd_result r;
	long end, left;
	char permission[16];
	struct msg m;

	call_string(c, XS_READ, 0, "domid", &m);
	snprintf(permission, sizeof(permission), "n%d", atoi(m.body));
	crowd_begin("data/crowd", permission);
	end = now_ms() + SECONDS * 1000;
	if (is_stock() || all_transactions() == CLIENTS)
		device_comes(c, "with very many in line for a transaction");
	else
		skip("clients may take the kernel's", "[I3] a device with very many in line");
	left = end - now_ms();
	/* Of the kernel's own some get none, however long it is. */
	crowd_lasts(left > 0 ? left : 0, is_stock() ? 0 : 4 * PATIENCE_MS);
	crowd_end(&r);
	crowd_was_served(&r);
	if (is_stock())
		skip("a START that is refused is never made good for",
		     "[T3] nothing is left to be done");
	else
		ok(module_settles(references), "[T3] nothing is left to be done");
}

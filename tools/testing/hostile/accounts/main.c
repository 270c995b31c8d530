// SPDX-License-Identifier: GPL-2.0
/*
 * What the opens of a client hold together, and those of all: whoever overdraws
 * that loses, or waits, himself: I2, I3, I4. The module is loaded anew with small
 * bounds, for which the server has to go and come.
 */
#include <stdio.h>

#include "accounts.h"

static void load(const char *parameters)
{
	if (!reload(parameters))
		bail("the module does not load again: %s", parameters);
}

int main(void)
{
	char small[256];

	hostile_begin(scaled(240, 1500));
	if (is_stock()) {
		closed_by_others();
		skip("it has no such bounds", "[I3] what a client may hold");
		return tap_end();
	}
	if (!server_is_c() || server_is_remote()) {
		skip("this server can't be restarted here", "[I3] what a client may hold");
		return tap_end();
	}
	snprintf(small, sizeof(small),
		 "closed_bytes=%d request_bytes=%d client_bytes=%d all_watches=%d",
		 CLOSED_BYTES, REQUEST_BYTES, CLIENT_BYTES, ALL_WATCHES);
	server_learn();
	load(small);
	closed_by_others();
	closed_in_groups();
	watches_of_all();
	unread();
	load("");
	module_unload("kuser");
	return tap_end();
}

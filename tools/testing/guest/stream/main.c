// SPDX-License-Identifier: GPL-2.0
/* The write side: W1 to W8 */
#include "store.h"
#include "stream.h"
#include "tap.h"
#include "target.h"

int main(void)
{
	tap_begin(120);
	subtree("stream");
	pieces();
	yardstick_all();
	lengths();
	in_flight();
	bounds();
	malformed_requests();
	foreign_transactions();
	reset_watches();
	faults();
	/* The stock driver is of little use after it. */
	if (!is_socket())
		bad_header_holding();
	return tap_end();
}

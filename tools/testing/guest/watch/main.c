// SPDX-License-Identifier: GPL-2.0
/* Watches: E1 to E5 */
#include "store.h"
#include "tap.h"
#include "watch.h"

int main(void)
{
	tap_begin(100);
	subtree("watch");
	identity();
	order();
	names();
	yardstick();
	depths();
	unread();
	closed_watches();
	shared();
	return tap_end();
}

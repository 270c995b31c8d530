// SPDX-License-Identifier: GPL-2.0
/* What one process can do to the others, and the end of an open: I1 to I5 */
#include <sys/stat.h>

#include "call.h"
#include "life.h"
#include "store.h"
#include "tap.h"
#include "target.h"

int main(void)
{
	struct client *sock;

	tap_begin(140);
	subtree("life");
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, "value");
	chmod("/", 0755);
	client_close(sock);
	sharing();
	ends();
	watches_in_flight();
	neighbours();
	return tap_end();
}

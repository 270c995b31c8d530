// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand, for a kernel with CONFIG_FAULT_INJECTION: of all that a
 * system call of a client, or the xenbus thread, allocates and copies, one
 * fails, each in its turn. The client sees an errno or an XS_ERROR, loses
 * nothing but what it is told, and the others see nothing.
 */
#include <string.h>
#include <unistd.h>

#include "fault.h"

int main(void)
{
	int nth = nth_open(getpid());
	char body[PAYLOAD_MAX];

	hostile_begin(240);
	if (nth < 0 || is_stock()) {
		skip(nth < 0 ? "this kernel can't inject faults" : "stock",
		     "[W8] faults");
		return tap_end();
	}
	if (!ok(injection_begin(), "[W8] faults can be injected"))
		return tap_end();
	memset(body, 'v', sizeof(body));
	memcpy(body, LARGE, sizeof(LARGE));
	call(client_open(socket_path()), XS_WRITE, 0, body,
	     sizeof(LARGE) + LARGE_SIZE, &reply);
	scene_begin();
	client_faults(nth);
	scene_goes_on("[I1] after all these faults");
	scene_end("faults in a client's system calls");
	thread_faults();
	worker_faults();
	carrier_faults();
	return tap_end();
}

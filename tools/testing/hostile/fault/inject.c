// SPDX-License-Identifier: GPL-2.0
/* Faults on demand */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fault.h"

int nth_open(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/fail-nth", pid, pid);
	return open(path, O_RDWR);
}

/* By default, allocations that may sleep never fail, and each failure is told. */
bool injection_begin(void)
{
	mount("none", DEBUGFS, "debugfs", 0, NULL);
	return file_put(DEBUGFS "/failslab/ignore-gfp-wait", "N") &&
	       file_put(DEBUGFS "/failslab/verbose", "0") &&
	       file_put(DEBUGFS "/fail_usercopy/verbose", "0") &&
	       file_put(DEBUGFS "/fail_page_alloc/verbose", "0");
}

void arm(int nth, unsigned int n)
{
	char text[16];

	if (pwrite(nth, text, snprintf(text, sizeof(text), "%u", n), 0) < 0)
		diag("fail-nth: %s", strerror(errno));
}

bool disarm(int nth)
{
	char text[16] = "";
	bool fired = pread(nth, text, sizeof(text) - 1, 0) > 0 && !atoi(text);

	while (pwrite(nth, "0", 1, 0) != 1)
		;
	return fired;
}

// SPDX-License-Identifier: GPL-2.0
/* Control groups */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostile.h"

#define CGROUP		"/sys/fs/cgroup"

bool groups_mounted(void)
{
	if (!access(CGROUP "/cgroup.controllers", R_OK) ||
	    !mount("none", CGROUP, "cgroup2", 0, NULL))
		return true;
	diag("%s: %s", CGROUP, strerror(errno));
	return false;
}

void group_make(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUP "/%s", name);
	mkdir(path, 0755);
}

void group_remove(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUP "/%s", name);
	rmdir(path);
}

bool group_join(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), CGROUP "/%s/cgroup.procs", name);
	return file_put(path, "0");
}

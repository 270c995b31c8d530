// SPDX-License-Identifier: GPL-2.0
/* Modules beside xenfs */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostile.h"

bool module_load_with(const char *name, const char *parameters)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return !err || err == EEXIST;
}

bool module_load(const char *name)
{
	return module_load_with(name, "");
}

static void unload_job(void *arg)
{
	const char *name = arg;
	int i;

	for (i = 0; i < 100; i++) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK) || errno == ENOENT)
			return;
		sleep_ms(50);
	}
	diag("cannot unload %s: %s", name, strerror(errno));
	for (;;)
		pause();
}

bool module_unload(const char *name)
{
	struct job job;

	job_start(&job, unload_job, (void *)name);
	return job_join(&job, PATIENCE_MS);
}

bool play_resume(void)
{
	return module_load("resumed") && module_unload("resumed");
}

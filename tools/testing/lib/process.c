// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "deadline.h"
#include "process.h"

/* A zombie is nobody: the server that was killed may be one for good. */
static bool is_named(const char *pid, const char *name)
{
	char path[64], comm[32] = "", state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%31[^)]) %c", comm, &state) != 2)
		state = 'Z';
	fclose(f);
	return state != 'Z' && !strcmp(comm, name);
}

pid_t pid_of(const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	pid_t pid = 0;

	while (dir && !pid && (d = readdir(dir)))
		if (atoi(d->d_name) > 1 && is_named(d->d_name, name))
			pid = atoi(d->d_name);
	if (dir)
		closedir(dir);
	return pid;
}

int child_wait(pid_t pid, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > end) {
			kill(pid, SIGKILL);
			return -1;
		}
		sleep_ms(2);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "deadline.h"
#include "kernel.h"
#include "restart.h"
#include "server.h"
#include "tap.h"
#include "target.h"

#define PID_FILE	"/run/xenstored.pid"

static char *server_argv[16];

/* Those that were killed may still be there, as zombies. */
static pid_t newest_server(void)
{
	long pid = file_number(PID_FILE);

	return pid < 0 ? 0 : pid;
}

void server_learn(void)
{
	static char line[512];
	char path[64], *p;
	unsigned int n = 0;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", newest_server());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);
	close(fd);
	/* After a live update it has -U, to take over what is not there next time. */
	for (p = line; p < line + len && n < 15; p += strlen(p) + 1)
		if (strcmp(p, "-U"))
			server_argv[n++] = p;
	if (!n)
		bail("no server runs");
}

/* A zombie has no mappings: that is gone enough. Nobody may reap it. */
static bool running(pid_t pid)
{
	char path[64], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	if (f)
		fclose(f);
	return state != 'Z';
}

bool server_kill(void)
{
	long end = now_ms() + PATIENCE_MS;
	pid_t pid = newest_server();

	if (!pid || kill(pid, SIGKILL))
		return false;
	while (running(pid)) {
		if (now_ms() > end)
			return false;
		sleep_ms(20);
	}
	return true;
}

/* Its socket is there a little before it can be connected to. */
static bool listens(void)
{
	int fd = connect_to(socket_path());

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool server_start(void)
{
	long end = now_ms() + PATIENCE_MS;
	struct stat st;
	pid_t pid;

	unlink(PID_FILE);
	unlink(socket_path());
	pid = fork();
	if (pid == 0) {
		execvp(server_argv[0], server_argv);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	while (now_ms() < end) {
		if (!stat(PID_FILE, &st) && st.st_size && listens())
			return server_alive();
		sleep_ms(20);
	}
	return false;
}

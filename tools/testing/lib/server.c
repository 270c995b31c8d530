// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "process.h"
#include "server.h"
#include "tap.h"
#include "target.h"

/*
 * In a guest the server is far: whoever reads along on the console (XENFS_REMOTE)
 * obeys and says so. A line may be broken by the kernel's own: ask again.
 */
static bool remote_server(const char *command, const char *answer)
{
	const char *path = getenv("XENFS_REMOTE");
	char text[64], got[256];
	bool done = false;
	int fd, n, tries;

	if (!path)
		return false;
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "\r\n@@server %s\r\n", command);
	for (tries = 0; fd >= 0 && !done && tries < 10; tries++) {
		if (write(fd, text, n) < 0 && errno != EAGAIN)
			break;
		while (!done && (poll_for(fd, POLLIN, 1000) & POLLIN)) {
			ssize_t len = read(fd, got, sizeof(got) - 1);

			if (len <= 0)
				break;
			got[len] = '\0';
			done = strstr(got, answer);
		}
	}
	if (fd >= 0)
		close(fd);
	return done;
}

pid_t server_pid(void)
{
	pid_t pid;

	if (server_is_remote())
		return 1;
	pid = pid_of("xenstored");
	return pid ? pid : pid_of("oxenstored");
}

static pid_t stopped;

static void server_release(void)
{
	if (stopped && !remote_server("continue", "continued"))
		kill(stopped, SIGCONT);
	stopped = 0;
}

bool server_stop(void)
{
	if (!tap_at_alarm)
		atexit(server_release);
	tap_at_alarm = server_release;
	stopped = server_pid();
	if (server_is_remote())
		return remote_server("stop", "stopped");
	return stopped && !kill(stopped, SIGSTOP);
}

void server_continue(void)
{
	server_release();
}

long server_count(const char *what, unsigned int domid)
{
	struct client *c = client_open(socket_path());
	char body[32], *line;
	long count = -1;
	struct msg m;
	int len;

	len = snprintf(body, sizeof(body), "quota%c%u", 0, domid) + 1;
	if (!call(c, XS_CONTROL, 0, body, len, &m)) {
		line = strstr(m.body, what);
		line = line ? strchr(line, ':') : NULL;
		if (line)
			count = atol(line + 1);
	}
	client_close(c);
	if (count < 0)
		bail("xenstored does not count %s", what);
	return count;
}

bool server_alive(void)
{
	struct client *c = client_open(socket_path());
	int err = call_string(c, XS_DIRECTORY, 0, "/", NULL);

	client_close(c);
	if (err)
		diag("the server does not answer on its socket: %d", err);
	return err == 0;
}

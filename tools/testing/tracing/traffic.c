// SPDX-License-Identifier: GPL-2.0
/*
 * Some of each thing that there is a tracepoint for, over and over, until it is told
 * to end
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "rounds.h"
#include "store.h"
#include "tap.h"

#define ROOT	"/test/tracing"
#define KEY	ROOT "/key"
#define MANY	ROOT "/many"
/* So long are its paths that so many events are more than an open may have unread. */
#define CHILD	200
#define EVENTS	100

static volatile sig_atomic_t done;

static void end(int number)
{
	(void)number;
	done = 1;
}

/* Answered with what was asked for, by an error of the server's, and by one of ours */
static void requests(void)
{
	struct client *c = client_new();
	struct msg m;

	if (call_write(c, 0, KEY, "value") || call_string(c, XS_READ, 0, KEY, &m))
		bail("%s can't be written and read", KEY);
	if (call_string(c, XS_READ, 0, ROOT "/none", &m) != ENOENT)
		bail("there is a %s", ROOT "/none");
	if (call(c, XS_MKDIR, 0, "x", 1, &m) != EINVAL)
		bail("a MKDIR without an end of its path is none that is refused");
	client_close(c);
}

/* A watch that nobody reads the events of: new ones, an equal one, and too many */
static void events(void)
{
	struct client *watcher = client_new(), *writer = client_new();
	char path[sizeof(MANY) + CHILD + 16];
	int i;

	if (call_watch(watcher, XS_WATCH, MANY, "token"))
		bail("%s can't be watched", MANY);
	for (i = 0; i < EVENTS; i++) {
		snprintf(path, sizeof(path), MANY "/%0*d", CHILD, i / 2);
		if (call_write(writer, 0, path, "value"))
			bail("%s can't be written", path);
	}
	client_close(writer);
	client_close(watcher);
}

/* Writes until there is no room; the answers are nobody's. */
static void flood(void)
{
	static char buf[HEADER + PAYLOAD_MAX];
	struct client *c = client_new();
	char path[3000];
	size_t len;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path, ROOT "/", strlen(ROOT "/"));
	len = msg_string(buf, XS_READ, 1, 0, path);
	while (write(c->fd, buf, len) == (ssize_t)len)
		;
	client_close(c);
}

/* Always as long: who reads it while it is written anew has one number or the other. */
static void tell(int fd, unsigned int rounds)
{
	char text[16];

	snprintf(text, sizeof(text), "%14u\n", rounds);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		bail("the rounds can't be told: %s", strerror(errno));
}

int main(void)
{
	int fd = open(ROUNDS, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	unsigned int rounds;

	if (fd < 0)
		bail(ROUNDS ": %s", strerror(errno));
	signal(SIGTERM, end);
	subtree("tracing");
	for (rounds = 0; !done; rounds++) {
		tell(fd, rounds);
		requests();
		events();
		flood();
		/* Whoever looks is to get a processor, too. */
		sleep_ms(50);
	}
	return 0;
}

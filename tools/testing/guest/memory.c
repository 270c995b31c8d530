// SPDX-License-Identifier: GPL-2.0
/* What an open costs the kernel: I3 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client.h"
#include "guest.h"
#include "tap.h"

#define ROOT	"/test/memory"
#define IDLE	2000
#define FULL	16

/* Bytes in slabs; other users of them make it a little uncertain. */
static long slab(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	sleep_ms(300);	/* for what is freed after a grace period */
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib * 1024;
}

static void idle(void)
{
	struct rlimit limit = { IDLE + 64, IDLE + 64 };
	long before, each;
	int fd[IDLE], i;

	setrlimit(RLIMIT_NOFILE, &limit);
	/* The table of descriptors is not what we ask for. */
	close(dup2(0, IDLE + 32));
	before = slab();
	for (i = 0; i < IDLE; i++)
		fd[i] = open(file_path(), O_RDWR);
	ok(fd[IDLE - 1] >= 0, "[I3] %d opens", IDLE);
	each = (slab() - before) / IDLE;
	diag("an idle open takes %ld bytes", each);
	ok(each > 0 && each < 1024, "[I3] an idle open takes less than 1 KiB");
	for (i = 0; i < IDLE; i++)
		close(fd[i]);
	/* What is freed after a grace period, and then cached, takes its time. */
	for (i = 0; i < 30 && slab() - before >= IDLE * 768 / 2; i++)
		;
	each = slab() - before;
	diag("%ld bytes are left after the closes", each);
	ok(each < IDLE * 768 / 2, "[I3] and gives it back");
}

/* Sends the same kind of request until the open takes no more. */
static int fill(struct client *c, uint32_t type, int most)
{
	char body[PAYLOAD_MAX], buf[HEADER + PAYLOAD_MAX];
	size_t len;
	int n;

	memset(body, 'x', sizeof(body));
	for (n = 0; n < most; n++) {
		len = snprintf(body, sizeof(body), ROOT "/watch/%d", n) + 1;
		if (type == XS_WATCH)
			body[len++] = '\0';
		else
			len = sizeof(body);
		len = msg_build(buf, type, 1, 0, body, len);
		if (write(c->fd, buf, len) < (ssize_t)len)
			break;
	}
	return n;
}

static void full(void)
{
	struct client *c[FULL];
	long before = slab(), each;
	int watches = 0, requests = 0, i;

	for (i = 0; i < FULL; i++) {
		c[i] = client_new();
		watches += fill(c[i], XS_WATCH, 160);
		sleep_ms(200);
		requests += fill(c[i], XS_WRITE, 100);
	}
	diag("%d watches, %d large requests taken", watches, requests);
	each = (slab() - before) / FULL;
	diag("a full open takes %ld bytes", each);
	ok(each > 64 * 1024, "[I3] an open at its bounds takes some memory");
	ok(each < 256 * 1024, "[I3] but less than 256 KiB");
	for (i = 0; i < FULL; i++)
		client_close(c[i]);
}

/* The open's fdinfo, as it is at one time */
struct info {
	char text[1024];
};

static struct info look(const struct client *c)
{
	struct info info = { "" };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", c->fd);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, info.text, sizeof(info.text) - 1) < 0)
		diag("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return info;
}

/* A number in it; -1 if it isn't there */
static long number(const struct info *info, const char *what)
{
	const char *line = strstr(info->text, what);

	return line && line[strlen(what)] == ':' ?
	       atol(line + strlen(what) + 1) : -1;
}

static long held(const struct client *c, const char *what)
{
	struct info info = look(c);

	return number(&info, what);
}

/* A request goes from queued to in flight at any time. */
static long unanswered(const struct client *c)
{
	struct info info = look(c);

	return number(&info, "requests-queued") +
	       number(&info, "requests-in-flight");
}

static void fdinfo(void)
{
	struct client *c = client_new();
	struct msg m;
	uint32_t tx;

	is(held(c, "watches"), 0, "[I3] fdinfo: no watches");
	is(held(c, "transactions"), 0, "[I3] no transactions");
	is(held(c, "messages-unread"), 0, "[I3] nothing unread");
	call_watch(c, XS_WATCH, ROOT "/info", "t");
	client_event(c, &m, DEADLINE_MS);
	call_start(c, &tx);
	is(held(c, "watches"), 1, "[I3] a watch");
	is(held(c, "transactions"), 1, "[I3] a transaction");
	ok(held(c, "watch-bytes") > 0, "[I3] which takes memory");
	server_stop();
	client_send(c, XS_READ, 0, "/", 2);
	is(unanswered(c), 1, "[I3] a request without a reply");
	ok(held(c, "request-bytes") > 0, "[I3] which takes memory");
	server_continue();
	poll_for(c->fd, POLLIN, DEADLINE_MS);
	is(held(c, "requests-in-flight"), 0, "[I3] none in flight");
	is(held(c, "messages-unread"), 1, "[I3] a reply unread");
	ok(held(c, "reply-bytes") > 0, "[I3] which takes memory");
	client_close(c);
}

int main(void)
{
	tap_begin(100);
	subtree("memory");
	if (is_socket()) {
		skip("a socket costs what it costs", "[I3] memory");
		return tap_end();
	}
	if (slow() > 1)
		skip("a debug kernel's objects are larger", "[I3] an idle open");
	else
		idle();
	if (is_stock()) {
		skip("without bound", "[I3] an open at its bounds");
		skip("it has none", "[I3] fdinfo");
	} else {
		if (slow() == 1)
			full();
		fdinfo();
	}
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Opens that are closed with requests to send: I4, I2. Those are kept up to a
 * bound, and each client has its own: nobody's are dropped for what others close.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accounts.h"

#define FLOODERS	4
#define CLIENTS		100
/* More than may be at the server at once */
#define OCCUPIERS	40
/* The path for which a request takes the most memory, and more than an open takes */
#define LARGE		(is_stock() ? 4000 : 4081)
#define MANY		(2 * REQUEST_BYTES / PAYLOAD_MAX)

/* So many requests, or as many as it takes, then a close */
static void fill_and_close(int n, size_t size)
{
	static char path[PAYLOAD_MAX], buf[HEADER + PAYLOAD_MAX];
	struct client *c = client_new();
	size_t len;

	/* As the server refuses it, it costs but the way there. */
	memset(path, 'x', size - 1);
	path[size - 1] = '\0';
	len = msg_string(buf, XS_READ, 1, 0, path);
	while (n-- > 0 && write(c->fd, buf, len) == (ssize_t)len)
		;
	client_close(c);
}

/* One WRITE of a key of its own, and gone */
static void write_and_close(const char *key)
{
	struct client *c = client_new();
	char buf[128];
	size_t len = msg_write_req(buf, 1, 0, key, VALUE);
	bool good = write(c->fd, buf, len) == (ssize_t)len;

	client_close(c);
	if (!good)
		_exit(1);
}

static unsigned int children(const char *path)
{
	struct client *c = client_open(socket_path());
	static struct msg m;
	unsigned int n = 0;
	size_t i;

	if (!call_string(c, XS_DIRECTORY, 0, path, &m))
		for (i = 0; i < m.hdr.len; i++)
			n += !m.body[i];
	client_close(c);
	return n;
}

static unsigned int children_within(const char *path, unsigned int all)
{
	long end = now_ms() + PATIENCE_MS;

	while (children(path) < all && now_ms() < end)
		sleep_ms(100);
	return children(path);
}

static void flooder(const bool *stop)
{
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		fill_and_close(MANY, LARGE);
	_exit(0);
}

/* Returns how many of them could write. */
static int clients(void)
{
	int i, good = 0;
	char key[64];
	pid_t pid;

	for (i = 0; i < CLIENTS; i++) {
		snprintf(key, sizeof(key), ROOT "/kept/%d", i);
		pid = fork();
		if (!pid) {
			write_and_close(key);
			_exit(0);
		}
		good += child_ends(pid) == 0;
		sleep_ms(5);
	}
	return good;
}

void closed_by_others(void)
{
	bool *stop = shared_memory(sizeof(*stop));
	pid_t pids[FLOODERS];
	int i, ended = 0;

	scene_begin();
	for (i = 0; i < FLOODERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			flooder(stop);
	}
	sleep_ms(300);
	is(clients(), CLIENTS, "[I4] %d processes write a key each, and close", CLIENTS);
	is(children_within(ROOT "/kept", CLIENTS), CLIENTS,
	   "[I4, I2] all is carried out, while %d close full opens", FLOODERS);
	scene_goes_on("[I1] beside that");
	__atomic_store_n(stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < FLOODERS; i++)
		ended += child_ends(pids[i]) == 0;
	is(ended, FLOODERS, "[I4] those go on, too");
	scene_end("closes of full opens");
}

/* --- Control groups ----------------------------------------------------- */

/* A child in this group, the root one without a name; for child_ends() */
static pid_t in_group(const char *group, void (*fn)(const char *key), const char *key)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!group_join(group))
		_exit(2);
	fn(key);
	_exit(0);
}

/* Until there is no room for even a small one */
static void overdraw(const char *unused)
{
	int i, n;

	(void)unused;
	for (n = MANY; n; n /= 2)
		for (i = 0; i < CLOSED_BYTES / REQUEST_BYTES; i++)
			fill_and_close(n, LARGE);
	for (i = 0; i < 100; i++)
		fill_and_close(1, 20);
}

static bool there(const char *key)
{
	return peek(key);
}

/* Every slot is taken: what comes now waits in the module. */
static void occupy(struct client *c[OCCUPIERS])
{
	int i;

	for (i = 0; i < OCCUPIERS; i++) {
		c[i] = client_new();
		client_send(c[i], XS_READ, 0, KEY, sizeof(KEY));
	}
}

static int collect(struct client *c[OCCUPIERS])
{
	static struct msg m;
	int i, good = 0;

	for (i = 0; i < OCCUPIERS; i++) {
		good += !client_recv(c[i], &m, PATIENCE_MS) && !msg_error(&m);
		client_close(c[i]);
	}
	return good;
}

/*
 * One in the first group closes more than its account has room for, and then
 * one in the second group closes an open with a WRITE. The last one, who comes
 * from elsewhere, closes his behind it: when that is carried out, so would the
 * other be.
 */
static void who_loses(const char *first, const char *second, bool kept,
		      const char *what)
{
	static const char key[] = ROOT "/groups/key", last[] = ROOT "/groups/last";
	struct client *c[OCCUPIERS];
	int good = 0;

	server_stop();
	occupy(c);
	good += child_ends(in_group(first, overdraw, "")) == 0;
	good += child_ends(in_group(second, write_and_close, key)) == 0;
	good += child_ends(in_group("last", write_and_close, last)) == 0;
	server_continue();
	is(good, 3, "[I4] %s: closes do not wait for the server", what);
	is(collect(c), OCCUPIERS, "[I2] %s: nothing is lost of who is open", what);
	children_within(ROOT "/groups", kept ? 2 : 1);
	ok(there(last), "[I4, I2] %s: a third one's request is carried out", what);
	is(there(key), kept, "[I4, I2] %s: %s", what,
	   kept ? "the other's is, too" : "the account is the same: it is dropped");
}

static void clear(void)
{
	struct client *c = client_open(socket_path());

	call_string(c, XS_RM, 0, ROOT "/groups", NULL);
	client_close(c);
}

void closed_in_groups(void)
{
	static const char *const names[] = { "one", "two", "last" };
	unsigned int i;

	if (is_stock()) {
		skip("it keeps all", "[I4] accounts of groups");
		return;
	}
	if (!groups_mounted()) {
		skip("no control groups here", "[I4] accounts of groups");
		return;
	}
	for (i = 0; i < 3; i++)
		group_make(names[i]);
	scene_begin_at(NULL);
	who_loses("", "", true, "processes of the root group");
	clear();
	who_loses("one", "one", false, "processes of one group");
	clear();
	who_loses("one", "two", true, "processes of two groups");
	scene_goes_on("[I1] after that");
	scene_end("accounts of groups");
	for (i = 0; i < 3; i++)
		group_remove(names[i]);
}

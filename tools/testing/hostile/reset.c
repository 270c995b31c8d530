// SPDX-License-Identifier: GPL-2.0
/*
 * Opens that are closed behind a RESET_WATCHES of their own: I4, I2. That goes to the
 * server as a WATCH, and is carried out when the answer is there: by then the test,
 * which is the server, has seen to it that the open is closed.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

#define WATCHED	ROOT "/reset"
#define TIMES	scaled(200, 5000)

/* What is written behind it, before the close */
enum behind {
	NOTHING,
	BAD_HEADER,
};

/* Who holds the module, and what is watched: more than that is not left. */
static struct left {
	long users, watches;
} before;

static struct left left(void)
{
	return (struct left){
		.users = module_users(),
		.watches = server_is_c() ? server_count("watches", 0) : 0,
	};
}

static void nothing_left(const char *what)
{
	long end = now_ms() + PATIENCE_MS;
	struct left now = left();

	/* What another test has closed may have been there before. */
	while ((now.users > before.users || now.watches > before.watches) &&
	       now_ms() < end) {
		sleep_ms(50);
		now = left();
	}
	ok(now.users <= before.users, "[I4] %s: nothing holds the module any more", what);
	if (server_is_c())
		ok(now.watches <= before.watches, "[I4] %s: no watch is left", what);
	else
		skip("this server does not count", "[I4] %s: watches", what);
	if (now.users > before.users || now.watches > before.watches)
		diag("%ld users, %ld watches, of %ld and %ld", now.users, now.watches,
		     before.users, before.watches);
}

/* An open that has a watch, whose first event was read */
static struct client *watcher(const char *path)
{
	struct client *c = client_new();
	static struct msg m;
	int err = call_watch(c, XS_WATCH, path, "t");

	if (err || client_event(c, &m, PATIENCE_MS))
		bail("no watch of %s: %d", path, err);
	return c;
}

static bool reset(struct client *c, enum behind behind)
{
	struct xsd_sockmsg bad = { .type = XS_READ, .len = PAYLOAD_MAX + 1 };

	if (!client_send(c, XS_RESET_WATCHES, 0, "", 1))
		return false;
	return behind == NOTHING ||
	       (write(c->fd, &bad, sizeof(bad)) < 0 && errno == E2BIG);
}

/* By the kernel's own door */
static struct client *other;

static void closed_meanwhile(const char *path, enum behind behind, const char *what)
{
	struct client *c = watcher(path);
	static struct msg m;

	pretend_begin();
	ok(reset(c, behind), "[W7, W2] %s: RESET_WATCHES is written", what);
	ok(pretend_receive(&m) && m.hdr.type == XS_WATCH,
	   "[W7] %s: the server gets a WATCH", what);
	client_close(c);
	pretend_send(XS_ERROR, &m, "EEXIST", sizeof("EEXIST"));
	/* The kernel looks at the ring, and the server goes on. */
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	ok(!client_recv(other, &m, PATIENCE_MS) && !msg_error(&m),
	   "[I1] %s: it is closed, then that is answered", what);
	nothing_left(what);
}

/* Whoever is first, the server or the close */
static void closed_at_once(const char *path, enum behind behind, const char *what)
{
	unsigned int i, good = 0;
	struct client *c;

	for (i = 0; i < TIMES; i++) {
		c = watcher(path);
		good += reset(c, behind);
		client_close(c);
	}
	is(good, TIMES, "[W7, W2] %s: RESET_WATCHES, and a close at once", what);
	nothing_left(what);
}

static void all(void (*closed)(const char *path, enum behind behind, const char *what))
{
	closed(WATCHED, NOTHING, "an open's own path");
	closed(ROOT, NOTHING, "a path that another watches");
	closed(WATCHED, BAD_HEADER, "an open's own path, and a bad header");
	closed(ROOT, BAD_HEADER, "a path that another watches, and a bad header");
}

/* --- What is written behind it --------------------------------------------- */

#define OPENS	30
#define BEHIND	20
#define ROUNDS	40
/* All that pipeline have two at the server while somebody waits for each answer. */
#define A_FEW	8
/* Short, so that the ring has room for what so many opens send */
#define THEIRS	"t"
#define OURS	"o"
#define LOOK	"l"

/* Another client than the test. It is gone before any of it is answered. */
static void write_and_close(void)
{
	char buf[(BEHIND + 2) * (HEADER + sizeof(THEIRS))];
	struct client *c;
	size_t len;
	int i, n;

	for (n = 0; n < OPENS; n++) {
		len = msg_string(buf, XS_READ, 1, 0, THEIRS);
		len += msg_string(buf + len, XS_RESET_WATCHES, 2, 0, "");
		for (i = 0; i < BEHIND; i++)
			len += msg_string(buf + len, XS_READ, 3 + i, 0, THEIRS);
		c = client_new();
		if (client_raw(c, buf, len))
			_exit(1);
		client_close(c);
	}
	_exit(0);
}

/* The kernel looks at the ring, as somebody writes whom no turns keep. */
static void look(void)
{
	client_send(other, XS_READ, 0, LOOK, sizeof(LOOK));
}

/* Answers all, up to one of ours; how many of theirs came before that, or -1 */
static int serve(void)
{
	static struct msg m;
	int n;

	for (n = 0;; n += !strcmp(m.body, THEIRS)) {
		if (!pretend_has_request())
			look();
		if (!pretend_receive(&m))
			return -1;
		pretend_send(m.hdr.type, &m, VALUE, strlen(VALUE));
		if (!strcmp(m.body, OURS))
			return n;
	}
}

/* A READ, as of a bystander: behind how many of theirs it is */
static int ask(struct client *c)
{
	static struct msg m;
	int n;

	client_send(c, XS_READ, 0, OURS, sizeof(OURS));
	n = serve();
	look();
	return client_recv(c, &m, PATIENCE_MS) ? -1 : n;
}

static void written_behind(void)
{
	struct client *c = client_new();
	int i, n = 0, most = 0, theirs = 0;
	pid_t pid;

	is(patient_string(c, XS_READ, 0, KEY, NULL), 0, "[I2] a bystander");
	pretend_begin();
	pid = fork();
	if (!pid)
		write_and_close();
	is(child_ends(pid), 0, "[I4] %d opens are closed with requests behind a RESET_WATCHES",
	   OPENS);
	for (i = 0; i < ROUNDS && n >= 0; i++) {
		n = ask(c);
		theirs += n;
		if (n > most)
			most = n;
		/* What may be sent is, meanwhile. */
		sleep_ms(QUIET_MS);
	}
	look();
	pretend_end();
	ok(n >= 0, "[I1] each READ of the bystander's is answered");
	diag("%d READs, %d requests of theirs, %d at most before one", i, theirs, most);
	ok(theirs > OPENS, "[I4] so are those that were closed");
	ok(most < A_FEW, "[I2] only a few come before one of the bystander's");
	client_close(c);
	nothing_left("what was written behind it");
}

int main(void)
{
	struct client *keeper;
	bool can;

	hostile_begin(scaled(180, 1200));
	if (is_stock()) {
		skip("it would take the kernel's own", "[W7] RESET_WATCHES");
		return tap_end();
	}
	module_unload("kuser");
	other = client_open(stock_path());
	keeper = watcher(ROOT);
	can = can_pretend("[I4] a server that holds back an answer");
	/* Its page is the module's, too. */
	if (can)
		pretend_features(0);
	before = left();
	if (can)
		all(closed_meanwhile);
	all(closed_at_once);
	if (can)
		written_behind();
	client_close(keeper);
	client_close(other);
	ok(server_alive(), "[I4] the server lives");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The file before the server has started, as who comes early in dom0 finds it:
 * requests wait, who waits for them can be interrupted and killed, and all is
 * answered when the server comes: W3, W4, R1, R3, E2, T1, I4, F3. This runs before the
 * server does (tools/vm/run --early), and starts it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "fdinfo.h"
#include "job.h"
#include "process.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/early"
#define KEY	ROOT "/key"
#define CLOSED	ROOT "/closed"

#define OPENS	40	/* more than there are slots */
#define EACH	10	/* requests of one of them */

/* Numbered WRITEs of one open, which the stock driver would lose */
struct writer {
	struct client *c;
	unsigned int sent;
};

static struct client *reader, *watcher, *starter, *blocked;
static struct writer writers[OPENS], full;
static pid_t tool;

/* --- Before ------------------------------------------------------------- */

/* Who looks why a program hangs is told. */
static bool waits_for_server(const struct client *c)
{
	long end = now_ms() + DEADLINE_MS;
	struct fdinfo info;
	char value[64];

	do {
		fdinfo_read(&info, getpid(), c->fd);
		if (fdinfo_line(&info, "waits-for", value, sizeof(value)) &&
		    !strcmp(value, "xenstored"))
			return true;
		sleep_ms(10);
	} while (now_ms() < end);
	diag("%s", info.text);
	return false;
}

static void requests(void)
{
	static const char watch[] = KEY "\0token";
	char byte;

	reader = client_new();
	ok(client_send(reader, XS_DIRECTORY, 0, "/", 2), "[W4] no server yet: a request is taken");
	is(poll_now(reader->fd, POLLIN | POLLOUT), POLLOUT, "[R3] there is room, and nothing to read");
	is(read(reader->fd, &byte, 1) == -1 ? errno : 0, EAGAIN, "[R1] a read does not wait with O_NONBLOCK");
	if (is_stock())
		skip("it has nothing to tell", "[F3] fdinfo: it waits for xenstored");
	else
		ok(waits_for_server(reader), "[F3] fdinfo: it waits for xenstored");
	starter = client_new();
	ok(client_send(starter, XS_TRANSACTION_START, 0, "", 1), "[T1] a START is taken");
	if (is_stock()) {
		skip("it waits for the server in the write", "[W4] a WATCH is taken");
		return;
	}
	watcher = client_new();
	ok(client_send(watcher, XS_WATCH, 0, watch, sizeof(watch)), "[W4] a WATCH is taken");
}

static void write_more(struct writer *w, const char *path, const char *value)
{
	char buf[HEADER + PAYLOAD_MAX];

	if (!client_raw(w->c, buf, msg_write_req(buf, w->sent, 0, path, value)))
		w->sent++;
}

static void many(void)
{
	unsigned int i, j, sent = 0;

	if (is_stock()) {
		skip("it loses all but the last of each", "[W4] many requests of many opens");
		return;
	}
	for (i = 0; i < OPENS; i++) {
		writers[i].c = client_new();
		for (j = 0; j < EACH; j++)
			write_more(&writers[i], ROOT "/many", "value");
		sent += writers[i].sent;
	}
	is(sent, OPENS * EACH, "[W4] %d requests of each of %d opens are taken", EACH, OPENS);
}

static void interrupted_reader(void)
{
	char buf[64];
	struct transfer t = { .buf = buf, .len = sizeof(buf) };
	struct job job;

	blocked = client_new();
	t.fd = blocked->fd;
	client_send(blocked, XS_DIRECTORY, 0, "/", 2);
	client_block(blocked, true);
	job_start(&job, transfer_read, &t);
	transfer_interrupted(&job, "[W4, R1] a blocking read");
	client_block(blocked, false);
}

static void interrupted_writer(void)
{
	char value[2000], buf[HEADER + PAYLOAD_MAX];
	struct transfer t = { .buf = buf };
	struct job job;

	if (is_stock()) {
		skip("it has no bound", "[W4] a blocking write of an open that is full");
		return;
	}
	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	full.c = client_new();
	while (poll_now(full.c->fd, POLLOUT))
		write_more(&full, ROOT "/full", value);
	t.fd = full.c->fd;
	t.len = msg_write_req(buf, full.sent, 0, ROOT "/full", value);
	client_block(full.c, true);
	job_start(&job, transfer_write, &t);
	transfer_interrupted(&job, "[W4, R1] a blocking write of an open that is full");
	client_block(full.c, false);
}

static void killed_by(int sig)
{
	struct client *c;
	char byte;
	pid_t pid = fork();

	if (!pid) {
		signal(sig, SIG_DFL);
		c = client_new();
		client_send(c, XS_DIRECTORY, 0, "/", 2);
		client_block(c, true);
		_exit(read(c->fd, &byte, 1) == 1);
	}
	sleep_ms(300);
	is(waitpid(pid, NULL, WNOHANG), 0, "[R1] a process waits for a reply");
	kill(pid, sig);
	child_wait(pid, DEADLINE_MS);
	is(waitpid(pid, NULL, WNOHANG) == -1 ? errno : 0, ECHILD, "[I4] it dies of signal %d", sig);
}

static void close_job(void *arg)
{
	client_close(arg);
}

static void closed(void)
{
	struct writer w = { .c = client_new() };
	struct job job;

	write_more(&w, CLOSED, "value");
	job_start(&job, close_job, w.c);
	if (!ok(job_join(&job, DEADLINE_MS), "[I4] close does not wait"))
		bail("close hangs");
}

/* A program that knows nothing of all this */
static void start_tool(void)
{
	tool = fork();
	if (tool)
		return;
	setenv("XENSTORED_PATH", file_path(), 1);
	close(STDOUT_FILENO);
	open("/dev/null", O_WRONLY);
	execlp("xenstore-list", "xenstore-list", "/", NULL);
	_exit(127);
}

static void before(void)
{
	requests();
	many();
	start_tool();
	interrupted_reader();
	interrupted_writer();
	killed_by(SIGKILL);
	killed_by(SIGTERM);
	closed();
	is(syscall(SYS_delete_module, "xenfs", O_NONBLOCK) ? errno : 0,
	   is_builtin() ? ENOENT : EWOULDBLOCK, "[I4] rmmod is refused");
	is(waitpid(tool, NULL, WNOHANG), 0, "[R1] xenstore-list waits");
}

/* --- The server --------------------------------------------------------- */

static void start_server(void)
{
	pid_t pid = fork();

	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/start-server", "start-server", NULL);
		_exit(127);
	}
	if (!is(child_wait(pid, PATIENCE_MS), 0, "[W4] the server starts, with all that to answer"))
		bail("no server");
}

/* --- After -------------------------------------------------------------- */

static bool answered(struct client *c, uint32_t type, struct msg *m)
{
	return !client_recv(c, m, PATIENCE_MS) && m->hdr.type == type;
}

static void watch_and_event(void)
{
	struct client *sock = client_open(socket_path());
	static struct msg m;

	ok(answered(watcher, XS_WATCH, &m), "[E1] the WATCH is OK");
	ok(answered(watcher, XS_WATCH_EVENT, &m) && !strcmp(event_path(&m), KEY),
	   "[E2] and its first event comes");
	is(call_write(sock, 0, KEY, "value"), 0, "[W3] a WRITE over the socket");
	ok(answered(watcher, XS_WATCH_EVENT, &m) && !strcmp(event_path(&m), KEY),
	   "[E2] the watch sees it");
	client_close(sock);
	client_close(watcher);
}

static void transaction(void)
{
	static struct msg m;
	uint32_t tx = 0;

	if (ok(answered(starter, XS_TRANSACTION_START, &m), "[T1] the START is answered"))
		tx = strtoul(m.body, NULL, 10);
	is(call_write(starter, tx, ROOT "/transaction", "value"), 0, "[T1] a WRITE in it");
	is(call_end(starter, tx, true), 0, "[T1] and its END");
	is_str(peek(ROOT "/transaction"), "value", "[T1] it was carried out");
	client_close(starter);
}

/* All replies, in order, without an error */
static bool collect(struct writer *w)
{
	static struct msg m;
	unsigned int i;

	for (i = 0; i < w->sent; i++)
		if (!answered(w->c, XS_WRITE, &m) || m.hdr.req_id != i)
			return false;
	client_close(w->c);
	return true;
}

static void written(void)
{
	unsigned int i, good = 0;

	for (i = 0; i < OPENS; i++)
		good += collect(&writers[i]);
	is(good, OPENS, "[W3] all of %d opens are answered, in order", OPENS);
	diag("a full open had %u requests", full.sent);
	ok(collect(&full), "[W3] and of the one that was full");
}

static bool carried_out(const char *path)
{
	long end = now_ms() + PATIENCE_MS;

	while (!peek(path)) {
		if (now_ms() > end)
			return false;
		sleep_ms(50);
	}
	return true;
}

static void after(void)
{
	static struct msg m;

	ok(answered(reader, XS_DIRECTORY, &m), "[W3] the request is answered");
	ok(answered(blocked, XS_DIRECTORY, &m), "[W3] so is that of the read that was interrupted");
	client_close(reader);
	client_close(blocked);
	if (watcher)
		watch_and_event();
	transaction();
	if (!is_stock())
		written();
	ok(carried_out(CLOSED), "[I4] what was closed before is carried out");
	is(child_wait(tool, PATIENCE_MS), 0, "[W3] xenstore-list ends well");
}

int main(void)
{
	struct client *sock;

	tap_begin(140);
	before();
	start_server();
	after();
	sock = client_open(socket_path());
	is(call_string(sock, XS_RM, 0, ROOT, NULL), 0, "[W3] nothing is left");
	client_close(sock);
	return tap_end();
}

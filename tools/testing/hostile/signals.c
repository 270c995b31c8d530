// SPDX-License-Identifier: GPL-2.0
/*
 * Every end that a process may come to, or that a descriptor may go through,
 * in every state that an open can be in: I4, W1, W4
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define ID	77
#define BATCH	64

static char request[64 * BATCH];	/* READ of KEY with ID, or many of it */
static unsigned int written;		/* requests by the blocked writer */

/* --- States ------------------------------------------------------------- */

/* Brings an open into a state; may sleep there for good. */
struct state {
	const char *name;
	void (*enter)(struct client *c);
	/* All is well after it? By whoever has the open by then. */
	bool (*finish)(struct client *c);
	long sleeps;		/* in which system call, -1: in none */
	bool stopped;		/* is the server, meanwhile? */
};

static void put(struct client *c, const void *buf, size_t len)
{
	if (write(c->fd, buf, len) != (ssize_t)len)
		diag("a short write");
}

static bool answered(struct client *c, uint32_t id, const char *body)
{
	static struct msg m;

	return !reply_to(c, id, &m) && !msg_error(&m) && !strcmp(m.body, body);
}

static void enter_header(struct client *c)
{
	msg_string(request, XS_READ, ID, 0, KEY);
	put(c, request, 7);
}

static bool finish_header(struct client *c)
{
	size_t len = msg_string(request, XS_READ, ID, 0, KEY);

	put(c, request + 7, len - 7);
	return answered(c, ID, VALUE);
}

static void enter_payload(struct client *c)
{
	msg_string(request, XS_READ, ID, 0, KEY);
	put(c, request, HEADER + 5);
}

static bool finish_payload(struct client *c)
{
	size_t len = msg_string(request, XS_READ, ID, 0, KEY);

	put(c, request + HEADER + 5, len - HEADER - 5);
	return answered(c, ID, VALUE);
}

static void enter_blocked_write(struct client *c)
{
	unsigned int i, n = is_stock() ? 1 : BATCH;
	size_t len = 0, one = 0, done = 0, all;
	ssize_t ret;

	for (i = 0; i < n; i++)
		len += one = msg_string(request + len, XS_READ, ID, 0, KEY);
	/* More than an open may have, and no more than can be read in time */
	all = 7 * BATCH * one;
	while (done < all) {
		ret = write(c->fd, request + done % len, len - done % len);
		if (ret < 0 && errno != EINTR)
			break;
		done += ret > 0 ? ret : 0;
	}
	__atomic_store_n(&written, done / one, __ATOMIC_RELEASE);
}

/*
 * The writer is gone, nobody knows how much it wrote: but whole messages. So
 * one more can be written behind them, if somebody reads.
 */
static bool finish_blocked_write(struct client *c)
{
	char buf[64];
	size_t len = msg_string(buf, XS_READ, ID + 1, 0, KEY), done = 0;
	long end = now_ms() + PATIENCE_MS;
	static struct msg m;
	ssize_t n;

	client_block(c, false);
	while (done < len && now_ms() < end) {
		n = write(c->fd, buf + done, len - done);
		if (n > 0)
			done += n;
		else
			client_recv(c, &m, 100);
	}
	return done == len && answered(c, ID + 1, VALUE);
}

static void enter_blocked_read(struct client *c)
{
	char byte;

	if (read(c->fd, &byte, 1) == 1 && byte == XS_READ)
		__atomic_store_n(&written, 1, __ATOMIC_RELEASE);
}

static bool finish_blocked_read(struct client *c)
{
	put(c, request, msg_string(request, XS_READ, ID, 0, KEY));
	return answered(c, ID, VALUE);
}

static void enter_in_flight(struct client *c)
{
	put(c, request, msg_string(request, XS_READ, ID, 0, KEY));
}

static bool finish_in_flight(struct client *c)
{
	return answered(c, ID, VALUE);
}

static void enter_watching(struct client *c)
{
	static const char body[] = KEY "\0token";

	put(c, request, msg_build(request, XS_WATCH, ID, 0, body, sizeof(body)));
}

static bool finish_watching(struct client *c)
{
	struct msg m;

	if (client_recv(c, &m, PATIENCE_MS) || m.hdr.req_id != ID || msg_error(&m))
		return false;
	return !client_recv(c, &m, PATIENCE_MS) &&
	       m.hdr.type == XS_WATCH_EVENT && !strcmp(event_path(&m), KEY);
}

static void enter_starting(struct client *c)
{
	put(c, request, msg_build(request, XS_TRANSACTION_START, ID, 0, "", 1));
}

static bool finish_starting(struct client *c)
{
	struct msg m;
	uint32_t tx;

	if (reply_to(c, ID, &m) || msg_error(&m))
		return false;
	tx = strtoul(m.body, NULL, 10);
	return !patient_string(c, XS_TRANSACTION_END, tx, "F", NULL);
}

static uint32_t transaction;	/* by the next two; survives a fork() only */

static void enter_transaction(struct client *c)
{
	char buf[128];
	struct msg m;

	put(c, buf, msg_build(buf, XS_TRANSACTION_START, ID, 0, "", 1));
	if (reply_to(c, ID, &m) || msg_error(&m))
		return;
	transaction = strtoul(m.body, NULL, 10);
	put(c, buf, msg_write_req(buf, ID, transaction, ROOT "/tx", m.body));
	reply_to(c, ID, &m);
}

static bool finish_transaction(struct client *c)
{
	char want[16], got[16] = "";
	const char *value;

	if (patient_string(c, XS_TRANSACTION_END, transaction, "T", NULL))
		return false;
	snprintf(want, sizeof(want), "%u", transaction);
	value = peek(ROOT "/tx");
	if (value)
		snprintf(got, sizeof(got), "%s", value);
	return !strcmp(got, want);
}

static const struct state states[] = {
	{ "a partial header", enter_header, finish_header, -1, false },
	{ "a partial payload", enter_payload, finish_payload, -1, false },
	{ "a blocked write", enter_blocked_write, finish_blocked_write,
	  SYS_write, false },
	{ "a blocked read", enter_blocked_read, finish_blocked_read,
	  SYS_read, false },
	{ "a request in flight", enter_in_flight, finish_in_flight, -1, true },
	{ "a watch being set", enter_watching, finish_watching, -1, true },
	{ "a transaction being started", enter_starting, finish_starting, -1, true },
	{ "an open transaction", enter_transaction, finish_transaction, -1, false },
};

/* --- The process that it happens to ------------------------------------- */

static const struct state *state;
static int pipe_down[2], pipe_up[2], sockets[2];

static void say(char c)
{
	if (write(pipe_up[1], &c, 1) != 1)
		_exit(9);
}

static char hear(int fd)
{
	char c = 0;

	if (!poll_for(fd, POLLIN, 2 * PATIENCE_MS) || read(fd, &c, 1) != 1)
		return 0;
	return c;
}

static pid_t entering;

static void enter_job(void *arg)
{
	__atomic_store_n(&entering, own_tid(), __ATOMIC_RELEASE);
	state->enter(arg);
}

static bool entered(struct job *job)
{
	pid_t tid;

	if (state->sleeps < 0)
		return job_done(job, PATIENCE_MS);
	while (!(tid = __atomic_load_n(&entering, __ATOMIC_ACQUIRE)))
		sleep_ms(1);
	return sleeps_in(tid, state->sleeps);
}

/* The thread that sleeps in the state lives on, and gets what it waits for. */
static bool finish_sleeper(struct client *c, struct job *job)
{
	unsigned int n = 0;
	struct msg m;
	int err;

	if (state->sleeps == SYS_read) {
		put(c, request, msg_string(request, XS_READ, ID, 0, KEY));
		if (!job_join(job, PATIENCE_MS) || !written)
			return false;
		/* It has the first byte. */
		c->in[c->have++] = XS_READ;
		return answered(c, ID, VALUE);
	}
	while (!job_done(job, 0) || n < __atomic_load_n(&written, __ATOMIC_ACQUIRE)) {
		err = client_recv(c, &m, 100);
		if (err ? err != -ETIMEDOUT : m.hdr.req_id != ID)
			return false;
		n += !err;
	}
	return n == 7 * BATCH && job_join(job, PATIENCE_MS);
}

static void send_fd(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", byte = 'f';
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	/* Which transaction it is goes along. */
	if (write(sockets[1], &transaction, sizeof(transaction)) < 0 ||
	    sendmsg(sockets[1], &msg, 0) != 1)
		_exit(8);
}

static int receive_fd(void)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd = -1;

	if (!poll_for(sockets[0], POLLIN, PATIENCE_MS) ||
	    read(sockets[0], &transaction, sizeof(transaction)) < 0 ||
	    recvmsg(sockets[0], &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

static void heir(struct client *c)
{
	say('k');
	/* The parent is dead when this comes. */
	if (hear(pipe_down[0]) == 'f')
		say(state->finish(c) ? 'y' : 'n');
	_exit(0);
}

static void victim_main(void)
{
	struct client *c = client_new();
	struct job job;
	int fd;

	client_block(c, true);
	written = 0;
	job_start(&job, enter_job, c);
	say(entered(&job) ? 'r' : 'n');
	for (;;) {
		switch (hear(pipe_down[0])) {
		case 'x':	/* exit */
			_exit(0);
		case 'e':	/* exec */
			execl("/bin/true", "true", NULL);
			_exit(7);
		case 'd':	/* dup */
			fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
			close(c->fd);
			c->fd = fd;
			say('d');
			break;
		case 'k':	/* fork: who lives on has the open alone */
			if (fork() == 0)
				heir(c);
			_exit(0);
		case 'p':	/* pass the descriptor */
			send_fd(c->fd);
			_exit(0);
		case 'f':
			if (state->sleeps >= 0)
				_exit(finish_sleeper(c, &job) ? 0 : 1);
			_exit(state->finish(c) ? 0 : 1);
		default:
			_exit(6);
		}
	}
}

/* --- What happens to it ------------------------------------------------- */

static pid_t pid;

static void tell(char c)
{
	if (write(pipe_down[1], &c, 1) != 1)
		diag("the process does not listen");
}

static void server_on(void)
{
	if (state->stopped)
		server_continue();
}

static bool end_kill(void)
{
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) == pid;
}

static bool end_exit(void)
{
	tell('x');
	return child_ends(pid) == 0;
}

static bool end_exec(void)
{
	tell('e');
	return child_ends(pid) == 0;
}

static bool end_stop(void)
{
	int status;

	kill(pid, SIGSTOP);
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		return false;
	server_on();
	scene_goes_on("[I1] %s of a stopped process", state->name);
	kill(pid, SIGCONT);
	tell('f');
	return child_ends(pid) == 0;
}

static bool end_dup(void)
{
	tell('d');
	if (hear(pipe_up[0]) != 'd')
		return false;
	server_on();
	tell('f');
	return child_ends(pid) == 0;
}

static bool end_fork(void)
{
	tell('k');
	if (child_ends(pid) || hear(pipe_up[0]) != 'k')
		return false;
	server_on();
	tell('f');
	return hear(pipe_up[0]) == 'y';
}

static bool end_pass(void)
{
	struct client *c;
	bool good;
	int fd;

	tell('p');
	if (child_ends(pid))
		return false;
	fd = receive_fd();
	if (fd < 0)
		return false;
	server_on();
	c = client_of(fd);
	good = state->finish(c);
	client_close(c);
	return good;
}

static const struct end {
	const char *name;
	bool (*happen)(void);
} ends[] = {
	{ "SIGKILL", end_kill },
	{ "exit", end_exit },
	{ "exec", end_exec },
	{ "SIGSTOP and SIGCONT", end_stop },
	{ "dup and close", end_dup },
	{ "fork and exit", end_fork },
	{ "the descriptor passed on", end_pass },
};

static void begin_pipes(void)
{
	if (pipe2(pipe_down, O_CLOEXEC) || pipe2(pipe_up, O_CLOEXEC) ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets))
		bail("no pipes: %s", strerror(errno));
}

static void end_pipes(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(pipe_down[i]);
		close(pipe_up[i]);
		close(sockets[i]);
	}
}

static void play(const struct end *end)
{
	bool good;

	begin_pipes();
	if (state->stopped)
		server_stop();
	pid = fork();
	if (pid == 0)
		victim_main();
	good = hear(pipe_up[0]) == 'r';
	if (!good)
		diag("it did not get into the state");
	else
		good = end->happen();
	server_on();
	ok(good, "[I4] %s: %s", state->name, end->name);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	end_pipes();
}

int main(void)
{
	unsigned int i, j;

	hostile_begin(240);
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		state = &states[i];
		scene_begin();
		for (j = 0; j < sizeof(ends) / sizeof(ends[0]); j++)
			play(&ends[j]);
		scene_goes_on("[I4] after %s met every end", state->name);
		scene_end(state->name);
	}
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* The process that it happens to */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "signals.h"

const struct state *state;
int pipe_down[2], pipe_up[2], sockets[2];

static void say(char c)
{
	if (write(pipe_up[1], &c, 1) != 1)
		_exit(9);
}

char hear(int fd)
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

int receive_fd(void)
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

void victim_main(void)
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

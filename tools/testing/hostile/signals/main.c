// SPDX-License-Identifier: GPL-2.0
/*
 * Every end that a process may come to, or that a descriptor may go through,
 * in every state that an open can be in: I4, W1, W4
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals.h"

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
	states_begin();
	for (i = 0; i < nr_states; i++) {
		state = &states[i];
		scene_begin();
		for (j = 0; j < sizeof(ends) / sizeof(ends[0]); j++)
			play(&ends[j]);
		scene_goes_on("[I4] after %s met every end", state->name);
		scene_end(state->name);
	}
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* A program that lists a large subtree */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "call.h"
#include "tap.h"
#include "target.h"

#define TREE		"/bench/tree"
#define PER_FOLDER	100

/* Made once, by the socket: the next measurement finds it. */
static void make_tree(unsigned int nodes)
{
	struct client *c = client_open(socket_path());
	char path[64];
	unsigned int i;

	snprintf(path, sizeof(path), TREE "/%u/%u", nodes / PER_FOLDER - 1, PER_FOLDER - 2);
	if (!call_string(c, XS_READ, 0, path, NULL)) {
		client_close(c);
		return;
	}
	/* A folder is a node, too. */
	for (i = 0; i < nodes; i++) {
		if (i % PER_FOLDER == PER_FOLDER - 1)
			continue;
		snprintf(path, sizeof(path), TREE "/%u/%u", i / PER_FOLDER, i % PER_FOLDER);
		if (call_write(c, 0, path, VALUE))
			bail("no node %u", i);
	}
	client_close(c);
}

static void run(const char *program, const char *path)
{
	if (dup2(open("/tmp/tree", O_RDWR | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO) < 0)
		_exit(1);
	setenv("XENSTORED_PATH", path, 1);
	execlp(program, program, "-f", TREE, NULL);
	_exit(1);
}

static unsigned int lines_printed(void)
{
	FILE *f = fopen("/tmp/tree", "r");
	unsigned int lines = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		lines += c == '\n';
	return lines;
}

/* Not by end(): it is looked at afterwards what was printed. */
static void list(const char *program, const char *path, unsigned int nodes)
{
	int64_t start, stop;
	int status;
	pid_t pid;

	make_tree(nodes);
	start = begin();
	pid = fork();
	if (pid == 0)
		run(program, path);
	if (waitpid(pid, &status, 0) != pid || status)
		wrong();
	stop = now();
	if (lines_printed() != nodes)
		wrong();
	end_at(start, stop, nodes);
}

void tree_by_ls(const char *path, unsigned int n)
{
	list("xenstore-ls", path, n);
}

void tree_by_tree(const char *path, unsigned int n)
{
	list("/tests/xenstore-tree", path, n);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What an operation costs, on our file, the kernel's own and the server's
 * socket, in one boot. Made for QEMU's instruction counter, under which a
 * nanosecond of the guest is an instruction; elsewhere it shows nanoseconds.
 *
 * Prints a line for each row and way, with tabs: the row, what it is, the way, its
 * figure in thousands, and of a latency the 99th percentile. Behind it, how many
 * operations that was, for who counts something else meanwhile. XENFS_BENCH has
 * the rows that are wanted, patterns with colons between; without it, all.
 */
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "call.h"
#include "mark.h"
#include "tap.h"
#include "target.h"

/* A measurement that isn't done then, in the guest's time, hangs. */
#define HANGS_S		10
/* A flood must be gone then, also one without bounds. */
#define GONE_S		120
/* It is gone when the processors do next to nothing for so long. */
#define QUIET_MS	200

/* Rows are called NAME-N; of a family with one, NAME. */
static const struct family {
	const char *name, *title;
	measurement *measure;
	unsigned int n[8];
	unsigned int stock_most;	/* with more, it would add nothing but time */
} families[] = {
	{ "read", "READ, one at a time", one_polls, .n = { 1 } },
	{ "blocking", "READ, by a read() that blocks", one_blocks, .n = { 1 } },
	{ "writev", "READ, by writev()", one_writev, .n = { 1 } },
	{ "open", "open and close", open_close, .n = { 1 } },
	{ "flight", "READ, %u in flight, a write each", one_flight,
	  .n = { 1, 2, 4, 8, 16, 32, 64 } },
	{ "batch", "READ, %u in one write", one_batch,
	  .n = { 1, 2, 4, 8, 16, 32, 64 } },
	{ "batches", "READ, 16 in one write, by processes: %u", clients_batch,
	  .n = { 1, 2, 4, 8 } },
	{ "clients", "READ, by processes: %u", clients_read,
	  .n = { 1, 2, 4, 8, 16, 32, 64 } },
	{ "event", "WRITE and its event", one_event, .n = { 1 } },
	{ "events", "WRITE, opens that see its event: %u", events_seen, .n = { 1, 10, 100 } },
	{ "opens", "READ, opens that are there: %u", among_opens, .n = { 1, 10, 100, 1000 } },
	{ "alone", "READ's latency, alone", beside_flooders, .n = { 0 } },
	{ "flood", "READ's latency, beside flooders: %u", beside_flooders,
	  .n = { 1, 2, 4, 6, 8 }, .stock_most = 1 },
	{ "flood-opens", "READ's latency, beside one with %u opens", beside_opens,
	  .n = { 100 } },
	{ "ls", "xenstore-ls, a node of %u", tree_by_ls, .n = { 10000 } },
	{ "tree", "xenstore-tree, a node of %u", tree_by_tree, .n = { 10000 } },
};

struct row {
	char name[32], title[64];
	measurement *measure;
	unsigned int n;
};

/* What the process that measures leaves for this one */
static struct {
	double ns, tail;
	unsigned int operations;
} *figure;

int64_t begin(void)
{
	mark(MARK_BEGIN);
	return now();
}

void end_at(int64_t start, int64_t stop, unsigned int operations)
{
	mark(MARK_END);
	figure->ns = (double)(stop - start) / operations;
	figure->operations = operations;
	_exit(0);
}

void end(int64_t start, unsigned int operations)
{
	end_at(start, now(), operations);
}

void end_latency(int64_t median, int64_t tail, unsigned int samples)
{
	mark(MARK_END);
	figure->ns = median;
	figure->tail = tail;
	figure->operations = samples;
	_exit(0);
}

/* All processes of the group are ended, and their files closed, when it returns. */
static void end_all(pid_t group)
{
	kill(-group, SIGKILL);
	while (wait(NULL) > 0)
		;
}

/* Returns how the measurement ended. */
static int measured(const struct row *row, const char *path)
{
	pid_t pid = fork();
	int status;

	memset(figure, 0, sizeof(*figure));
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGALRM, SIG_DFL);
		alarm(HANGS_S);
		row->measure(path, row->n);
		_exit(WRONG);
	}
	setpgid(pid, pid);
	if (waitpid(pid, &status, 0) != pid)
		bail("no child to wait for");
	end_all(pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return NONE;
	if (!WIFEXITED(status))
		bail("%s: signal %d", row->name, WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* For how long the processors had something to do so far, all of them, in ticks */
static unsigned long busy(void)
{
	unsigned long user, nice, system, idle, wait, irq, softirq;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %lu %lu %lu %lu %lu %lu %lu", &user, &nice, &system,
			 &idle, &wait, &irq, &softirq) != 7)
		bail("no /proc/stat");
	fclose(f);
	return user + nice + system + irq + softirq;
}

/*
 * What dead clients have sent is no part of the next measurement, nor of another way's,
 * which has the same server. They may take turns for long, so that somebody else is
 * answered says nothing: nobody must have anything to do.
 */
static void settle(void)
{
	unsigned long before;

	alarm(GONE_S);
	do {
		before = busy();
		usleep(QUIET_MS * 1000);
	} while ((busy() - before) * 10 > (unsigned long)sysconf(_SC_CLK_TCK) * QUIET_MS / 1000);
	alarm(0);
}

static void print(const struct row *row, const char *way, int ended)
{
	printf("%s\t%s\t%s\t", row->name, row->title, way);
	switch (ended) {
	case 0:
		printf("%.1f", figure->ns / 1000);
		if (figure->tail)
			printf("\t%.1f", figure->tail / 1000);
		printf("\n# operations: %u\n", figure->operations);
		break;
	case WRONG:
		printf("wrong\n");
		break;
	case NONE:
		printf("none\n");
		break;
	default:
		bail("%s: exit status %d", row->name, ended);
	}
	fflush(stdout);
}

static bool wanted(const char *name)
{
	const char *list = getenv("XENFS_BENCH");
	char copy[1024], *pattern, *rest = copy;

	if (!list || !*list)
		return true;
	snprintf(copy, sizeof(copy), "%s", list);
	while ((pattern = strsep(&rest, ":")))
		if (!fnmatch(pattern, name, 0))
			return true;
	return false;
}

static void prepare(void)
{
	struct client *c = client_open(socket_path());
	struct rlimit files = { 4096, 4096 };
	int err = call_write(c, 0, KEY, VALUE);

	if (err)
		bail("no key: error %d", err);
	client_close(c);
	setrlimit(RLIMIT_NOFILE, &files);
	/* Children of those that measure are to be waited for here. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	figure = mmap(NULL, sizeof(*figure), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (figure == MAP_FAILED)
		bail("no memory");
}

static const struct { const char *name, *(*path)(void); } ways[] = {
	{ "ours", file_path },
	{ "socket", socket_path },
	{ "stock", stock_path },
};

static void do_row(const struct row *row, unsigned int nr_ways)
{
	unsigned int i;

	if (!wanted(row->name))
		return;
	for (i = 0; i < nr_ways; i++) {
		print(row, ways[i].name, measured(row, ways[i].path()));
		settle();
	}
}

static void do_family(const struct family *f)
{
	bool several = f->n[1];
	struct row row = { .measure = f->measure };
	unsigned int i;

	for (i = 0; i < sizeof(f->n) / sizeof(f->n[0]); i++) {
		row.n = f->n[i];
		if (i && !row.n)
			break;
		snprintf(row.name, sizeof(row.name), several ? "%s-%u" : "%s", f->name, row.n);
		snprintf(row.title, sizeof(row.title), f->title, row.n);
		do_row(&row, f->stock_most && row.n > f->stock_most ? 2 : 3);
	}
}

int main(void)
{
	unsigned int i;

	prepare();
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		do_family(&families[i]);
	printf("done\n");
	return 0;
}

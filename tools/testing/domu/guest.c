// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest domain must see, and what is left after a save and a restore.
 * Runs in the guest; dom0.sh, in dom0, waits for data/ready, then does it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "tap.h"

/* A save and a restore in an emulated machine */
#define RESUME_MS	(150 * 1000)

static void has_file(const char *name, mode_t mode)
{
	char path[64];
	struct stat st = { };

	snprintf(path, sizeof(path), "/proc/xen/%s", name);
	ok(!stat(path, &st), "[F1] a guest has %s", name);
	is(st.st_mode & 0777, mode, "[F1] its mode");
}

static void files(void)
{
	DIR *dir = opendir("/proc/xen");
	char text[16];
	int entries = 0, fd;

	while (dir && readdir(dir))
		entries++;
	is(entries, 2 + 3, "[F1] a guest has three files");
	has_file("xenbus", 0600);
	has_file("capabilities", 0444);
	has_file("privcmd", 0600);
	fd = open("/proc/xen/capabilities", O_RDONLY);
	is(read(fd, text, sizeof(text)), 0, "[F1] no capabilities");
	close(fd);
}

static void path_at_home(struct client *c, char *path, size_t size,
			 const char *rest)
{
	struct msg m;

	call_string(c, XS_READ, 0, "domid", &m);
	snprintf(path, size, "/local/domain/%.9s/%s", m.body, rest);
}

static void before(struct client *c)
{
	char path[64];
	struct msg m;

	is(call_string(c, XS_READ, 0, "name", &m), 0, "[W1] READ of its name");
	is_str(m.body, "domu", "[W1] the name");
	is(call_write(c, 0, "data/x", "y"), 0, "[W1] WRITE");
	is(call_write(c, 0, "/local/domain/0/x", "y"), EACCES,
	   "[I5] WRITE of what belongs to dom0");
	is(call_watch(c, XS_WATCH, "data/w", "t"), 0, "[E1] WATCH");
	is(client_event(c, &m, DEADLINE_MS), 0, "[E2] its initial event");
	path_at_home(c, path, sizeof(path), "data/w");
	is(call_watch(c, XS_WATCH, path, "t"), EEXIST,
	   "[E1] the same node by its absolute path: EEXIST");
	ok(client_quiet(c), "[E2] and no other event");
}

/* What the module leaves to clients, of the server's ten or eleven for a guest */
#define CLIENTS		8
#define MANY		20

static int all_transactions(void)
{
	FILE *f = fopen("/sys/module/xenfs/parameters/all_transactions", "r");
	int n = MANY;

	if (f && fscanf(f, "%d", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

/*
 * The kernel's core miscounts a START that the server refuses: if nothing is
 * done about it the domain can't be saved after this.
 */
static void quota(void)
{
	struct client *c = client_new(), *other = client_new();
	int all = all_transactions(), n, i, err = 0;
	uint32_t tx[MANY], none;

	ok(all == CLIENTS || all >= MANY, "[T1] a guest's clients have %d transactions", all);
	for (n = 0; n < MANY && !err; n++)
		err = call_start(n & 1 ? other : c, &tx[n]);
	n--;
	is(err, ENOSPC, "[T1] too many transactions: ENOSPC");
	if (all == CLIENTS)
		is(n, all, "[T1] after those that are left to clients");
	else
		ok(n > CLIENTS, "[T1] after those that the server allows: %d", n);
	for (i = 0; i < 3; i++)
		is(call_start(c, &none), ENOSPC, "[T1] and again");
	for (i = 0; i < n; i++)
		err = call_end(i & 1 ? other : c, tx[i], true);
	is(err, 0, "[T1] END");
	is(call_start(c, &none), 0, "[T1] then there is room again");
	client_close(c);
	client_close(other);
}

static void wait_for_resume(struct client *c)
{
	struct msg m;

	is(call_write(c, 0, "data/ready", "1"), 0, "[T2] ready to be saved");
	is(client_event(c, &m, RESUME_MS), 0, "[T2] an event after the restore");
	is_str(event_path(&m), "data/w", "[T2] of the watch from before");
	is_str(event_token(&m), "t", "[T2] with its token");
	ok(client_quiet(c), "[T2] once");
}

static void after(struct client *c, uint32_t commit, uint32_t abandon)
{
	struct msg m;
	uint32_t tx;

	is(call_string(c, XS_READ, commit, "name", NULL), EAGAIN,
	   "[T2] READ in a transaction from before: EAGAIN");
	is(call_end(c, commit, true), EAGAIN, "[T2] END T: EAGAIN");
	is(call_end(c, commit, true), ENOENT, "[T2] and then ENOENT");
	is(call_end(c, abandon, false), 0, "[T2] END F: OK");
	is(call_start(c, &tx), 0, "[T2] START");
	is(call_write(c, tx, "data/w", "new"), 0, "[T2] WRITE in it");
	is(call_end(c, tx, true), 0, "[T2] END T");
	is(client_event(c, &m, DEADLINE_MS), 0, "[T2] the watch is alive");
	is(call_watch(c, XS_WATCH, "data/w", "t"), EEXIST,
	   "[T2] and known to the server");
	is(call_watch(c, XS_UNWATCH, "data/w", "t"), 0, "[T2] UNWATCH");
	is(call_write(c, 0, "data/w", "newer"), 0, "[T2] WRITE");
	ok(client_quiet(c), "[T2] no event after UNWATCH");
}

int main(void)
{
	struct client *c, *other;
	uint32_t commit = 0, abandon = 0, left = 0, new = 0;

	tap_begin(400);
	files();
	c = client_new();
	other = client_new();
	before(c);
	quota();
	is(call_start(c, &commit), 0, "[T2] a transaction to be lost");
	is(call_write(c, commit, "data/lost", "1"), 0, "[T2] WRITE in it");
	is(call_start(c, &abandon), 0, "[T2] another");
	is(call_start(other, &left), 0, "[T2] one of another open");
	wait_for_resume(c);
	after(c, commit, abandon);
	is(call_start(c, &new), 0, "[T2] START in the new life");
	client_close(other);
	is(call_write(c, new, "data/kept", "1"), 0,
	   "[T2] the close of a lost one harms none");
	is(call_end(c, new, true), 0, "[T2] END T");
	is(call_string(c, XS_READ, 0, "data/lost", NULL), ENOENT,
	   "[T2] nothing of the lost one is there");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest domain must see, also of its suspends. Runs in the guest, with
 * dom0.sh in dom0.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "domu.h"
#include "tap.h"
#include "target.h"

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
	is(entries, 2 + 4, "[F1] a guest has four files");
	has_file("xenbus", 0600);
	has_file("capabilities", 0444);
	has_file("xenbus_ro", 0600);
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

/*
 * The kernel's core miscounts a START that the server refuses: if nothing is
 * done about it the domain can't be saved after this.
 */
static void quota(void)
{
	long references = module_references();
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
	ok(module_settles(references), "[T1] and nothing is left to be done");
}

static void all(void)
{
	struct client *c;

	load_begin();
	files();
	c = client_new();
	/* The kernel's own has no watch that stands for all. */
	if (!is_stock())
		brief_watch(c);
	before(c);
	suspends(quota);
	devices_begin(c);
	crowd(c);
	devices_end();
	client_close(c);
}

static void only_crowd(void)
{
	struct client *c = client_new();

	crowd(c);
	client_close(c);
}

int main(void)
{
	tap_begin(170);
	if (dom0_wants_crowd())
		only_crowd();
	else
		all();
	return tap_end();
}

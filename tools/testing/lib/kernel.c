// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "deadline.h"
#include "kernel.h"
#include "tap.h"
#include "target.h"

#define PM_TEST		"/sys/power/pm_test"
#define PM_TEST_DELAY	"/sys/module/suspend/parameters/pm_test_delay"
#define PM_STATE	"/sys/power/state"

bool file_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (!good)
		diag("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

const char *file_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n = fd < 0 ? -1 : 0;

	while (fd >= 0 && have < size - 1 &&
	       (n = read(fd, text + have, size - 1 - have)) > 0)
		have += n;
	text[n < 0 ? 0 : have] = '\0';
	if (n < 0)
		diag("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? NULL : text;
}

long file_number(const char *path)
{
	FILE *f = fopen(path, "r");
	long number;

	if (!f)
		return -1;
	if (fscanf(f, "%ld", &number) != 1)
		number = -1;
	fclose(f);
	return number;
}

bool can_sleep(const char *what)
{
	bool can = !server_is_remote() && !access(PM_TEST, W_OK) &&
		   !access(PM_TEST_DELAY, W_OK);

	if (!can)
		skip("this machine can't be put to sleep", "%s", what);
	return can;
}

int sleep_once(void)
{
	int fd, err;

	/* Without the first there would be nobody to wake it. */
	if (!file_put(PM_TEST, "devices") || !file_put(PM_TEST_DELAY, "0"))
		bail("the machine can't be told not to sleep for good");
	fd = open(PM_STATE, O_WRONLY | O_CLOEXEC);
	err = write(fd, "freeze", 6) == 6 ? 0 : errno;
	close(fd);
	file_put(PM_TEST, "none");
	return err;
}

static bool is_counted(const char *cache, enum slabs which)
{
	return which == ALL_SLABS || !strncmp(cache, "kmalloc", 7) ||
	       !strncmp(cache, "xenfs_", 6);
}

/* Makes SLUB count exactly: else it takes all of a slab in use for used. */
static void slab_shrink(enum slabs which)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !is_counted(entry->d_name, which))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		if (!file_put(path, "1"))
			bail("slabs can't be counted");
	}
	if (dir)
		closedir(dir);
}

long slab_bytes(enum slabs which)
{
	char line[256], name[64];
	long used, size, total = 0;
	FILE *f;

	slab_shrink(which);
	f = fopen("/proc/slabinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld %*d %ld", name, &used, &size) == 3 &&
		    is_counted(name, which))
			total += used * size;
	if (!f || !total)
		bail("/proc/slabinfo: %s", strerror(errno));
	fclose(f);
	return total;
}

long slab_bytes_at_rest(enum slabs which)
{
	long end = now_ms() + DEADLINE_MS, bytes, least = LONG_MAX;
	int looks = 0;

	while (looks < 4 && now_ms() < end) {
		/* Else kfree_rcu() waits up to five seconds for more of it. */
		file_put("/proc/sys/vm/drop_caches", "2");
		sleep_ms(500);
		bytes = slab_bytes(which);
		looks = bytes < least - 4096 ? 0 : looks + 1;
		least = bytes < least ? bytes : least;
	}
	return least;
}

bool is_x86(void)
{
	struct utsname name;

	return !uname(&name) && strstr(name.machine, "86");
}

bool slabs_are_padded(void)
{
	return file_number("/sys/kernel/slab/kmalloc-64/slab_size") > 64;
}

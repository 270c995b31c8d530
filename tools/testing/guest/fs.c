// SPDX-License-Identifier: GPL-2.0
/* The filesystem around the file: what else is in there, and mounting */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "call.h"
#include "kernel.h"
#include "tap.h"
#include "target.h"

#define MAGIC	0xabba1974
#define DIR	"/proc/xen"
#define SECOND	"/tmp/second-xenfs"

static const char *contents(const char *path)
{
	static char text[4096];

	return file_text(path, text, sizeof(text));
}

static bool matches(const char *text, const char *pattern)
{
	regex_t re;
	bool good;

	if (!text || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	good = !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	if (!good)
		diag("'%s' does not match %s", text, pattern);
	return good;
}

static const struct {
	const char *name;
	mode_t mode;
} files[] = {
	{ "xenbus", 0600 }, { "xenbus_ro", 0600 }, { "privcmd", 0600 }, { "capabilities", 0444 },
	{ "xsd_kva", 0600 }, { "xsd_port", 0600 },
	{ "xensyms", 0400 }, /* the last one, see modes() */
};

static void modes(void)
{
	unsigned int i, n = sizeof(files) / sizeof(files[0]);
	struct stat st;
	char path[64];

	if (!is_x86()) {
		ok(stat(DIR "/xensyms", &st) && errno == ENOENT,
		   "[F1] xensyms is not there, but on x86");
		n--;
	}
	for (i = 0; i < n; i++) {
		if (is_stock() && !strcmp(files[i].name, "xenbus_ro")) {
			skip("the stock module has none", "[F1] xenbus_ro");
			continue;
		}
		snprintf(path, sizeof(path), DIR "/%s", files[i].name);
		if (stat(path, &st)) {
			ok(false, "[F1] %s is there", files[i].name);
			continue;
		}
		ok((st.st_mode & 07777) == files[i].mode && !st.st_uid && !st.st_gid &&
		   S_ISREG(st.st_mode), "[F1] %s is a file of root's, mode %o",
		   files[i].name, files[i].mode);
		if ((st.st_mode & 07777) != files[i].mode)
			diag("mode %o", st.st_mode);
	}
}

static void texts(void)
{
	is_str(contents(DIR "/capabilities"), "control_d\n", "[F1] capabilities");
	/* The kernel hashes it, and early after boot it can't yet. */
	ok(matches(contents(DIR "/xsd_kva"), "^0x([0-9a-f]+|[(]_*ptrval_*[)])$"),
	   "[F1] xsd_kva is 0x and a pointer");
	ok(matches(contents(DIR "/xsd_port"), "^[1-9][0-9]*$"), "[F1] xsd_port is a number");
}

static void symbols(void)
{
	FILE *f = fopen(DIR "/xensyms", "r");
	char line[256];
	unsigned int n = 0, bad = 0;
	regex_t re;

	if (!ok(f, "[F1] xensyms can be opened"))
		return;
	if (regcomp(&re, "^[0-9a-f]{16} [a-zA-Z] [^ ]+$", REG_EXTENDED | REG_NOSUB))
		bail("regcomp");
	while (n < 300 && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (regexec(&re, line, 0, NULL, 0) && !bad++)
			diag("line %u: '%s'", n, line);
		n++;
	}
	fclose(f);
	regfree(&re);
	ok(n > 100, "[F1] xensyms has symbols");
	is(bad, 0, "[F1] each an address, a type and a name");
}

static void symbols_in_pieces(void)
{
	int a = open(DIR "/xensyms", O_RDONLY), b = open(DIR "/xensyms", O_RDONLY);
	char whole[1024], pieces[1024];
	size_t have = 0;
	ssize_t n;

	n = read(a, whole, sizeof(whole));
	while (n > 0 && have < (size_t)n) {
		size_t want = n - have < 7 ? n - have : 7;
		ssize_t got = read(b, pieces + have, want);

		if (got <= 0)
			break;
		have += got;
	}
	ok(n > 0 && have == (size_t)n && !memcmp(whole, pieces, n),
	   "[F1] xensyms in small pieces is the same");
	close(a);
	close(b);
}

static bool is_xenfs(const char *path)
{
	struct statfs st;

	return !statfs(path, &st) && (unsigned int)st.f_type == MAGIC;
}

static void superblock(void)
{
	ok(is_xenfs(DIR), "[F1] statfs has the magic number of xenfs");
	ok(is_xenfs(DIR "/xenbus"), "[F1] for a file of it, too");
}

static void not_changeable(void)
{
	ok(open(DIR "/new", O_CREAT | O_RDWR, 0600) < 0, "[F1] no file can be made");
	ok(mkdir(DIR "/new", 0700) < 0, "[F1] no directory can be made");
	ok(open(DIR "/capabilities", O_WRONLY) < 0 ||
	   write(open(DIR "/capabilities", O_WRONLY), "x", 1) < 0,
	   "[F1] capabilities can't be written");
}

static void second_mount(void)
{
	int fd;

	mkdir(SECOND, 0700);
	if (!is(mount("none", SECOND, "xenfs", 0, NULL), 0, "[F2] a second mount"))
		return;
	ok(is_xenfs(SECOND), "[F2] is xenfs");
	fd = open(SECOND "/xenbus", O_RDWR);
	ok(fd >= 0, "[F2] its xenbus can be opened");
	ok(umount(SECOND) && errno == EBUSY, "[I4] umount while it is open: EBUSY");
	close(fd);
	is(umount(SECOND), 0, "[I4] after close() it can be unmounted");
	is(mount("none", SECOND, "xenfs", 0, NULL), 0, "[F2] and mounted again");
	is_str(contents(SECOND "/capabilities"), "control_d\n", "[F2] and is whole");
	is(umount(SECOND), 0, "[F2] and unmounted");
}

static void works_after_lazy_umount(void)
{
	struct client *c;

	if (is_socket()) {
		skip("of the file only", "[I4] an open outlives a lazy umount");
		return;
	}
	mount("none", SECOND, "xenfs", 0, NULL);
	c = client_open(SECOND "/xenbus");
	is(umount2(SECOND, MNT_DETACH), 0, "[I4] a lazy umount");
	is(call_string(c, XS_DIRECTORY, 0, "/", NULL), 0,
	   "[I4] the open outlives it");
	client_close(c);
}

static void remount(void)
{
	is(mount("none", DIR, NULL, MS_REMOUNT, NULL), 0, "[F2] remount");
	mount("none", SECOND, "xenfs", 0, NULL);
	is(mount("none", SECOND, NULL, MS_REMOUNT | MS_RDONLY | MS_BIND, NULL), 0,
	   "[F2] a mount point may be made read-only");
	ok(open(SECOND "/xenbus", O_RDWR) < 0 && errno == EROFS,
	   "[F2] then it can't be opened for writing");
	ok(close(open(DIR "/xenbus", O_RDWR)) == 0, "[F2] elsewhere it can");
	umount(SECOND);
}

static void owner(const char *path, uid_t uid, gid_t gid, mode_t mode,
		  const char *what)
{
	struct stat st;

	if (stat(path, &st)) {
		ok(false, "[F2] %s", what);
		return;
	}
	ok(st.st_uid == uid && st.st_gid == gid && (st.st_mode & 07777) == mode,
	   "[F2] %s", what);
	if (st.st_uid != uid || st.st_gid != gid || (st.st_mode & 07777) != mode)
		diag("uid %u, gid %u, mode %o", st.st_uid, st.st_gid, st.st_mode);
}

static void owner_options(void)
{
	struct stat st;

	if (!strcmp(getenv("XENFS_MODULE") ?: "ours", "stock")) {
		skip("the stock module has none", "[F2] uid=, gid=, mode=");
		return;
	}
	is(mount("none", DIR, NULL, MS_REMOUNT, "uid=1000,gid=1001,mode=0640"), 0,
	   "[F2] remount with uid=1000,gid=1001,mode=0640");
	owner(DIR "/xenbus", 1000, 1001, 0640, "xenbus has them");
	owner(DIR "/xenbus_ro", 1000, 1001, 0600, "xenbus_ro has owner and group");
	ok(!stat(DIR "/privcmd", &st) && st.st_uid == 0 && (st.st_mode & 07777) == 0600,
	   "[F2] privcmd has not");
	is(mount("none", DIR, NULL, MS_REMOUNT, "uid=0,gid=0,mode=0600"), 0,
	   "[F2] remount with uid=0,gid=0,mode=0600");
	owner(DIR "/xenbus", 0, 0, 0600, "xenbus has them");
	ok(mount("none", DIR, NULL, MS_REMOUNT, "uid=1,mode=9") && errno == EINVAL,
	   "[F2] uid=1,mode=9: EINVAL");
	owner(DIR "/xenbus", 0, 0, 0600, "after a refused remount nothing has changed");
}

int main(void)
{
	tap_begin(60);
	modes();
	texts();
	/* Xen tells its symbols there only, and only there the kernel asks for them. */
	if (is_x86()) {
		symbols();
		symbols_in_pieces();
	}
	superblock();
	not_changeable();
	second_mount();
	works_after_lazy_umount();
	remount();
	owner_options();
	return tap_end();
}

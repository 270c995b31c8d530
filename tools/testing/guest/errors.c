// SPDX-License-Identifier: GPL-2.0
/*
 * What is refused to who mounts or opens: bad options, and rights that are missing. Does
 * it say what is wrong? Documentation/xenfs.rst quotes that: F2, I5
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "process.h"
#include "tap.h"
#include "target.h"

#define DIR	"/proc/xen"
#define SECOND	"/tmp/not-mounted"
#define USER	1000
#define GROUP	1001

/* --- Options ------------------------------------------------------------ */

/* The kernel's number that means "none" is nobody's. */
static const struct bad_option {
	const char *key, *value, *why;
} bad_options[] = {
	{ "nonsense", "1", "xenfs: Unknown parameter 'nonsense'" }, /* the stock one's, too */
	{ "uid", "x", "xenfs: Bad value for 'uid'" },
	{ "uid", NULL, "xenfs: Bad value for 'uid'" },
	{ "uid", "4294967295", "xenfs: uid 4294967295 has no meaning here" },
	{ "gid", "-1", "xenfs: Bad value for 'gid'" },
	{ "gid", "4294967295", "xenfs: gid 4294967295 has no meaning here" },
	{ "mode", "9", "xenfs: Bad value for 'mode'" },
	{ "mode", "1000", "xenfs: mode 1000: only 0000 to 0777" },
	{ "ro_mode", "1777", "xenfs: ro_mode 1777: only 0000 to 0777" },
};

/* By the mount API, which tells the reason: what mount(8) prints */
static void by_context(const struct bad_option *bad, const char *option)
{
	int fd = fsopen("xenfs", FSOPEN_CLOEXEC), err;
	char text[256];
	ssize_t n;

	err = fsconfig(fd, bad->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
		       bad->key, bad->value, 0) ? errno : 0;
	is(err, EINVAL, "[F2] %s: EINVAL", option);
	n = read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	/* Before it comes how bad that is: "e " */
	if (!ok(strstr(text, bad->why), "[F2] %s: it says why", option))
		diag("'%s'", text);
}

static void by_mount(const char *option)
{
	ok(mount("none", SECOND, "xenfs", 0, option) && errno == EINVAL,
	   "[F2] mount with %s: EINVAL", option);
	ok(mount("none", DIR, NULL, MS_REMOUNT, option) && errno == EINVAL,
	   "[F2] remount with %s: EINVAL", option);
}

static void options(void)
{
	unsigned int i, n = sizeof(bad_options) / sizeof(bad_options[0]);
	char option[64];

	mkdir(SECOND, 0700);
	for (i = 0; i < (is_stock() ? 1 : n); i++) {
		const struct bad_option *bad = &bad_options[i];

		snprintf(option, sizeof(option), "%s%s%s", bad->key,
			 bad->value ? "=" : "", bad->value ?: "");
		by_context(bad, option);
		by_mount(option);
	}
	rmdir(SECOND);
}

/* --- Rights ------------------------------------------------------------- */

static bool become(uid_t uid, gid_t gid)
{
	return !setgroups(0, NULL) && !setgid(gid) && !setuid(uid);
}

/* What open() says to such a user; 0: it works, and so does a request. */
static int open_as(uid_t uid, gid_t gid)
{
	pid_t pid = fork();
	struct client *c;
	int fd;

	if (pid)
		return child_wait(pid, DEADLINE_MS);
	if (!become(uid, gid))
		_exit(255);
	fd = open(DIR "/xenbus", O_RDWR);
	if (fd < 0)
		_exit(errno);
	c = client_open(DIR "/xenbus");
	_exit(call_string(c, XS_DIRECTORY, 0, "/", NULL));
}

static int mount_as(uid_t uid, unsigned long flags)
{
	pid_t pid = fork();

	if (pid)
		return child_wait(pid, DEADLINE_MS);
	if (!become(uid, uid))
		_exit(255);
	_exit(mount("none", DIR, flags ? NULL : "xenfs", flags, NULL) ? errno : 0);
}

static void remount(const char *option)
{
	is(mount("none", DIR, NULL, MS_REMOUNT, option), 0, "[F2] remount with %s", option);
}

static void rights(void)
{
	is(open_as(USER, GROUP), EACCES, "[I5] a user can't open xenbus: EACCES");
	is(mount_as(USER, 0), EPERM, "[I5] nor mount it: EPERM");
	is(mount_as(USER, MS_REMOUNT), EPERM, "[I5] nor remount it: EPERM");
	if (is_stock()) {
		skip("the stock module has none", "[I5] uid=, gid=, mode=");
		return;
	}
	remount("gid=1001,mode=0660");
	is(open_as(USER, GROUP), 0, "[I5] gid=1001,mode=0660: a member can open and use it");
	is(open_as(USER, USER), EACCES, "[I5] others can't: EACCES");
	remount("uid=1000,gid=0,mode=0600");
	is(open_as(USER, USER), 0, "[I5] uid=1000: that user can");
	is(open_as(USER + 1, GROUP), EACCES, "[I5] others can't: EACCES");
	remount("uid=0,gid=0,mode=0600");
	is(open_as(USER, GROUP), EACCES, "[I5] and as before: EACCES");
}

int main(void)
{
	tap_begin(60);
	if (is_socket()) {
		skip("of the file only", "[F2] errors");
		return tap_end();
	}
	options();
	rights();
	return tap_end();
}

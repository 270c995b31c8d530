// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded anew, and for that the server killed and started again. What
 * was in the store is gone then, and so are the kernel's own watches, but for kuser's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scene.h"

int rmmod(void)
{
	return syscall(SYS_delete_module, "xenfs", O_NONBLOCK) ? errno : 0;
}

bool mount_at(const char *where)
{
	return !mount("none", where, "xenfs", 0, NULL);
}

/* The last requests of opens that were closed may still be on their way. */
bool rmmod_within(int ms)
{
	long end = now_ms() + ms;
	int err;

	while ((err = rmmod()) && now_ms() < end)
		sleep_ms(50);
	if (err)
		diag("rmmod: %s", strerror(err));
	return !err;
}

int module_users(void)
{
	return file_number("/sys/module/xenfs/refcnt");
}

/* That it is mounted, and that the server has its page */
#define AT_REST	2

bool module_settles(void)
{
	long end = now_ms() + PATIENCE_MS;
	int n;

	while ((n = module_users()) > AT_REST && now_ms() < end)
		sleep_ms(20);
	if (n > AT_REST)
		diag("%d references to the module", n);
	return n <= AT_REST;
}

bool reload(const char *parameters)
{
	/* Who is the server later must not hold xenfs by a page that it has given. */
	if (!module_load("xsd"))
		return false;
	module_unload("kuser");
	module_settles();
	if (!server_kill() || umount(MOUNT) || !rmmod_within(PATIENCE_MS))
		return false;
	if (!module_load_with("xenfs", parameters) || !mount_at(MOUNT) ||
	    !server_start()) {
		diag("xenfs %s: %s", parameters, strerror(errno));
		return false;
	}
	store_begin();
	return true;
}

// SPDX-License-Identifier: GPL-2.0
/* The beginning and the end of a scene, and of a program */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

void scene_begin_at(const char *path)
{
	accounts_begin();
	bystanders_start(path);
}

void scene_begin(void)
{
	scene_begin_at(file_path());
}

void scene_end(const char *what)
{
	ok(bystanders_stop(), "[I1] %s: no request of a bystander fails", what);
	accounts_check(what);
}

unsigned int env_number(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 10) : otherwise;
}

unsigned int scaled(unsigned int normal, unsigned int large)
{
	return env_number("XENFS_LONG", 0) ? large : normal;
}

void store_begin(void)
{
	struct client *sock;

	subtree("hostile");
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, VALUE);
	client_close(sock);
	if (!module_load("kuser"))
		bail("the kernel's user of xenstore can't be loaded: %s",
		     strerror(errno));
	/* Its watch is one of those that are there when a scene begins. */
	if (!kernel_user_works())
		bail("the kernel's user of xenstore does not get through its rounds");
}

void hostile_begin(unsigned int seconds)
{
	tap_begin(seconds);
	signal(SIGCHLD, SIG_DFL);
	bystanders_init();
	store_begin();
}

// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tap.h"
#include "target.h"

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

const char *file_path(void)
{
	return env("XENFS_FILE", "/proc/xen/xenbus");
}

const char *socket_path(void)
{
	return env("XENFS_SOCKET", "/run/xenstored/socket");
}

bool is_socket(void)
{
	struct stat st;

	return !stat(file_path(), &st) && S_ISSOCK(st.st_mode);
}

bool is_stock(void)
{
	return !is_socket() && !strcmp(env("XENFS_MODULE", "ours"), "stock");
}

bool is_builtin(void)
{
	return !strcmp(env("XENFS_MODULE", "ours"), "builtin");
}

bool server_is_c(void)
{
	return !strcmp(env("XENFS_SERVER", "xenstored"), "xenstored");
}

bool server_is_remote(void)
{
	return getenv("XENFS_REMOTE");
}

const char *stock_path(void)
{
	return env("XENFS_STOCK", "/dev/xen/xenbus");
}

const char *elsewhere_path(void)
{
	return server_is_remote() ? stock_path() : socket_path();
}

bool can_compare(const char *what)
{
	if (!server_is_remote())
		return true;
	skip("the server's socket is in another domain", "%s", what);
	return false;
}

const char *home_path(void)
{
	return env("XENFS_HOME", "/local/domain/0");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Is this the kernel whose private types core.h has?
 *
 * They were compared when the module was built. The module loader does not ask
 * what they were compared with: where symbols have versions a module may be loaded
 * on another release, and anywhere on a kernel that was built anew under the same
 * name.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "core.h"

/**
 * xenfs_core_check() - compare the kernel that runs with the one of the types
 *
 * Context: module init.
 * Return: 0, or -ENOEXEC: it is another one; the log says so.
 */
int xenfs_core_check(void)
{
#ifndef XENFS_IN_TREE
	const struct new_utsname *this = init_utsname();
	const char *release = CORE_RELEASE, *version = CORE_VERSION;

	/*
	 * What is compared is what is said, and what a test changes in the
	 * module: no copy of it in instructions, as gcc makes for arm64.
	 */
	OPTIMIZER_HIDE_VAR(release);
	OPTIMIZER_HIDE_VAR(version);
	if (strcmp(this->release, release) || strcmp(this->version, version)) {
		pr_err("built for the private types of %s %s, but this is %s %s: build it for this one\n",
		       release, version, this->release, this->version);
		return -ENOEXEC;
	}
#endif
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The domain's own directory in xenstore, /local/domain/<domid>, from which the
 * server reads relative paths: so do two paths name one node?
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "dompath.h"

/* This domain's number, as xenstore has it; may change on a resume */
#define DOMID_UNKNOWN	U32_MAX
static u32 own_domid = DOMID_UNKNOWN;

/**
 * xenfs_dompath_learn() - ask xenstored for the domain's number
 *
 * Context: process context; waits for xenstored.
 */
void xenfs_dompath_learn(void)
{
	u32 unknown = xen_initial_domain() ? 0 : DOMID_UNKNOWN;

	WRITE_ONCE(own_domid, xenbus_read_unsigned("domid", "", unknown));
}

static void domid_work_func(struct work_struct *work)
{
	xenfs_dompath_learn();
}

static DECLARE_WORK(domid_work, domid_work_func);

/**
 * xenfs_dompath_resumed() - the domain was resumed, maybe with another number
 *
 * Context: any; does not sleep.
 */
void xenfs_dompath_resumed(void)
{
	schedule_work(&domid_work);
}

/**
 * xenfs_dompath_exit() - undo xenfs_dompath_resumed()
 *
 * Context: module exit; nobody is told of a resume any more.
 */
void xenfs_dompath_exit(void)
{
	cancel_work_sync(&domid_work);
}

/* The rest of an absolute path that lies below the domain's own directory. */
static const char *own_part(const char *path)
{
	u32 domid = READ_ONCE(own_domid);
	char home[32];
	int len;

	len = scnprintf(home, sizeof(home), "/local/domain/%u/", domid);
	if (domid == DOMID_UNKNOWN || strncmp(path, home, len))
		return NULL;
	return path + len;
}

/**
 * xenfs_same_node() - do two paths name one node?
 * @a: a path, absolute or relative
 * @b: another one
 *
 * The server tells a relative path by its place.
 *
 * Context: any.
 * Contract: E1.
 */
bool xenfs_same_node(const char *a, const char *b)
{
	const char *part;

	if (!strcmp(a, b))
		return true;
	part = a[0] == '/' ? own_part(a) : b[0] == '/' ? own_part(b) : NULL;
	return part && !strcmp(part, a[0] == '/' ? b : a);
}

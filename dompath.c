// SPDX-License-Identifier: GPL-2.0
/*
 * The domain's own directory in xenstore, /local/domain/<domid>, from which the
 * server reads relative paths: so do two paths name one node?
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "dompath.h"
#include "work.h"

/* This domain's number, as xenstore has it; may change on a resume */
#define DOMID_UNKNOWN	U32_MAX
static u32 own_domid = DOMID_UNKNOWN;

/* In the initial domain there need not be a node that tells. */
static u32 domid_by_default(void)
{
	return xen_initial_domain() ? 0 : DOMID_UNKNOWN;
}

/**
 * xenfs_dompath_learn() - learn the domain's number
 * @text: the value of the node "domid"
 * @len: its bytes; there is no nul
 *
 * Context: any; does not sleep.
 */
void xenfs_dompath_learn(const char *text, u32 len)
{
	u32 domid = domid_by_default();
	char number[sizeof("4294967295")];

	if (len < sizeof(number)) {
		memcpy(number, text, len);
		number[len] = '\0';
		if (kstrtou32(number, 10, &domid))
			domid = domid_by_default();
	}
	WRITE_ONCE(own_domid, domid);
}

static void ask(void)
{
	WRITE_ONCE(own_domid,
		   xenbus_read_unsigned("domid", "", domid_by_default()));
}

/**
 * xenfs_dompath_ask() - learn the domain's number, if nobody has told it
 *
 * Context: process context; waits for xenstored.
 */
void xenfs_dompath_ask(void)
{
	if (READ_ONCE(own_domid) == DOMID_UNKNOWN)
		ask();
}

static void domid_work_func(struct work_struct *work)
{
	ask();
	module_put(THIS_MODULE);
}

static DECLARE_WORK(domid_work, domid_work_func);

/**
 * xenfs_dompath_resumed() - the domain was resumed, maybe with another number
 *
 * Context: any; does not sleep.
 */
void xenfs_dompath_resumed(void)
{
	/* While xenstored is asked the module stays; who removes it waits not. */
	if (!try_module_get(THIS_MODULE))
		return;
	if (!queue_work(xenfs_core_wq, &domid_work))
		module_put(THIS_MODULE);
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
	/* What is neither is no relative path, and the server takes it for another. */
	return part && part[0] != '/' && part[0] != '@' &&
	       !strcmp(part, a[0] == '/' ? b : a);
}

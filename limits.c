// SPDX-License-Identifier: GPL-2.0
/*
 * What opens may hold, as module parameters
 *
 * The defaults keep one open at all its bounds under 512 KiB (contract I3). They
 * are set when the module is loaded and never change after that, so nothing
 * guards them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <xen/xen.h>

#include "limits.h"

/*
 * Of the transactions that a server allows a guest by default, which are ten,
 * what is left to the kernel's own drivers: they can't wait for clients.
 */
#define GUEST_TRANSACTIONS	8

/*
 * The same of the watches, which are 100 by default (oxenstored) or 128: without
 * one of them a driver can't plug a device.
 */
#define GUEST_WATCHES		80

struct xenfs_limits xenfs_limits __ro_after_init = {
	.slots = 32,
	.request_bytes = 256 * 1024,
	.reply_bytes = 136 * 1024,
	.event_bytes = 16 * 1024,
	.watch_bytes = 80 * 1024,
	.client_bytes = 16 * 1024 * 1024,
	.closed_bytes = 1024 * 1024,
	.transactions = 32,
	.transaction_wait = 30,
};

module_param_named(slots, xenfs_limits.slots, uint, 0444);
MODULE_PARM_DESC(slots, "requests of all opens that may be at xenstored at once (2 to 256, default 32)");
module_param_named(request_bytes, xenfs_limits.request_bytes, uint, 0444);
MODULE_PARM_DESC(request_bytes, "memory of an open's requests without a reply (1 to 16777216, default 262144)");
module_param_named(reply_bytes, xenfs_limits.reply_bytes, uint, 0444);
MODULE_PARM_DESC(reply_bytes, "memory of an open's unread replies (8448 to 16777216, default 139264)");
module_param_named(event_bytes, xenfs_limits.event_bytes, uint, 0444);
MODULE_PARM_DESC(event_bytes, "memory of an open's unread events (0 to 16777216, default 16384)");
module_param_named(watch_bytes, xenfs_limits.watch_bytes, uint, 0444);
MODULE_PARM_DESC(watch_bytes, "memory of an open's watches (0 to 16777216, default 81920)");
module_param_named(all_watches, xenfs_limits.all_watches, uint, 0444);
MODULE_PARM_DESC(all_watches, "watches of all opens (1 to 65536, default 80 in a guest, else 65536)");
module_param_named(client_bytes, xenfs_limits.client_bytes, uint, 0444);
MODULE_PARM_DESC(client_bytes, "memory of a client's unread replies and events, of all its opens (139264 to 1073741824, default 16777216)");
module_param_named(closed_bytes, xenfs_limits.closed_bytes, uint, 0444);
MODULE_PARM_DESC(closed_bytes, "memory of requests that a client's closed opens have yet to send (0 to 16777216, default 1048576)");
module_param_named(transactions, xenfs_limits.transactions, uint, 0444);
MODULE_PARM_DESC(transactions, "transactions of an open (0 to 65536, default 32)");
module_param_named(all_transactions, xenfs_limits.all_transactions, uint, 0444);
MODULE_PARM_DESC(all_transactions, "transactions of all opens (1 to 65536, default 8 in a guest, else 65536)");
module_param_named(transaction_wait, xenfs_limits.transaction_wait, uint, 0444);
MODULE_PARM_DESC(transaction_wait, "for how many seconds a START may wait when all transactions are in use (0 to 3600, default 30)");

struct parameter {
	const char *name;
	const unsigned int *value;
	unsigned int min, max;
};

static const struct parameter parameters[] __initconst = {
	{ "slots", &xenfs_limits.slots, 2, 256 },
	{ "request_bytes", &xenfs_limits.request_bytes, 1, SZ_16M },
	{ "reply_bytes", &xenfs_limits.reply_bytes, XENFS_REPLY_MAX, SZ_16M },
	{ "event_bytes", &xenfs_limits.event_bytes, 0, SZ_16M },
	{ "watch_bytes", &xenfs_limits.watch_bytes, 0, SZ_16M },
	{ "all_watches", &xenfs_limits.all_watches, 1, SZ_64K },
	{ "client_bytes", &xenfs_limits.client_bytes, SZ_128K + SZ_8K, SZ_1G },
	{ "closed_bytes", &xenfs_limits.closed_bytes, 0, SZ_16M },
	{ "transactions", &xenfs_limits.transactions, 0, SZ_64K },
	{ "all_transactions", &xenfs_limits.all_transactions, 1, SZ_64K },
	{ "transaction_wait", &xenfs_limits.transaction_wait, 0, 3600 },
};

/**
 * xenfs_limits_init() - check the module parameters
 *
 * Context: module init.
 * Return: 0, or -EINVAL: one is out of its range; the log says which.
 */
int __init xenfs_limits_init(void)
{
	unsigned int i;

	if (!xenfs_limits.all_transactions)
		xenfs_limits.all_transactions = xen_initial_domain() ?
						SZ_64K : GUEST_TRANSACTIONS;
	if (!xenfs_limits.all_watches)
		xenfs_limits.all_watches = xen_initial_domain() ?
					   SZ_64K : GUEST_WATCHES;
	for (i = 0; i < ARRAY_SIZE(parameters); i++) {
		if (*parameters[i].value >= parameters[i].min &&
		    *parameters[i].value <= parameters[i].max)
			continue;
		pr_err("%s=%u: must be from %u to %u\n", parameters[i].name,
		       *parameters[i].value, parameters[i].min, parameters[i].max);
		return -EINVAL;
	}
	return 0;
}

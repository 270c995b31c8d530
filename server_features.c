// SPDX-License-Identifier: GPL-2.0
/*
 * What the server can do beyond the oldest protocol
 *
 * It says so in the page that holds the ring. After a resume it may be another
 * server: whoever asks, asks anew.
 */
#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/types.h>
#include <xen/interface/io/xs_wire.h>
#include <xen/xenbus.h>

#include "server_features.h"

/* XENSTORE_SERVER_FEATURE_WATCHDEPTH, which Linux's xs_wire.h has not yet */
#define FEATURE_WATCHDEPTH	BIT(2)

/**
 * xenfs_server_knows_depth() - does the server take the depth of a WATCH?
 *
 * Context: any, for a request that goes to the server now.
 */
bool xenfs_server_knows_depth(void)
{
	return READ_ONCE(xen_store_interface->server_features) &
	       FEATURE_WATCHDEPTH;
}

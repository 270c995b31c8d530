/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way to the ring; see transport.c
 */
#ifndef _XENFS_TRANSPORT_H
#define _XENFS_TRANSPORT_H

struct xenfs_request;
struct xenfs_slot;
struct xsd_sockmsg;

int xenfs_transport_init(void);
void xenfs_transport_exit(void);
struct xenfs_slot *xenfs_transport_claim(void);
void xenfs_transport_unclaim(struct xenfs_slot *slot);
int xenfs_transport_send(struct xenfs_slot *slot, struct xsd_sockmsg *msg,
			 struct xenfs_request *req);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who opens the file: a service, or a process; see client.c
 */
#ifndef _XENFS_CLIENT_H
#define _XENFS_CLIENT_H

#include <linux/types.h>

struct xenfs_client;

struct xenfs_client *xenfs_client_get(void);
void xenfs_client_put(struct xenfs_client *client);

bool xenfs_client_charge(struct xenfs_client *client, u32 bytes, bool must);
bool xenfs_client_recharge(struct xenfs_client *client, u32 from, u32 to);
bool xenfs_client_charge_closed(struct xenfs_client *client, u32 bytes);
void xenfs_client_uncharge_closed(struct xenfs_client *client, u32 bytes);

#endif

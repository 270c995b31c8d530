/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watches as the server has them, each for all opens that want it; see
 * registration.c
 */
#ifndef _XENFS_REGISTRATION_H
#define _XENFS_REGISTRATION_H

#include "registry.h"

/* Path, token and depth of a WATCH, at their longest */
#define XENFS_REGISTRATION_BODY(path_len) \
	((path_len) + XENFS_TOKEN_MAX + XENFS_DEPTH_MAX)

void xenfs_registrations_init(void);

struct xenfs_registration *xenfs_registration_alloc(u32 path_len);
void xenfs_registration_discard(struct xenfs_registration *r);

bool xenfs_registration_join(struct xenfs_event_source *source,
			     struct xenfs_registration **spare, char *body);
void xenfs_registration_leave(struct xenfs_event_source *source);

u32 xenfs_registration_len(const struct xenfs_event_source *source, u32 type);
bool xenfs_registration_watched(struct xenfs_event_source *source,
				const struct xenfs_answer *answer);
bool xenfs_registration_unwatched(struct xenfs_event_source *source,
				  const struct xenfs_answer *answer);
bool xenfs_registration_unwanted(struct xenfs_event_source *source);
void xenfs_registration_wanted(struct xenfs_event_source *source);

bool xenfs_registration_renew(struct xenfs_registration *r, bool resumed);
bool xenfs_registration_renewed(struct xenfs_registration *r,
				struct xenfs_connection *c,
				const struct xenfs_answer *answer);
void xenfs_registration_tell_missed(struct xenfs_registration *r);
struct xsd_sockmsg *xenfs_registration_wire(struct xenfs_registration *r,
					    u32 type);

#endif

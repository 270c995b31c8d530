/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hostile tests share. Each of them is one or more scenes. While a
 * scene plays there are bystanders: processes and a kernel thread that use
 * xenstore as anybody does, and to whom nothing may happen. When it is over
 * nothing of it may be left, in the server or in the kernel's memory.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "call.h"
#include "deadline.h"
#include "fdinfo.h"
#include "job.h"
#include "kernel.h"
#include "pages.h"
#include "pretend.h"
#include "process.h"
#include "restart.h"
#include "server.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROOT	"/test/hostile"
#define KEY	ROOT "/key"
#define MOUNT	"/proc/xen"
#define VALUE	"value"

/* Begin a program: results, an empty subtree with KEY, the kernel's user. */
void hostile_begin(unsigned int seconds);
/* XENFS_LONG=1: the numbers of a real machine */
unsigned int scaled(unsigned int normal, unsigned int large);
unsigned int env_number(const char *name, unsigned int otherwise);

/* Count what there is, start the bystanders. */
void scene_begin(void);
/* As scene_begin(); the bystanders use another file, NULL: only the kernel. */
void scene_begin_at(const char *path);
/* A result: every bystander makes some more rounds, before that time is over. */
void scene_goes_on_within(long ms, const char *fmt, ...) PRINTF(2, 3);
#define scene_goes_on(...) scene_goes_on_within(PATIENCE_MS, __VA_ARGS__)
/*
 * Stop the bystanders; results: all their requests have succeeded, and there
 * are no more watches, transactions, and memory than at the beginning.
 */
void scene_end(const char *what);

/* The module kuser; false if it does not come or go in time. */
bool module_load(const char *name);
bool module_load_with(const char *name, const char *parameters);
bool module_unload(const char *name);
/* The domain is restored, as xenfs is told. Nothing of xenfs may be at the server. */
bool play_resume(void);

/* Unload xenfs, or the errno; unload it when that can be; mount it. */
int rmmod(void);
bool rmmod_within(int ms);
bool mount_at(const char *where);
/* How many hold xenfs; -1 if it is not there */
int module_users(void);
/* Refusals are made good for, and what was closed has ended; false after PATIENCE_MS. */
bool module_settles(void);
/* Load xenfs anew with these parameters; the server starts anew, too. */
bool reload(const char *parameters);

/* Is there a tree of control groups? If not, why is told. */
bool groups_mounted(void);
void group_make(const char *name);
void group_remove(const char *name);
/* The caller, of the root one without a name; false if it can't */
bool group_join(const char *name);

/* Wait until a thread sleeps in a system call; false after PATIENCE_MS. */
bool sleeps_in(pid_t tid, long nr);
pid_t own_tid(void);

/* The kernel looks at the ring, as @other writes, and the server has it again. */
void pretend_goes_on(struct client *other, const char *what);

/* As call(), with more patience; events are thrown away. */
int patient_call(struct client *c, uint32_t type, uint32_t tx_id,
		 const void *body, size_t len, struct msg *reply);
int patient_string(struct client *c, uint32_t type, uint32_t tx_id,
		   const char *string, struct msg *reply);
/* Skip messages until the reply to this request. */
int reply_to(struct client *c, uint32_t req_id, struct msg *m);
/* A client around a descriptor that is open already */
struct client *client_of(int fd);

/* A child that is gone within PATIENCE_MS; its exit status, -1 if it is not */
int child_ends(pid_t pid);
void *shared_memory(size_t size);

#endif

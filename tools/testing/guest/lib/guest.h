/* SPDX-License-Identifier: GPL-2.0 */
/* What a test does to the machine around it */
#ifndef GUEST_H
#define GUEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A page with an unmapped one behind it: size bytes that end at its edge */
char *fault_edge(size_t size);
char *fault_page(void);

/* Write to a file of the kernel's; says why if that fails. */
bool file_put(const char *path, const char *text);

/* A process, or a thread of the kernel's, by its name; 0 if there is none */
pid_t pid_of(const char *name);
/* The server's process; 0 if it can't be found */
pid_t server_pid(void);
bool server_stop(void);
void server_continue(void);

/* What the C server counts for a domain ("transactions", "watches"), or -1 */
long server_count(const char *what, unsigned int domid);

/*
 * Bytes in objects of the kernel's slab caches whose names begin so; free ones
 * that are kept for later are not counted.
 */
long slab_bytes(const char *prefix);

/* A thread that must be done in time */
struct job {
	pthread_t thread;
	void (*fn)(void *arg);
	void *arg;
	volatile bool done;
};

bool job_start(struct job *job, void (*fn)(void *arg), void *arg);
bool job_done(struct job *job, int timeout_ms);
/* True if it was done in time; only then is the thread gone. */
bool job_join(struct job *job, int timeout_ms);

/* A page that faults until it is resolved */
struct lazy_page {
	int uffd;
	char *addr;
};

bool lazy_page(struct lazy_page *page);
/* Wait until somebody sleeps on it. */
bool lazy_wait(struct lazy_page *page, int timeout_ms);
void lazy_resolve(struct lazy_page *page, const void *data, size_t len);

/* Wait for a child; its exit status, -1 if it isn't done in time (killed). */
int child_wait(pid_t pid, int timeout_ms);
void sleep_ms(int ms);

#endif

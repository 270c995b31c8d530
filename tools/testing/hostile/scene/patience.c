// SPDX-License-Identifier: GPL-2.0
/* Calls, children and threads that are waited for with more patience */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hostile.h"

int reply_to(struct client *c, uint32_t req_id, struct msg *m)
{
	long end = now_ms() + PATIENCE_MS;
	int err;

	do {
		err = client_recv(c, m, end - now_ms());
	} while (!err && (m->hdr.type == XS_WATCH_EVENT || m->hdr.req_id != req_id));
	return err;
}

void pretend_goes_on(struct client *other, const char *what)
{
	static struct msg m;

	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	ok(!client_recv(other, &m, PATIENCE_MS) && !msg_error(&m),
	   "[I1] %s: the server goes on", what);
}

int patient_call(struct client *c, uint32_t type, uint32_t tx_id,
		 const void *body, size_t len, struct msg *reply)
{
	return call_by(c, type, tx_id, body, len, reply, reply_to);
}

int patient_string(struct client *c, uint32_t type, uint32_t tx_id,
		   const char *string, struct msg *reply)
{
	return patient_call(c, type, tx_id, string, strlen(string) + 1, reply);
}

struct client *client_of(int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		bail("no memory for a client");
	c->fd = fd;
	c->next_id = 50000;
	client_block(c, false);
	return c;
}

pid_t own_tid(void)
{
	return syscall(SYS_gettid);
}

bool sleeps_in(pid_t tid, long nr)
{
	long end = now_ms() + PATIENCE_MS, found;
	char path[64];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	while (now_ms() < end) {
		f = fopen(path, "r");
		if (!f)
			return false;
		/* "running", or the number of what it sleeps in */
		n = fscanf(f, "%ld", &found);
		fclose(f);
		if (n == 1 && found == nr)
			return true;
		sleep_ms(2);
	}
	return false;
}

int child_ends(pid_t pid)
{
	return child_wait(pid, PATIENCE_MS);
}

void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	return p;
}

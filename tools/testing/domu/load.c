// SPDX-License-Identifier: GPL-2.0
/*
 * A child that writes numbered values and reads them, many in flight, without a
 * pause: through suspends, nothing may be missing, out of order, or wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "deadline.h"
#include "domu.h"
#include "process.h"
#include "tap.h"
#include "target.h"

#define NODE	"data/load"

/* What it must do more to count as going on */
#define PROGRESS	40

static struct {
	volatile bool calm, stop, failed;
	volatile unsigned long answers, lost;
} *load;

static pid_t child;

/* With stock, requests in flight overwrite each other [W3]. */
static unsigned int window(void)
{
	return is_stock() ? 1 : 16;
}

bool numbered_send(struct client *c, const char *node, unsigned long k)
{
	char body[PAYLOAD_MAX], value[32];

	if (k & 1)
		return client_send(c, XS_READ, 0, node, strlen(node) + 1);
	snprintf(value, sizeof(value), "%lu", k / 2);
	return client_send(c, XS_WRITE, 0, body, pair(body, node, value));
}

bool numbered_good(const struct msg *m, unsigned long k, unsigned long *lost)
{
	int err = msg_error(m);

	if (k & 1 && err == ENOENT) {
		(*lost)++;
		return true;
	}
	if (!err && m->hdr.type == (k & 1 ? XS_READ : XS_WRITE) &&
	    (!(k & 1) || strtoul(m->body, NULL, 10) == k / 2))
		return true;
	diag("answer %lu is '%s', of type %u", k, m->body, m->hdr.type);
	return false;
}

/* The answers to messages @k and on, whose ids are consecutive, too */
static bool load_answers(struct client *c, unsigned long k, uint32_t id)
{
	unsigned long end = k + window(), lost = 0;
	static struct msg m;
	int err;

	for (; k < end; k++, id++) {
		err = client_recv(c, &m, LIMIT_MS);
		if (!err && m.hdr.req_id == id && numbered_good(&m, k, &lost)) {
			load->answers++;
			continue;
		}
		diag("load: answer %lu: %d, request %u, expected %u", k, err,
		     m.hdr.req_id, id);
		return false;
	}
	load->lost += lost;
	return true;
}

static bool load_window(struct client *c, unsigned long k)
{
	uint32_t first = c->next_id + 1;
	unsigned int i;

	for (i = 0; i < window(); i++) {
		if (!numbered_send(c, NODE, k + i)) {
			diag("load: message %lu: %m", k + i);
			return false;
		}
	}
	return load_answers(c, k, first);
}

static int load_main(void)
{
	struct client *c = client_new();
	unsigned long k;

	for (k = 0; !load->stop; k += window()) {
		while (load->calm && !load->stop)
			sleep_ms(50);
		if (!load_window(c, k)) {
			load->failed = true;
			return 1;
		}
		/* There are others. */
		sleep_ms(10);
	}
	return 0;
}

void load_begin(void)
{
	load = mmap(NULL, sizeof(*load), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (load == MAP_FAILED)
		bail("mmap: %m");
	load->calm = true;
	fflush(stdout);
	child = fork();
	if (child < 0)
		bail("fork: %m");
	if (!child) {
		alarm(0);
		_exit(load_main());
	}
}

void load_calm(bool calm)
{
	load->calm = calm;
}

bool load_goes_on(unsigned long restores)
{
	unsigned long wanted = load->answers + PROGRESS;
	long end = now_ms() + LIMIT_MS;

	while (load->answers < wanted && !load->failed && now_ms() < end)
		sleep_ms(10);
	if (load->answers < wanted)
		diag("load: %lu answers, expected %lu", load->answers, wanted);
	if (load->lost > restores)
		diag("load: %lu values are lost", load->lost);
	return !load->failed && load->answers >= wanted &&
	       load->lost <= restores;
}

bool load_end(void)
{
	load->stop = true;
	return child_wait(child, LIMIT_MS) == 0;
}

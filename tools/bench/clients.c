// SPDX-License-Identifier: GPL-2.0
/* Several processes at once, all of which do the same */
#include <unistd.h>

#include "bench.h"
#include "tap.h"

/* Of one of very many: enough is done by all together. */
static unsigned int rounds(unsigned int clients)
{
	return clients > 8 ? ROUNDS / 4 : ROUNDS;
}

/* Says when it is warm, begins when nobody can write to @go any more, says so again. */
static void client(const char *path, operation *operation, unsigned int n,
		   unsigned int depth, int told, int go)
{
	struct conn c;
	char nothing;

	conn_begin(&c, path);
	operation(&c, depth, depth);
	if (write(told, "", 1) != 1 || read(go, &nothing, 1))
		wrong();
	operation(&c, n, depth);
	if (write(told, "", 1) != 1)
		wrong();
	/* Its end is none of what is measured. */
	pause();
}

static void wait_for(int told, unsigned int clients)
{
	char some[64];
	ssize_t n;

	for (; clients; clients -= n) {
		n = read(told, some, clients < sizeof(some) ? clients : sizeof(some));
		if (n <= 0)
			none();
	}
}

static void measure(const char *path, operation *operation, unsigned int clients,
		    unsigned int depth)
{
	unsigned int i, n = whole(rounds(clients), depth);
	int told[2], go[2];
	int64_t start;

	if (pipe(told) || pipe(go))
		bail("no pipe");
	end_with_child();
	for (i = 0; i < clients; i++) {
		if (fork())
			continue;
		close(told[0]);
		close(go[1]);
		client(path, operation, n, depth, told[1], go[0]);
	}
	close(told[1]);
	wait_for(told[0], clients);
	start = begin();
	close(go[1]);
	wait_for(told[0], clients);
	end(start, clients * n);
}

void clients_read(const char *path, unsigned int n)
{
	measure(path, read_one, n, 1);
}

void clients_batch(const char *path, unsigned int n)
{
	measure(path, read_batch, n, 16);
}

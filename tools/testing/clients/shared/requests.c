// SPDX-License-Identifier: GPL-2.0
/* Many threads at once: each has its own replies, and nobody else's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "shared.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define ROUNDS	20
#define LARGE	2000

static void key(char *path, size_t size, const char *kind, int number, int round)
{
	snprintf(path, size, ROOT "/%s/%d-%d", kind, number, round);
}

/* As long as its number says, so that no two have the same length */
static void large_value(char *value, int number)
{
	memset(value, 'a' + number, LARGE + number);
	value[LARGE + number] = '\0';
}

static bool reads(struct asker *a, const char *path, const char *want)
{
	struct msg *reply;
	int err = mux_read(a->m, path, &reply);
	bool good = !err && !strcmp(reply->body, want);

	if (!good)
		complain(a, path, err, reply);
	free(reply);
	return good;
}

static bool writes(struct asker *a, const char *path, const char *value)
{
	int err = mux_write(a->m, 0, path, value);

	if (err)
		complain(a, path, err, NULL);
	return !err && reads(a, path, value);
}

static bool answers(struct asker *a, const char *path, int want)
{
	int err = mux_read(a->m, path, NULL);

	if (err != want)
		complain(a, path, err, NULL);
	return err == want;
}

static void read_own(void *arg)
{
	struct asker *a = arg;
	char path[64], want[80];
	int i;

	for (i = 0; i < ROUNDS; i++) {
		key(path, sizeof(path), "read", a->number, i % 4);
		snprintf(want, sizeof(want), "value of %s", path);
		a->good += reads(a, path, want);
	}
}

static void write_own(void *arg)
{
	struct asker *a = arg;
	char path[64], value[64];
	int i;

	for (i = 0; i < ROUNDS / 2; i++) {
		key(path, sizeof(path), "write", a->number, i);
		snprintf(value, sizeof(value), "%d of thread %d", i, a->number);
		a->good += writes(a, path, value);
	}
}

static void large_own(void *arg)
{
	struct asker *a = arg;
	char path[64], value[LARGE + ASKERS + 1];
	int i;

	large_value(value, a->number);
	key(path, sizeof(path), "large", a->number, 0);
	for (i = 0; i < ROUNDS / 4; i++)
		a->good += writes(a, path, value);
}

/* Errors go to who made them, too. */
static void errors_own(void *arg)
{
	struct asker *a = arg;
	char path[64];
	int i;

	for (i = 0; i < ROUNDS / 2; i++) {
		if (a->number % 2) {
			key(path, sizeof(path), "none", a->number, i);
			a->good += answers(a, path, ENOENT);
		} else {
			key(path, sizeof(path), "read", a->number, 0);
			a->good += answers(a, path, 0);
		}
	}
}

static void prepare(void)
{
	struct client *c = client_open(socket_path());
	char path[64], value[80];
	int i, j;

	for (i = 0; i < ASKERS; i++) {
		for (j = 0; j < 4; j++) {
			key(path, sizeof(path), "read", i, j);
			snprintf(value, sizeof(value), "value of %s", path);
			if (call_write(c, 0, path, value))
				bail("cannot write %s", path);
		}
	}
	client_close(c);
}

/* What they wrote, as others see it */
static void stored(void)
{
	char path[64], value[LARGE + ASKERS + 1];
	const char *have;
	int i, good = 0;

	for (i = 0; i < ASKERS; i++) {
		key(path, sizeof(path), "large", i, 0);
		large_value(value, i);
		have = peek(path);
		good += have && !strcmp(have, value);
	}
	is(good, ASKERS, "[W3] what they wrote is what is there");
}

void requests(struct mux *m)
{
	prepare();
	each(m, ASKERS, read_own, ROUNDS, "each READ has its own value");
	each(m, ASKERS, write_own, ROUNDS / 2, "each WRITE can be read back");
	each(m, ASKERS, large_own, ROUNDS / 4, "each large value, too");
	stored();
	each(m, ASKERS, errors_own, ROUNDS / 2, "an error is his who made it");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Bystanders: processes and a kernel thread that use xenstore as anybody does,
 * while somebody tries to hurt them
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"

/* Rounds that a bystander must make to show that it goes on */
#define ROUNDS		5

static long kernel_count(const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/kuser/parameters/%s", what);
	return file_number(path);
}

/* In memory that is shared with a bystander */
struct bystander {
	const char *name;
	void (*round)(struct bystander *b, struct client *c, long n);
	pid_t pid;
	bool stop;
	long successes, failures;
	char what[128];			/* of the first failure */
};

static struct bystander *bystanders;
static const char *bystander_path;
static long kernel_failures;
static unsigned int hung;

static void outcome(struct bystander *b, const char *what, int err)
{
	if (!err)
		return;
	if (!b->failures)
		snprintf(b->what, sizeof(b->what), "%s: %s", what,
			 strerror(abs(err)));
	__atomic_add_fetch(&b->failures, 1, __ATOMIC_RELAXED);
}

/* Writes a key of its own and reads it back. */
static void round_requests(struct bystander *b, struct client *c, long n)
{
	char body[128], value[32];
	static struct msg m;
	int err;

	snprintf(value, sizeof(value), "%ld", n);
	outcome(b, "WRITE", patient_call(c, XS_WRITE, 0, body,
					 pair(body, ROOT "/by-requests", value), NULL));
	err = patient_string(c, XS_READ, 0, ROOT "/by-requests", &m);
	if (!err && strcmp(m.body, value))
		err = EPROTO;
	outcome(b, "READ", err);
}

/* A new open for a transaction; one that the server calls off is made again. */
static void round_transaction(struct bystander *b, struct client *unused, long n)
{
	struct client *c = client_open(bystander_path);
	char body[128], value[32];
	static struct msg m;
	uint32_t tx;
	int err;

	(void)unused;
	snprintf(value, sizeof(value), "%ld", n);
	do {
		err = patient_call(c, XS_TRANSACTION_START, 0, "", 1, &m);
		outcome(b, "START", err);
		if (err)
			break;
		tx = strtoul(m.body, NULL, 10);
		outcome(b, "WRITE in a transaction",
			patient_call(c, XS_WRITE, tx, body,
				     pair(body, ROOT "/by-transaction", value), NULL));
		err = patient_string(c, XS_TRANSACTION_END, tx, "T", NULL);
	} while (err == EAGAIN);
	outcome(b, "END", err);
	client_close(c);
}

/* In any order: the stock driver has one of its own. */
static int reply_and_event(struct client *c, uint32_t id)
{
	bool replied = false, event = false;
	static struct msg m;
	int err = id ? 0 : -errno;

	while (!err && !(replied && event)) {
		err = client_recv(c, &m, PATIENCE_MS);
		if (err)
			break;
		event |= m.hdr.type == XS_WATCH_EVENT;
		replied |= m.hdr.type != XS_WATCH_EVENT && m.hdr.req_id == id;
	}
	return err;
}

/* Sets a watch, then each round changes the key and waits for the event. */
static void round_watch(struct bystander *b, struct client *c, long n)
{
	static const char watch[] = ROOT "/by-watch\0token";
	char body[128], value[32];
	uint32_t id;

	snprintf(value, sizeof(value), "%ld", n);
	if (n == 0) {
		id = client_send(c, XS_WATCH, 0, watch, sizeof(watch));
		outcome(b, "WATCH and its event", reply_and_event(c, id));
	}
	id = client_send(c, XS_WRITE, 0, body, pair(body, ROOT "/by-watch", value));
	outcome(b, "WRITE and its event", reply_and_event(c, id));
}

static const struct bystander cast[] = {
	{ .name = "requests", .round = round_requests },
	{ .name = "transactions", .round = round_transaction },
	{ .name = "watches", .round = round_watch },
};

#define CAST	(sizeof(cast) / sizeof(cast[0]))

static void bystander_main(struct bystander *b)
{
	struct client *c = client_open(bystander_path);
	long n, failures;

	for (n = 0; !__atomic_load_n(&b->stop, __ATOMIC_RELAXED); n++) {
		failures = b->failures;
		b->round(b, c, n);
		if (b->failures == failures) {
			__atomic_add_fetch(&b->successes, 1, __ATOMIC_RELAXED);
			sleep_ms(10);	/* they are not the flood */
			continue;
		}
		/* What comes late would be mistaken for the next reply. */
		client_close(c);
		c = client_open(bystander_path);
		n = -1;
		sleep_ms(100);
	}
	client_close(c);
	_exit(0);
}

void bystanders_start(const char *path)
{
	unsigned int i;
	pid_t pid;

	bystander_path = path;
	for (i = 0; bystander_path && i < CAST; i++) {
		bystanders[i] = cast[i];
		pid = fork();
		if (pid == 0)
			bystander_main(&bystanders[i]);
		/* The child would put 0 there: it is shared. */
		bystanders[i].pid = pid;
	}
	kernel_failures = kernel_count("failures");
}

static long rounds(unsigned int i)
{
	if (i == CAST)
		return kernel_count("successes");
	return __atomic_load_n(&bystanders[i].successes, __ATOMIC_RELAXED);
}

static const char *stuck(const long *before, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	unsigned int i = bystander_path ? 0 : CAST;

	for (; i <= CAST; i++) {
		while (rounds(i) < before[i] + ROUNDS) {
			if (now_ms() > end)
				return i < CAST ? bystanders[i].name : "the kernel";
			sleep_ms(2);
		}
	}
	return NULL;
}

void scene_goes_on_within(long ms, const char *fmt, ...)
{
	long before[CAST + 1];
	const char *who;
	char text[256];
	unsigned int i;
	va_list args;

	for (i = 0; i <= CAST; i++)
		before[i] = rounds(i);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	who = stuck(before, ms);
	/* A description begins with its clause. */
	ok(!who, "[%s: all goes on", text + 1);
	if (!who)
		return;
	diag("the bystander that is stuck: %s", who);
	if (++hung == 2)
		bail("xenstore is dead in this domain");
}

static void bystander_stop(struct bystander *b)
{
	__atomic_store_n(&b->stop, true, __ATOMIC_RELAXED);
	if (child_ends(b->pid))
		outcome(b, "its end", -ETIMEDOUT);
	diag("bystander %s: %ld rounds, %ld failures", b->name, b->successes,
	     b->failures);
	if (b->failures)
		diag("the first: %s", b->what);
}

bool bystanders_stop(void)
{
	long failures = kernel_count("failures") - kernel_failures;
	unsigned int i;

	diag("bystander kernel: %ld rounds in all, %ld failures",
	     kernel_count("successes"), failures);
	for (i = 0; bystander_path && i < CAST; i++) {
		bystander_stop(&bystanders[i]);
		failures += bystanders[i].failures;
	}
	return !failures;
}

void bystanders_init(void)
{
	bystanders = shared_memory(sizeof(cast));
}

bool kernel_user_works(void)
{
	long before[CAST + 1] = { };

	before[CAST] = rounds(CAST);
	return !stuck(before, PATIENCE_MS);
}

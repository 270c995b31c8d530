// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

/* Rounds that a bystander must make to show that it goes on */
#define ROUNDS		5
/* What others do with slabs meanwhile */
#define SLAB_NOISE	(256 * 1024L)

/* --- Clients ------------------------------------------------------------ */

int reply_to(struct client *c, uint32_t req_id, struct msg *m)
{
	long end = now_ms() + PATIENCE_MS;
	int err;

	do {
		err = client_recv(c, m, end - now_ms());
	} while (!err && (m->hdr.type == XS_WATCH_EVENT || m->hdr.req_id != req_id));
	return err;
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

long held(pid_t pid, int fd, const char *what)
{
	char path[64], line[128];
	size_t len = strlen(what);
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, what, len) && line[len] == ':')
			value = atol(line + len + 1);
	if (f)
		fclose(f);
	return value;
}

/* --- Processes ---------------------------------------------------------- */

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

/* --- Modules ------------------------------------------------------------ */

bool module_load(const char *name)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return !err || err == EEXIST;
}

static void unload_job(void *arg)
{
	const char *name = arg;
	int i;

	for (i = 0; i < 100; i++) {
		if (!syscall(SYS_delete_module, name, O_NONBLOCK) || errno == ENOENT)
			return;
		sleep_ms(50);
	}
	diag("cannot unload %s: %s", name, strerror(errno));
	for (;;)
		pause();
}

bool module_unload(const char *name)
{
	struct job job;

	job_start(&job, unload_job, (void *)name);
	return job_join(&job, PATIENCE_MS);
}

static long kernel_count(const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/kuser/parameters/%s", what);
	return file_number(path);
}

/* --- Bystanders --------------------------------------------------------- */

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
static long began;

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

static void bystanders_start(void)
{
	unsigned int i;
	pid_t pid;

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

void scene_goes_on(const char *fmt, ...)
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
	who = stuck(before, PATIENCE_MS);
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

static bool bystanders_stop(void)
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

/* --- Accounts ----------------------------------------------------------- */

static struct accounts {
	long watches, transactions, slab;
} before;

static struct accounts accounts(void)
{
	struct accounts a = {
		.watches = server_is_c() ? server_count("watches", 0) : 0,
		.transactions = server_is_c() ? server_count("transactions", 0) : 0,
		/* All that the module allocates is of these */
		.slab = slab_bytes("kmalloc"),
	};

	return a;
}

static bool balanced(const struct accounts *now)
{
	return now->watches <= before.watches &&
	       now->transactions <= before.transactions &&
	       now->slab <= before.slab + SLAB_NOISE;
}

static void accounts_check(const char *what)
{
	long end = now_ms() + PATIENCE_MS, soon = now_ms() + 2000;
	struct accounts now = accounts();

	/* Some is freed after a grace period: see whether it gets less. */
	while (!balanced(&now) ? now_ms() < end :
	       now.slab > before.slab + SLAB_NOISE / 4 && now_ms() < soon) {
		sleep_ms(100);
		now = accounts();
	}
	is(now.watches, before.watches, "[I4] %s: no watch is left", what);
	is(now.transactions, before.transactions,
	   "[I4] %s: no transaction is left", what);
	ok(now.slab <= before.slab + SLAB_NOISE, "[I3] %s: no memory is left", what);
	diag("slabs: %+ld KiB; %ld ms", (now.slab - before.slab) / 1024,
	     now_ms() - began);
}

/* --- Scenes ------------------------------------------------------------- */

void scene_begin_at(const char *path)
{
	bystander_path = path;
	began = now_ms();
	before = accounts();
	bystanders_start();
}

void scene_begin(void)
{
	scene_begin_at(file_path());
}

void scene_end(const char *what)
{
	ok(bystanders_stop(), "[I1] %s: no request of a bystander fails", what);
	accounts_check(what);
}

unsigned int env_number(const char *name, unsigned int otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoul(value, NULL, 10) : otherwise;
}

unsigned int scaled(unsigned int normal, unsigned int large)
{
	return env_number("XENFS_LONG", 0) ? large : normal;
}

void hostile_begin(unsigned int seconds)
{
	long before[CAST + 1] = { };
	struct client *sock;

	tap_begin(seconds);
	signal(SIGCHLD, SIG_DFL);
	bystanders = shared_memory(sizeof(cast));
	subtree("hostile");
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, VALUE);
	client_close(sock);
	if (!module_load("kuser"))
		bail("the kernel's user of xenstore can't be loaded: %s",
		     strerror(errno));
	/* Its watch is one of those that are there when a scene begins. */
	before[CAST] = rounds(CAST);
	if (stuck(before, PATIENCE_MS))
		bail("the kernel's user of xenstore does not get through its rounds");
}

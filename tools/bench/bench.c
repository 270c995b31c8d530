// SPDX-License-Identifier: GPL-2.0
/*
 * What an operation costs, on our file, the kernel's own and the server's
 * socket, in one boot. Made for QEMU's instruction counter, under which a
 * nanosecond of the guest is an instruction; elsewhere it shows nanoseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEY	"/bench/key"
#define VALUE	"value"
#define ROUNDS	400

/* Of one flooder, and requests that each of them always has */
#define OPENS	100
#define EACH	32

enum { READ = 2, WATCH = 4, WRITE = 11, EVENT = 15 };

struct header {
	uint32_t type, req_id, tx_id, len;
};

struct request {
	struct header hdr;
	char body[64];
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	int fd;

	if (stat(path, &st))
		return -1;
	if (!S_ISSOCK(st.st_mode))
		return open(path, O_RDWR);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		die(path);
	return fd;
}

static size_t build(struct request *r, uint32_t type, const char *a,
		    const char *b, size_t b_len)
{
	size_t len = strlen(a) + 1;

	memcpy(r->body, a, len);
	memcpy(r->body + len, b, b_len);
	r->hdr = (struct header){ .type = type, .len = len + b_len };
	return sizeof(r->hdr) + r->hdr.len;
}

static void put(int fd, const void *buf, size_t len)
{
	if (write(fd, buf, len) != (ssize_t)len)
		die("write");
}

static void get(int fd, void *buf, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (len) {
		if (poll(&p, 1, 20000) != 1)
			die("no reply");
		n = read(fd, buf, len);
		if (n <= 0)
			die("read");
		buf = (char *)buf + n;
		len -= n;
	}
}

static void get_message(int fd, struct header *hdr)
{
	char body[4096];

	get(fd, hdr, sizeof(*hdr));
	get(fd, body, hdr->len);
}

/* --- The operations; each does n of them -------------------------------- */

static void one_at_a_time(int fd, int n)
{
	struct request r;
	size_t len = build(&r, READ, KEY, "", 0);
	struct header hdr;

	while (n--) {
		put(fd, &r, len);
		get_message(fd, &hdr);
	}
}

static void by_writev(int fd, int n)
{
	struct request r;
	struct header hdr;
	struct iovec v[2];

	build(&r, READ, KEY, "", 0);
	v[0] = (struct iovec){ &r.hdr, sizeof(r.hdr) };
	v[1] = (struct iovec){ r.body, r.hdr.len };
	while (n--) {
		/* The kernel's own file takes the pieces one by one. */
		if (writev(fd, v, 2) != (ssize_t)(sizeof(r.hdr) + r.hdr.len))
			die("writev");
		get_message(fd, &hdr);
	}
}

static void sixteen_writes(int fd, int n)
{
	struct request r;
	size_t len = build(&r, READ, KEY, "", 0);
	struct header hdr;
	int i;

	for (; n > 0; n -= 16) {
		for (i = 0; i < 16; i++)
			put(fd, &r, len);
		for (i = 0; i < 16; i++)
			get_message(fd, &hdr);
	}
}

static void sixteen_at_once(int fd, int n)
{
	char batch[16 * sizeof(struct request)], in[16 * 32];
	struct request r;
	size_t len = build(&r, READ, KEY, "", 0), want, i;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t got;

	for (i = 0; i < 16; i++)
		memcpy(batch + i * len, &r, len);
	for (; n > 0; n -= 16) {
		put(fd, batch, 16 * len);
		for (want = 16 * (sizeof(r.hdr) + strlen(VALUE)); want; want -= got) {
			if (poll(&p, 1, 20000) != 1)
				die("no reply");
			got = read(fd, in, sizeof(in));
			if (got <= 0)
				die("read");
		}
	}
}

static void set_watch(int fd)
{
	struct request r;
	struct header hdr;

	put(fd, &r, build(&r, WATCH, KEY, "t", 2));
	get_message(fd, &hdr);
	get_message(fd, &hdr);
}

static void write_and_event(int fd, int n)
{
	struct request r;
	struct header hdr;
	size_t len = build(&r, WRITE, KEY, VALUE, strlen(VALUE));
	int seen;

	while (n--) {
		put(fd, &r, len);
		for (seen = 0; seen < 2; seen++)
			get_message(fd, &hdr);
	}
}

/* --- Measuring ---------------------------------------------------------- */

static void measure(const char *path, void (*operation)(int fd, int n))
{
	int fd = connect_to(path);
	int64_t start;

	if (fd < 0) {
		printf(" %10s", "-");
		return;
	}
	if (operation == write_and_event)
		set_watch(fd);
	operation(fd, 96);
	start = now();
	operation(fd, ROUNDS);
	printf(" %10.1f", (double)(now() - start) / ROUNDS / 1000);
	fflush(stdout);
	close(fd);
}

static void eight(const char *path)
{
	int64_t start = now();
	int i, fd;

	for (i = 0; i < 8; i++) {
		if (fork())
			continue;
		fd = connect_to(path);
		if (fd < 0)
			die(path);
		one_at_a_time(fd, ROUNDS);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	printf(" %10.1f", (double)(now() - start) / ROUNDS / 8 / 1000);
	fflush(stdout);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Writes without reading until it is killed. */
static pid_t flooder(const char *path)
{
	struct request r;
	size_t len = build(&r, READ, KEY, "", 0);
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = connect_to(path);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (;;) {
		char sink[4096];

		if (write(fd, &r, len) < 0 && errno == EAGAIN)
			if (read(fd, sink, sizeof(sink)) < 0)
				usleep(100);
	}
}

/*
 * Has requests waiting on each of very many opens, until it is killed. It takes a
 * reply of each in turn: to poll all of them would cost more than they do.
 */
static void flood_by_many(const char *path, int ready)
{
	int i, fd[OPENS];
	struct request r;
	struct header hdr;
	size_t len = build(&r, READ, KEY, "", 0);

	for (i = 0; i < OPENS; i++)
		fd[i] = connect_to(path);
	for (i = 0; i < OPENS * EACH; i++)
		put(fd[i % OPENS], &r, len);
	put(ready, "", 1);
	for (i = 0;; i = (i + 1) % OPENS) {
		get_message(fd[i], &hdr);
		put(fd[i], &r, len);
	}
}

/* Returns when all its requests wait. */
static pid_t flooder_by_many(const char *path)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		die("pipe");
	pid = fork();
	if (!pid)
		flood_by_many(path, ready[1]);
	get(ready[0], &c, 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

/* One client's latency while others flood: median and worst */
static void latency(const char *path, int flooders, int opens)
{
	int64_t each[ROUNDS], start;
	pid_t pid[8];
	int i, fd = connect_to(path);

	for (i = 0; i < flooders; i++)
		pid[i] = opens > 1 ? flooder_by_many(path) : flooder(path);
	usleep(20000);
	one_at_a_time(fd, 16);
	for (i = 0; i < ROUNDS; i++) {
		start = now();
		one_at_a_time(fd, 1);
		each[i] = now() - start;
	}
	for (i = 0; i < flooders; i++) {
		kill(pid[i], 9);
		waitpid(pid[i], NULL, 0);
	}
	qsort(each, ROUNDS, sizeof(each[0]), by_value);
	printf(" %6.1f/%.1f", each[ROUNDS / 2] / 1000.0, each[ROUNDS - 1] / 1000.0);
	fflush(stdout);
	close(fd);
}

int main(void)
{
	static const struct {
		const char *name;
		void (*operation)(int fd, int n);
		int stock;	/* does the kernel's own file survive it? */
	} table[] = {
		{ "one at a time", one_at_a_time, 1 },
		{ "the same, writev", by_writev, 1 },
		{ "16 in flight, a write each", sixteen_writes, 1 },
		{ "16 in flight, one write", sixteen_at_once, 0 },
		{ "a write and its event", write_and_event, 1 },
	};
	static const struct {
		const char *name;
		int flooders, opens;	/* each of them has */
	} floods[] = {
		{ "alone", 0, 0 },
		{ "1 flooder", 1, 1 },
		{ "8 flooders", 8, 1 },
		{ "1 flooder with 100 opens", 1, OPENS },
	};
	static const char *const path[] = { "/proc/xen/xenbus", "/run/xenstored/socket",
					    "/dev/xen/xenbus" };
	struct header hdr;
	struct request r;
	unsigned int i, j;
	int fd = connect_to(path[0]);

	put(fd, &r, build(&r, WRITE, KEY, VALUE, strlen(VALUE)));
	get_message(fd, &hdr);
	close(fd);
	printf("1000 instructions an operation   %10s %10s %10s\n", "ours",
	       "socket", "stock");
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		printf("%-32s", table[i].name);
		for (j = 0; j < 3; j++)
			if (j < 2 || table[i].stock)
				measure(path[j], table[i].operation);
			else
				printf(" %10s", "loses");
		printf("\n");
	}
	printf("%-32s", "8 processes, one at a time");
	for (j = 0; j < 3; j++)
		eight(path[j]);
	printf("\nmedian/worst latency of one:\n");
	for (i = 0; i < sizeof(floods) / sizeof(floods[0]); i++) {
		printf("%-32s", floods[i].name);
		for (j = 0; j < 2; j++)
			latency(path[j], floods[i].flooders, floods[i].opens);
		printf("\n");
	}
	printf("ok 1 - done\n1..1\n");
	return 0;
}

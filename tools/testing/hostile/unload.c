// SPDX-License-Identifier: GPL-2.0
/*
 * The server is killed, and comes back; then the module goes and comes, over
 * and over, while others mount, open and use it. For that the server maps its
 * page by way of another module: by way of xenfs it would hold it for ever.
 * What is left is not the machine that it was: run this last.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hostile.h"

#define STOCK		"/dev/xen/xenbus"
#define WORKERS		4
#define ROUNDS		20

/* --- Without a server --------------------------------------------------- */

struct closer {
	struct client *c[3];
};

static void close_job(void *arg)
{
	struct closer *closer = arg;
	int i;

	for (i = 0; i < 3; i++)
		client_close(closer->c[i]);
}

static void reader_main(void)
{
	struct client *c = client_new();
	char byte;

	client_block(c, true);
	if (read(c->fd, &byte, 1) < 0)
		_exit(1);
	_exit(0);
}

static void in_vain(void)
{
	struct closer closer;
	struct client *c;
	struct job job;
	char buf[64];
	uint32_t tx;
	pid_t pid;
	int i;

	for (i = 0; i < 3; i++)
		closer.c[i] = client_new();
	call_watch(closer.c[0], XS_WATCH, KEY, "token");
	call_start(closer.c[1], &tx);
	pid = fork();
	if (pid == 0)
		reader_main();
	ok(sleeps_in(pid, SYS_read), "[I4] a reader sleeps");
	/* It stops first, so that it has not taken what is written now. */
	server_stop();
	for (i = 0; i < 3; i++)
		client_send(closer.c[i], XS_READ, 0, KEY, sizeof(KEY));
	ok(server_kill(), "[I4] the server is killed with requests in flight");

	kill(pid, SIGKILL);
	is(waitpid(pid, NULL, 0), pid, "[I4] the reader can be killed");
	job_start(&job, close_job, &closer);
	ok(job_join(&job, PATIENCE_MS), "[I4] close does not wait: requests, a watch, a transaction");
	c = client_new();
	is(read(c->fd, buf, 1) == -1 ? errno : 0, EAGAIN, "[R1] a new open has nothing to read");
	ok(poll_now(c->fd, POLLOUT) & POLLOUT, "[R3] and may write");
	ok(client_send(c, XS_READ, 0, KEY, sizeof(KEY)), "[W4] which is taken");
	ok(!poll_for(c->fd, POLLIN, 200), "[R3] no answer");
	ok(rmmod() != 0, "[I4] rmmod with all that: refused");

	is(umount2(MOUNT, MNT_DETACH), 0, "[I4] a lazy umount");
	ok(rmmod() != 0, "[I4] rmmod with an open, and requests in flight: refused");
	ok(mount_at(MOUNT), "[I4] mount");
	ok(server_start(), "[I4] a new server starts");
	/* It knows nothing of the old one's nodes. */
	ok(!client_reply(c, &(struct msg){ }), "[I4] and answers what was written before");
	client_close(c);
	/* Or it would be killed with requests that nobody answers any more. */
	if (!is_stock())
		ok(module_settles(), "[I4] and those that give back for what was closed");
}

/* A server that maps no page of xenfs */
static bool server_elsewhere(void)
{
	char port[16] = "";
	ssize_t len;
	int fd;

	fd = open(MOUNT "/xsd_port", O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, port, sizeof(port));
	close(fd);
	if (len <= 0 || !server_kill() || umount(MOUNT)) {
		diag("the server, or its mount, stays: %s", strerror(errno));
		return false;
	}
	if (!module_load("xsd") || mount("none", MOUNT, "tmpfs", 0, NULL)) {
		diag("no other page: %s", strerror(errno));
		return false;
	}
	fd = open(MOUNT "/xsd_port", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, port, len) != len)
		return false;
	close(fd);
	return !symlink("/dev/xsd_kva", MOUNT "/xsd_kva") && server_start();
}

/* --- The module goes and comes ------------------------------------------ */

struct shared {
	bool stop;
	long cycles, absent, answered, failed;
};

static struct shared *shared;
static const char watch[] = KEY "\0token";

static void add(long *count)
{
	__atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
}

static void answer(int err)
{
	if (err)
		diag("a request: %s", strerror(abs(err)));
	add(err ? &shared->failed : &shared->answered);
}

/* What an open may be doing when it is closed, and the module goes */
static void use(struct client *c, unsigned int how)
{
	char buf[64];

	switch (how % 8) {
	case 0:
		break;
	case 1:
		if (write(c->fd, buf, msg_string(buf, XS_READ, 1, 0, KEY) - 3) < 0)
			add(&shared->failed);
		break;
	case 2:
		answer(patient_string(c, XS_READ, 0, KEY, NULL));
		break;
	case 3:
		answer(patient_call(c, XS_WATCH, 0, watch, sizeof(watch), NULL));
		break;
	case 4:
		answer(patient_call(c, XS_TRANSACTION_START, 0, "", 1, NULL));
		break;
	case 5:	/* answered without the server; stock asks it, which is bad */
		if (!is_stock())
			answer(patient_string(c, XS_ERROR, 0, "", NULL) != ENOSYS);
		break;
	case 6:	/* answered while it is closed */
		if (!client_send(c, XS_READ, 0, KEY, sizeof(KEY)))
			add(&shared->failed);
		break;
	case 7:
		if (!client_send(c, XS_WATCH, 0, watch, sizeof(watch)))
			add(&shared->failed);
		break;
	}
}

static void worker_main(unsigned int number)
{
	char where[32], file[48];
	unsigned int n = number, seed = number + 1;
	struct client *c;
	int fd;

	snprintf(where, sizeof(where), "/tmp/mount-%u", number);
	snprintf(file, sizeof(file), "%s/xenbus", where);
	mkdir(where, 0700);
	for (; !__atomic_load_n(&shared->stop, __ATOMIC_RELAXED); n++) {
		usleep(rand_r(&seed) % 20000);
		if (!mount_at(where)) {
			add(&shared->absent);
			continue;
		}
		fd = open(file, O_RDWR | O_CLOEXEC);
		if (fd >= 0) {
			c = client_of(fd);
			use(c, n);
			/* The open outlives the mount, or not. */
			if (n & 1)
				umount2(where, MNT_DETACH);
			client_close(c);
		} else {
			add(&shared->failed);
		}
		umount2(where, MNT_DETACH);
		add(&shared->cycles);
	}
	_exit(0);
}

static void in_a_loop(void)
{
	long end, removed = 0, refused = 0, wrong = 0, ended = 0;
	pid_t pids[WORKERS];
	unsigned int i;
	int err;

	shared = shared_memory(sizeof(*shared));
	scene_begin_at(STOCK);
	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			worker_main(i);
	}
	end = now_ms() + scaled(6000, 60000);
	do {
		err = rmmod();
		refused += err == EWOULDBLOCK || err == EBUSY;
		wrong += err && err != EWOULDBLOCK && err != EBUSY;
		removed += !err;
		if (!err && !module_load("xenfs"))
			bail("the module does not load again: %s", strerror(errno));
		usleep(err ? 500 : 3000);
	} while (now_ms() < end || (!removed && now_ms() < end + PATIENCE_MS));
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < WORKERS; i++)
		ended += child_ends(pids[i]) == 0;
	diag("rmmod: %ld done, %ld refused; %ld opens, %ld mounts in vain, %ld requests",
	     removed, refused, shared->cycles, shared->absent, shared->answered);
	is(ended, WORKERS, "[I4] %d processes mount, open, close, umount", WORKERS);
	ok(removed > 0 && !wrong, "[I4] while rmmod works, or is refused");
	ok(shared->cycles > WORKERS && shared->answered > 0, "[I4] they got somewhere");
	is(shared->failed, 0, "[I4] and no request of theirs failed");
	scene_goes_on("[I1] after that");
	scene_end("rmmod in a loop");
}

/* It goes as soon as it can, whatever its last open had done. */
static bool at_once(unsigned int how)
{
	long end = now_ms() + PATIENCE_MS;
	struct client *c;
	int fd, err;

	if (!module_load("xenfs") || !mount_at("/tmp/mount"))
		return false;
	fd = open("/tmp/mount/xenbus", O_RDWR | O_CLOEXEC);
	umount2("/tmp/mount", MNT_DETACH);
	if (fd < 0)
		return false;
	c = client_of(fd);
	use(c, how);
	client_close(c);
	do {
		err = rmmod();
	} while (err && now_ms() < end);
	if (err)
		diag("after use %u: %s", how % 8, strerror(err));
	return !err;
}

static void straight_after(void)
{
	int good = 0;
	unsigned int i;

	rmmod();
	mkdir("/tmp/mount", 0700);
	scene_begin_at(STOCK);
	for (i = 0; i < ROUNDS; i++)
		good += at_once(i);
	is(good, ROUNDS, "[I4] rmmod as soon as the last open is closed");
	is(shared->failed, 0, "[I4] whose requests did not fail");
	scene_goes_on("[I1] after that");
	scene_end("rmmod at once");
}

/* --- The server does not answer what the module asks --------------------- */

static void rmmod_job(void *arg)
{
	int *err = arg;

	*err = rmmod();
}

/* The answer comes as somebody else writes. */
static void answer_domid(const struct msg *asked)
{
	struct client *other = client_open(STOCK);
	static struct msg m;

	pretend_send(XS_READ, asked, "0", 1);
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	ok(!client_reply(other, &m), "[I1] the server goes on");
	client_close(other);
}

/* After a resume it asks for the domain's number, and who removes it waits not. */
static void while_it_asks(void)
{
	static struct msg asked;
	static int err;
	struct job job;

	if (is_stock()) {
		skip("the stock module asks nothing", "[I4] rmmod while it asks the server");
		return;
	}
	if (!can_pretend("[I4] rmmod while it asks the server"))
		return;
	module_unload("kuser");
	if (!ok(module_load("xenfs"), "[I4] the module is there, and nobody uses it"))
		return;
	pretend_begin();
	ok(play_resume() && pretend_receive(&asked) && !strcmp(asked.body, "domid"),
	   "[T2] the domain is resumed: the module asks for its number");
	job_start(&job, rmmod_job, &err);
	if (ok(job_join(&job, DEADLINE_MS), "[I4] meanwhile, rmmod does not wait"))
		is(err, EWOULDBLOCK, "[I4] but is refused");
	answer_domid(&asked);
	ok(rmmod_within(PATIENCE_MS), "[I4] and works when that is answered");
}

/* In another domain it maps no page of ours, but can't be killed. */
static bool without_server(void)
{
	struct client *sock;

	if (server_is_remote()) {
		skip("the server is in another domain", "[I4] the server is killed");
		setenv("XENFS_SOCKET", elsewhere_path(), 1);
		return is(umount(MOUNT), 0, "[I4] umount");
	}
	if (!server_is_c()) {
		skip("the other server has other ways", "[I4] the server is killed");
		return false;
	}
	server_learn();
	/* The kernel's own watches don't outlive the server. */
	module_unload("kuser");
	in_vain();
	if (!server_elsewhere())
		bail("no server that does without xenfs");
	subtree("hostile");
	sock = client_open(socket_path());
	call_write(sock, 0, KEY, VALUE);
	client_close(sock);
	return ok(module_load("kuser"), "[I4] the kernel uses it");
}

int main(void)
{
	hostile_begin(scaled(240, 1500));
	if (!without_server())
		return tap_end();
	in_a_loop();
	straight_after();
	while_it_asks();
	module_unload("kuser");
	return tap_end();
}

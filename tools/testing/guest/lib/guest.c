// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "guest.h"
#include "tap.h"

#define PAGE	4096UL

void sleep_ms(int ms)
{
	usleep(ms * 1000);
}

char *fault_edge(size_t size)
{
	size_t len = (size + PAGE - 1) & ~(PAGE - 1);
	char *p = mmap(NULL, len + PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + len, PAGE, PROT_NONE))
		bail("mmap: %s", strerror(errno));
	return p + len - size;
}

char *fault_page(void)
{
	char *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	return p;
}

bool file_put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (!good)
		diag("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

static bool comm_is(const char *pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fgets(comm, sizeof(comm), f))
		comm[strcspn(comm, "\n")] = '\0';
	fclose(f);
	return !strcmp(comm, name);
}

pid_t pid_of(const char *name)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	pid_t pid = 0;

	while (dir && !pid && (d = readdir(dir)))
		if (atoi(d->d_name) > 1 && comm_is(d->d_name, name))
			pid = atoi(d->d_name);
	if (dir)
		closedir(dir);
	return pid;
}

/*
 * In a guest the server is far: whoever reads along on the console (XENFS_REMOTE)
 * obeys and says so. A line may be broken by the kernel's own: ask again.
 */
static bool remote_server(const char *command, const char *answer)
{
	const char *path = getenv("XENFS_REMOTE");
	char text[64], got[256];
	bool done = false;
	int fd, n, tries;

	if (!path)
		return false;
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	n = snprintf(text, sizeof(text), "\r\n@@server %s\r\n", command);
	for (tries = 0; fd >= 0 && !done && tries < 10; tries++) {
		if (write(fd, text, n) < 0 && errno != EAGAIN)
			break;
		while (!done && (poll_for(fd, POLLIN, 1000) & POLLIN)) {
			ssize_t len = read(fd, got, sizeof(got) - 1);

			if (len <= 0)
				break;
			got[len] = '\0';
			done = strstr(got, answer);
		}
	}
	if (fd >= 0)
		close(fd);
	return done;
}

pid_t server_pid(void)
{
	pid_t pid;

	if (server_is_remote())
		return 1;
	pid = pid_of("xenstored");
	return pid ? pid : pid_of("oxenstored");
}

static pid_t stopped;

static void server_release(void)
{
	if (stopped && !remote_server("continue", "continued"))
		kill(stopped, SIGCONT);
	stopped = 0;
}

bool server_stop(void)
{
	if (!tap_at_alarm)
		atexit(server_release);
	tap_at_alarm = server_release;
	stopped = server_pid();
	if (server_is_remote())
		return remote_server("stop", "stopped");
	return stopped && !kill(stopped, SIGSTOP);
}

void server_continue(void)
{
	server_release();
}

long server_count(const char *what, unsigned int domid)
{
	struct client *c = client_open(socket_path());
	char body[32], *line;
	long count = -1;
	struct msg m;
	int len;

	len = snprintf(body, sizeof(body), "quota%c%u", 0, domid) + 1;
	if (!call(c, XS_CONTROL, 0, body, len, &m)) {
		line = strstr(m.body, what);
		line = line ? strchr(line, ':') : NULL;
		if (line)
			count = atol(line + 1);
	}
	client_close(c);
	return count;
}

/* Makes SLUB count exactly: else it takes all of a slab in use for used. */
static void slab_shrink(const char *prefix)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		if (!file_put(path, "1"))
			bail("slabs can't be counted");
	}
	if (dir)
		closedir(dir);
}

long slab_bytes(const char *prefix)
{
	char line[256], name[64];
	long used, size, total = 0;
	FILE *f;

	slab_shrink(prefix);
	f = fopen("/proc/slabinfo", "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld %*d %ld", name, &used, &size) == 3 &&
		    !strncmp(name, prefix, strlen(prefix)))
			total += used * size;
	if (!f || !total)
		bail("/proc/slabinfo: %s", strerror(errno));
	fclose(f);
	return total;
}

static void *job_main(void *arg)
{
	struct job *job = arg;

	job->fn(job->arg);
	__atomic_store_n(&job->done, true, __ATOMIC_RELEASE);
	return NULL;
}

bool job_start(struct job *job, void (*fn)(void *arg), void *arg)
{
	job->fn = fn;
	job->arg = arg;
	job->done = false;
	return !pthread_create(&job->thread, NULL, job_main, job);
}

bool job_done(struct job *job, int timeout_ms)
{
	long end = now_ms() + timeout_ms;

	while (!__atomic_load_n(&job->done, __ATOMIC_ACQUIRE)) {
		if (now_ms() >= end)
			return false;
		sleep_ms(2);
	}
	return true;
}

bool job_join(struct job *job, int timeout_ms)
{
	if (!job_done(job, timeout_ms))
		return false;
	pthread_join(job->thread, NULL);
	return true;
}

bool lazy_page(struct lazy_page *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	page->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (page->uffd < 0 || ioctl(page->uffd, UFFDIO_API, &api))
		return false;
	page->addr = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page->addr == MAP_FAILED)
		return false;
	reg.range.start = (uintptr_t)page->addr;
	reg.range.len = PAGE;
	return !ioctl(page->uffd, UFFDIO_REGISTER, &reg);
}

bool lazy_wait(struct lazy_page *page, int timeout_ms)
{
	struct uffd_msg event;

	if (!(poll_for(page->uffd, POLLIN, timeout_ms) & POLLIN))
		return false;
	return read(page->uffd, &event, sizeof(event)) == sizeof(event);
}

void lazy_resolve(struct lazy_page *page, const void *data, size_t len)
{
	static char source[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page->addr,
		.src = (uintptr_t)source,
		.len = PAGE,
	};

	memset(source, 0, PAGE);
	if (len)
		memcpy(source, data, len);
	if (ioctl(page->uffd, UFFDIO_COPY, &copy))
		diag("UFFDIO_COPY: %s", strerror(errno));
	close(page->uffd);
}

int child_wait(pid_t pid, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > end) {
			kill(pid, SIGKILL);
			return -1;
		}
		sleep_ms(2);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

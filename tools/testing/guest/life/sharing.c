// SPDX-License-Identifier: GPL-2.0
/* Who may open it, and several that use one open, or many: I2, I5 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "job.h"
#include "life.h"
#include "process.h"
#include "tap.h"
#include "target.h"

static int as_nobody(int (*fn)(int fd), int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(65534) || setuid(65534))
			_exit(100);
		_exit(fn(fd));
	}
	return child_wait(pid, 2 * DEADLINE_MS);
}

static int try_open(int fd)
{
	(void)fd;
	return open(file_path(), O_RDWR) < 0 ? errno : 0;
}

static int try_call(int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	c->fd = fd;
	return call_string(c, XS_READ, 0, KEY, NULL) ? 1 : 0;
}

static void access_rights(void)
{
	struct client *c = client_new();
	struct stat st;

	if (is_socket()) {
		skip("of the file only", "[I5] rights");
	} else {
		stat(file_path(), &st);
		is(st.st_mode & 07777, 0600, "[I5] the file has mode 0600");
		is(st.st_uid, 0, "[I5] and belongs to root");
		is(as_nobody(try_open, -1), EACCES, "[I5] nobody can't open it");
	}
	is(as_nobody(try_call, c->fd), 0, "[I5] but may use a descriptor that it was given");
	client_close(c);
}

static void shared_by_fork(void)
{
	struct client *c = client_new();
	struct msg m;
	uint32_t tx;
	pid_t pid;

	call_watch(c, XS_WATCH, KEY, "t");
	client_event(c, &m, DEADLINE_MS);
	call_start(c, &tx);
	pid = fork();
	if (pid == 0) {
		c->next_id = 5000;
		_exit(!client_send(c, XS_READ, tx, KEY, sizeof(KEY)));
	}
	is(child_wait(pid, DEADLINE_MS), 0, "[I5] a child writes to the same open");
	ok(!client_reply(c, &m) && m.hdr.req_id == 5001 && !msg_error(&m),
	   "[I5] the parent reads the reply");
	is(call_end(c, tx, true), 0, "[I4] the child's end ends no transaction");
	call_write(c, 0, KEY, "value");
	ok(!client_event(c, &m, DEADLINE_MS), "[I4] and no watch");
	client_close(c);
}

#define EACH	60

struct writer {
	struct client *c;
	unsigned int first;
	bool bad;
};

static void write_keys(void *arg)
{
	struct writer *w = arg;
	char buf[256], path[64], value[32];
	unsigned int i;
	size_t len;

	for (i = w->first; i < w->first + EACH; i++) {
		snprintf(path, sizeof(path), ROOT "/threads/%u", i);
		snprintf(value, sizeof(value), "value-%u", i);
		len = msg_write_req(buf, i, 0, path, value);
		if (write(w->c->fd, buf, len) != (ssize_t)len)
			w->bad = true;
	}
}

static unsigned int thread_keys(void)
{
	struct client *c = client_open(socket_path());
	char path[64], value[32];
	unsigned int i, good = 0;
	struct msg m;

	for (i = 1000; i < 1000 + 2 * EACH; i++) {
		snprintf(path, sizeof(path), ROOT "/threads/%u", i);
		snprintf(value, sizeof(value), "value-%u", i);
		good += !call_string(c, XS_READ, 0, path, &m) &&
			!strcmp(m.body, value);
	}
	client_close(c);
	return good;
}

static void two_writers(void)
{
	struct client *c = client_new();
	struct writer w[2] = { { c, 1000, false }, { c, 1000 + EACH, false } };
	static bool seen[2 * EACH];
	unsigned int i, good = 0;
	struct job job[2];
	struct msg m;

	client_block(c, true);
	for (i = 0; i < 2; i++)
		job_start(&job[i], write_keys, &w[i]);
	for (i = 0; i < 2 * EACH; i++) {
		if (client_reply(c, &m))
			break;
		m.hdr.req_id -= 1000;
		if (m.hdr.type == XS_WRITE && m.hdr.req_id < 2 * EACH &&
		    !seen[m.hdr.req_id]) {
			seen[m.hdr.req_id] = true;
			good++;
		}
	}
	for (i = 0; i < 2; i++)
		if (!job_join(&job[i], DEADLINE_MS))
			bail("a writer hangs");
	ok(!w[0].bad && !w[1].bad, "[W1] two threads write to one open, a message a write()");
	is(good, 2 * EACH, "[W3] every request is answered, once");
	is(thread_keys(), 2 * EACH, "[W3] and did what it says");
	client_close(c);
}

struct summer {
	struct client *c;
	unsigned long sum, bytes;
};

static void read_sum(void *arg)
{
	struct summer *s = arg;
	unsigned char buf[13];
	ssize_t i, n;

	while (poll_for(s->c->fd, POLLIN, 500) & POLLIN) {
		n = read(s->c->fd, buf, sizeof(buf));
		for (i = 0; i < n; i++)
			s->sum += buf[i];
		s->bytes += n > 0 ? n : 0;
	}
}

static void two_readers(void)
{
	struct client *c = client_new();
	struct summer s[2] = { { c, 0, 0 }, { c, 0, 0 } };
	struct client *one = client_new();
	unsigned long sum = 0;
	unsigned int i, n = 50;
	unsigned char *byte;
	struct job job[2];
	struct msg m;
	char buf[128];

	/* The same request again and again: every reply is the same. */
	client_raw(one, buf, msg_string(buf, XS_READ, 7, 0, KEY));
	client_reply(one, &m);
	for (byte = (void *)&m; byte < (unsigned char *)m.body + m.hdr.len; byte++)
		sum += *byte;
	for (i = 0; i < 2; i++)
		job_start(&job[i], read_sum, &s[i]);
	for (i = 0; i < n; i++)
		client_raw(c, buf, msg_string(buf, XS_READ, 7, 0, KEY));
	for (i = 0; i < 2; i++)
		if (!job_join(&job[i], 3 * DEADLINE_MS))
			bail("a reader hangs");
	is(s[0].bytes + s[1].bytes, n * (HEADER + m.hdr.len),
	   "[R1] two threads read from one open: no byte is lost or doubled");
	is(s[0].sum + s[1].sum, n * sum, "[R1] nor changed");
	client_close(one);
	client_close(c);
}

static void many_opens(void)
{
	static struct client *c[150];
	unsigned int i, n = 150, good = 0;
	struct msg m;

	for (i = 0; i < n; i++) {
		c[i] = client_new();
		client_send(c[i], XS_READ, 0, KEY, sizeof(KEY));
	}
	for (i = 0; i < n; i++)
		good += !client_reply(c[i], &m) && !msg_error(&m);
	is(good, n, "[I2] %u opens with a request each", n);
	for (i = 0; i < n; i++)
		client_close(c[i]);
}

void sharing(void)
{
	access_rights();
	shared_by_fork();
	two_writers();
	two_readers();
	many_opens();
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "tap.h"

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

const char *file_path(void)
{
	return env("XENFS_FILE", "/proc/xen/xenbus");
}

const char *socket_path(void)
{
	return env("XENFS_SOCKET", "/run/xenstored/socket");
}

bool is_socket(void)
{
	struct stat st;

	return !stat(file_path(), &st) && S_ISSOCK(st.st_mode);
}

bool is_stock(void)
{
	return !is_socket() && !strcmp(env("XENFS_MODULE", "ours"), "stock");
}

bool server_is_c(void)
{
	return !strcmp(env("XENFS_SERVER", "xenstored"), "xenstored");
}

bool server_is_remote(void)
{
	return getenv("XENFS_REMOTE");
}

const char *elsewhere_path(void)
{
	return server_is_remote() ? env("XENFS_STOCK", "/dev/xen/xenbus") :
				    socket_path();
}

bool can_compare(const char *what)
{
	if (!server_is_remote())
		return true;
	skip("the server's socket is in another domain", "%s", what);
	return false;
}

const char *home_path(void)
{
	return env("XENFS_HOME", "/local/domain/0");
}

int deadline_ms(void)
{
	return 3000 * slow();
}

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int open_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

struct client *client_open(const char *path)
{
	struct client *c = calloc(1, sizeof(*c));
	struct stat st;

	if (!c || stat(path, &st))
		bail("cannot stat %s: %s", path, strerror(errno));
	c->next_id = 1000;
	if (S_ISSOCK(st.st_mode))
		c->fd = open_socket(path);
	else
		c->fd = open(path, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		bail("cannot open %s: %s", path, strerror(errno));
	client_block(c, false);
	return c;
}

struct client *client_new(void)
{
	return client_open(file_path());
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->events);
	free(c);
}

void client_block(struct client *c, bool block)
{
	int flags = fcntl(c->fd, F_GETFL);

	flags = block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	fcntl(c->fd, F_SETFL, flags);
}

size_t msg_build(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		 const void *body, size_t len)
{
	struct xs_header hdr = { type, req_id, tx_id, len };

	memcpy(buf, &hdr, HEADER);
	if (len)
		memcpy((char *)buf + HEADER, body, len);
	return HEADER + len;
}

size_t pair(char *body, const char *path, const char *value)
{
	size_t len = strlen(path) + 1;

	memcpy(body, path, len);
	memcpy(body + len, value, strlen(value));
	return len + strlen(value);
}

size_t msg_write_req(void *buf, uint32_t req_id, uint32_t tx_id,
		     const char *path, const char *value)
{
	char body[PAYLOAD_MAX];

	return msg_build(buf, XS_WRITE, req_id, tx_id, body,
			 pair(body, path, value));
}

size_t msg_string(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		  const char *string)
{
	return msg_build(buf, type, req_id, tx_id, string, strlen(string) + 1);
}

short poll_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	long end = now_ms() + timeout_ms;
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
		timeout_ms = end > now_ms() ? end - now_ms() : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0 ? p.revents : 0;
}

short poll_now(int fd, short events)
{
	return poll_for(fd, events, 0);
}

int client_raw(struct client *c, const void *buf, size_t len)
{
	long end = now_ms() + DEADLINE_MS;
	ssize_t n;

	while (len) {
		n = write(c->fd, buf, len);
		if (n > 0) {
			buf = (const char *)buf + n;
			len -= n;
			continue;
		}
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (now_ms() > end)
			return -ETIMEDOUT;
		poll_for(c->fd, POLLOUT, 50);
	}
	return 0;
}

uint32_t client_send(struct client *c, uint32_t type, uint32_t tx_id,
		     const void *body, size_t len)
{
	char buf[HEADER + PAYLOAD_MAX];
	uint32_t id = ++c->next_id;
	int err;

	err = client_raw(c, buf, msg_build(buf, type, id, tx_id, body, len));
	if (!err)
		return id;
	errno = -err;
	return 0;
}

static size_t first_len(const struct client *c)
{
	struct xs_header hdr;

	if (c->have < HEADER)
		return HEADER;
	memcpy(&hdr, c->in, HEADER);
	if (hdr.len > PAYLOAD_MAX) {
		diag("impossible length %u in a reply", hdr.len);
		return HEADER;
	}
	return HEADER + hdr.len;
}

static void take_first(struct client *c, struct msg *m)
{
	size_t len = first_len(c);

	memset(m, 0, HEADER);
	memcpy(m, c->in, len);
	m->body[len - HEADER] = '\0';
	c->have -= len;
	memmove(c->in, c->in + len, c->have);
}

/* Read what is there, waiting for it until the deadline. */
static int fill(struct client *c, long end)
{
	long left = end - now_ms();
	ssize_t n;

	if (!poll_for(c->fd, POLLIN, left > 0 ? left : 0))
		return -ETIMEDOUT;
	n = read(c->fd, c->in + c->have, sizeof(c->in) - c->have);
	if (n > 0) {
		c->have += n;
		return 0;
	}
	if (n == 0)
		return -EPIPE;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int client_recv(struct client *c, struct msg *m, int timeout_ms)
{
	long end = now_ms() + timeout_ms;
	int err;

	while (c->have < HEADER || c->have < first_len(c)) {
		err = fill(c, end);
		if (err)
			return err;
	}
	take_first(c, m);
	return 0;
}

static void keep_event(struct client *c, const struct msg *m)
{
	c->events = realloc(c->events, (c->nr_events + 1) * sizeof(*m));
	if (!c->events)
		bail("no memory for events");
	c->events[c->nr_events++] = *m;
}

int client_reply(struct client *c, struct msg *m)
{
	int err;

	for (;;) {
		err = client_recv(c, m, DEADLINE_MS);
		if (err || m->hdr.type != XS_WATCH_EVENT)
			return err;
		keep_event(c, m);
	}
}

int client_event(struct client *c, struct msg *m, int timeout_ms)
{
	int err;

	if (c->nr_events) {
		*m = c->events[0];
		c->nr_events--;
		memmove(c->events, c->events + 1, c->nr_events * sizeof(*m));
		return 0;
	}
	err = client_recv(c, m, timeout_ms);
	if (!err && m->hdr.type != XS_WATCH_EVENT)
		return -EPROTO;
	return err;
}

bool client_quiet(struct client *c)
{
	static struct msg m;

	if (c->nr_events || client_recv(c, &m, QUIET_MS) == 0)
		return false;
	return true;
}

static const struct {
	const char *name;
	int err;
} errors[] = {
	{ "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EEXIST", EEXIST },
	{ "EISDIR", EISDIR }, { "ENOENT", ENOENT }, { "ENOMEM", ENOMEM },
	{ "ENOSPC", ENOSPC }, { "EIO", EIO }, { "ENOTEMPTY", ENOTEMPTY },
	{ "ENOSYS", ENOSYS }, { "EROFS", EROFS }, { "EBUSY", EBUSY },
	{ "EAGAIN", EAGAIN }, { "EISCONN", EISCONN }, { "E2BIG", E2BIG },
	{ "EPERM", EPERM },
};

int msg_error(const struct msg *m)
{
	unsigned int i;

	if (m->hdr.type != XS_ERROR)
		return 0;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(errors[i].name, m->body))
			return errors[i].err;
	diag("a server error without a name: '%s'", m->body);
	return EPROTO;
}

int call_by(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	    size_t len, struct msg *reply,
	    int (*wait)(struct client *c, uint32_t req_id, struct msg *reply))
{
	static __thread struct msg scratch;
	uint32_t id = client_send(c, type, tx_id, body, len);
	int err;

	if (!id)
		return -errno;
	if (!reply)
		reply = &scratch;
	err = wait(c, id, reply);
	return err ? err : msg_error(reply);
}

static int next_reply(struct client *c, uint32_t req_id, struct msg *reply)
{
	int err = client_reply(c, reply);

	if (!err && reply->hdr.req_id != req_id) {
		diag("reply to request %u, expected %u", reply->hdr.req_id,
		     req_id);
		err = -EPROTO;
	}
	return err;
}

int call(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	 size_t len, struct msg *reply)
{
	return call_by(c, type, tx_id, body, len, reply, next_reply);
}

int call_string(struct client *c, uint32_t type, uint32_t tx_id,
		const char *string, struct msg *reply)
{
	return call(c, type, tx_id, string, strlen(string) + 1, reply);
}

int call_write(struct client *c, uint32_t tx_id, const char *path,
	       const char *value)
{
	char body[PAYLOAD_MAX];

	return call(c, XS_WRITE, tx_id, body, pair(body, path, value), NULL);
}

int call_watch(struct client *c, uint32_t type, const char *path,
	       const char *token)
{
	char body[PAYLOAD_MAX];
	size_t len = pair(body, path, token);

	body[len++] = '\0';
	return call(c, type, 0, body, len, NULL);
}

int call_start(struct client *c, uint32_t *tx_id)
{
	struct msg m;
	int err = call(c, XS_TRANSACTION_START, 0, "", 1, &m);

	*tx_id = err ? 0 : strtoul(m.body, NULL, 10);
	return err;
}

int call_end(struct client *c, uint32_t tx_id, bool commit)
{
	return call_string(c, XS_TRANSACTION_END, tx_id, commit ? "T" : "F",
			   NULL);
}

const char *event_path(const struct msg *m)
{
	return m->body;
}

const char *event_token(const struct msg *m)
{
	return m->body + strlen(m->body) + 1;
}

const char *peek(const char *path)
{
	static struct msg m;
	struct client *c = client_open(socket_path());
	int err = call_string(c, XS_READ, 0, path, &m);

	client_close(c);
	return err ? NULL : m.body;
}

bool server_alive(void)
{
	struct client *c = client_open(socket_path());
	int err = call_string(c, XS_DIRECTORY, 0, "/", NULL);

	client_close(c);
	if (err)
		diag("the server does not answer on its socket: %d", err);
	return err == 0;
}

static char root[64];

static void remove_subtree(void)
{
	struct client *c = client_open(socket_path());

	call_string(c, XS_RM, 0, root, NULL);
	client_close(c);
}

void subtree(const char *name)
{
	struct client *c = client_open(socket_path());
	int err;

	snprintf(root, sizeof(root), "/test/%s", name);
	call_string(c, XS_RM, 0, root, NULL);
	err = call_string(c, XS_MKDIR, 0, root, NULL);
	client_close(c);
	if (err)
		bail("cannot make %s: %d", root, err);
	atexit(remove_subtree);
}

// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "store.h"

/*
 * More save the server's and our own wake-ups; from 16 on that is spent, and what
 * others of this domain have to wait for is how much is there at all.
 */
#define WINDOW		16

struct header {
	uint32_t type, req_id, tx_id, len;
};

struct store {
	int fd;
	bool is_socket;
	unsigned int window;
	char out[WINDOW * (sizeof(struct header) + STORE_PAYLOAD_MAX)];
	size_t out_len;
	char in[64 * 1024 + 1];		/* room for a NUL behind the last body */
	size_t in_len, in_read;
	char spared;			/* what stood where the NUL is now */
	char *nul;
};

static int connect_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * The driver that comes with Linux mixes replies up when it has several requests of
 * one open. Ours tells what an open has, in fdinfo; that one has nothing to tell.
 */
static bool keeps_requests_apart(int fd)
{
	char path[64], line[256];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, "requests-in-flight:", 19);
	if (f)
		fclose(f);
	return found;
}

static bool try(struct store *s, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	s->is_socket = S_ISSOCK(st.st_mode);
	if (s->is_socket) {
		s->fd = connect_socket(path);
		s->window = WINDOW;
	} else {
		s->fd = open(path, O_RDWR | O_CLOEXEC);
		s->window = s->fd >= 0 && keeps_requests_apart(s->fd) ? WINDOW : 1;
	}
	return s->fd >= 0;
}

struct store *store_open(void)
{
	static const char *const paths[] = {
		"/run/xenstored/socket", "/proc/xen/xenbus", "/dev/xen/xenbus",
	};
	struct store *s = calloc(1, sizeof(*s));
	const char *path = getenv("XENSTORED_PATH");
	unsigned int i;

	if (!s)
		err(1, "memory");
	if (path) {
		if (!try(s, path))
			err(1, "%s", path);
		return s;
	}
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (try(s, paths[i]))
			return s;
	err(1, "no way to xenstore: neither the socket of xenstored nor the file: %s",
	    paths[i - 1]);
}

unsigned int store_window(const struct store *s)
{
	return s->window;
}

void store_request(struct store *s, enum store_type type, uint32_t id,
		   const char *path, const char *second)
{
	size_t first_len = strlen(path) + 1;
	size_t second_len = second ? strlen(second) + 1 : 0;
	struct header hdr = {
		.type = type, .req_id = id, .len = first_len + second_len,
	};

	if (s->out_len + sizeof(hdr) + hdr.len > sizeof(s->out))
		store_flush(s);
	if (hdr.len > STORE_PAYLOAD_MAX)
		errx(1, "a path of %zu bytes: %.40s...", first_len, path);
	memcpy(s->out + s->out_len, &hdr, sizeof(hdr));
	s->out_len += sizeof(hdr);
	memcpy(s->out + s->out_len, path, first_len);
	memcpy(s->out + s->out_len + first_len, second ?: "", second_len);
	s->out_len += hdr.len;
}

void store_flush(struct store *s)
{
	size_t done = 0;
	ssize_t n;

	while (done < s->out_len) {
		/* No SIGPIPE: that nobody reads any more has a message. */
		n = s->is_socket ?
			send(s->fd, s->out + done, s->out_len - done, MSG_NOSIGNAL) :
			write(s->fd, s->out + done, s->out_len - done);
		if (n < 0 && errno != EINTR)
			err(1, "a request could not be written");
		done += n > 0 ? n : 0;
	}
	s->out_len = 0;
}

static void read_more(struct store *s)
{
	ssize_t n;

	memmove(s->in, s->in + s->in_read, s->in_len - s->in_read);
	s->in_len -= s->in_read;
	s->in_read = 0;
	do
		n = read(s->fd, s->in + s->in_len, sizeof(s->in) - 1 - s->in_len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		err(1, "no reply could be read");
	if (n == 0)
		errx(1, "the connection to xenstore was closed");
	s->in_len += n;
}

const char *store_error(const char *name)
{
	static const struct {
		const char *name;
		int error;
	} errors[] = {
		{ "EACCES", EACCES }, { "EINVAL", EINVAL }, { "EIO", EIO },
		{ "ENOENT", ENOENT }, { "ENOMEM", ENOMEM }, { "EPERM", EPERM },
	};
	unsigned int i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(name, errors[i].name))
			return strerror(errors[i].error);
	return name;
}

void store_reply(struct store *s, struct reply *r)
{
	struct header hdr;

	if (s->nul)
		*s->nul = s->spared;
	while (s->in_len - s->in_read < sizeof(hdr))
		read_more(s);
	memcpy(&hdr, s->in + s->in_read, sizeof(hdr));
	if (hdr.len > STORE_PAYLOAD_MAX)
		errx(1, "a reply of %u bytes", hdr.len);
	while (s->in_len - s->in_read < sizeof(hdr) + hdr.len)
		read_more(s);
	r->id = hdr.req_id;
	r->body = s->in + s->in_read + sizeof(hdr);
	r->len = hdr.len;
	r->error = hdr.type == STORE_ERROR ? r->body : NULL;
	s->in_read += sizeof(hdr) + hdr.len;
	s->nul = s->in + s->in_read;
	s->spared = *s->nul;
	*s->nul = '\0';
}

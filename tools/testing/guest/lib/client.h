/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small xenstore client that can do wrong on purpose. It speaks over any of
 * the three ways to a server: our file, the stock driver's, the unix socket.
 *
 * Descriptors are non-blocking unless a test says otherwise, and everything
 * that waits has a deadline.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum xs_type {
	XS_CONTROL,
	XS_DIRECTORY,
	XS_READ,
	XS_GET_PERMS,
	XS_WATCH,
	XS_UNWATCH,
	XS_TRANSACTION_START,
	XS_TRANSACTION_END,
	XS_INTRODUCE,
	XS_RELEASE,
	XS_GET_DOMAIN_PATH,
	XS_WRITE,
	XS_MKDIR,
	XS_RM,
	XS_SET_PERMS,
	XS_WATCH_EVENT,
	XS_ERROR,
	XS_IS_DOMAIN_INTRODUCED,
	XS_RESUME,
	XS_SET_TARGET,
	XS_RESET_WATCHES = XS_SET_TARGET + 2,
	XS_DIRECTORY_PART,
};

#define PAYLOAD_MAX	4096
#define HEADER		sizeof(struct xs_header)

/* Long enough for a slow, emulated machine */
#define DEADLINE_MS	deadline_ms()
int deadline_ms(void);
/* How long to wait for something that must not come */
#define QUIET_MS	150

struct xs_header {
	uint32_t type;
	uint32_t req_id;
	uint32_t tx_id;
	uint32_t len;
};

struct msg {
	struct xs_header hdr;
	char body[PAYLOAD_MAX + 1];	/* a nul is added for the reader */
};

struct client {
	int fd;
	uint32_t next_id;
	char in[64 * 1024];		/* what was read and not yet parsed */
	size_t have;
	struct msg *events;		/* came while we waited for a reply */
	unsigned int nr_events;
};

/* The file under test, the server's socket */
const char *file_path(void);
const char *socket_path(void);
/* What is under test */
bool is_stock(void);
bool is_socket(void);
bool server_is_c(void);
/*
 * In a guest the server is far: socket_path() is there another way to our file,
 * and elsewhere_path(), which is not under test, the stock driver's.
 */
bool server_is_remote(void);
const char *elsewhere_path(void);
/* Is there a socket to compare with? If not, it says that it skips @what. */
bool can_compare(const char *what);
/* What the server adds to a relative path */
const char *home_path(void);

struct client *client_open(const char *path);
struct client *client_new(void);	/* opens file_path() */
void client_close(struct client *c);
void client_block(struct client *c, bool block);

/* Append a message to buf; returns its length. */
size_t msg_build(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		 const void *body, size_t len);
/* "path\0value" without a nul at the end; returns its length */
size_t pair(char *body, const char *path, const char *value);
size_t msg_write_req(void *buf, uint32_t req_id, uint32_t tx_id,
		     const char *path, const char *value);
size_t msg_string(void *buf, uint32_t type, uint32_t req_id, uint32_t tx_id,
		  const char *string);

/* Write everything, however small the pieces; 0 or -errno. */
int client_raw(struct client *c, const void *buf, size_t len);
/* Send one request; returns its req_id, 0 on failure (errno is set). */
uint32_t client_send(struct client *c, uint32_t type, uint32_t tx_id,
		     const void *body, size_t len);

/* The next message; 0, -ETIMEDOUT, -EPIPE at the end of file, or -errno. */
int client_recv(struct client *c, struct msg *m, int timeout_ms);
/* The next reply: events that come first are kept for client_event(). */
int client_reply(struct client *c, struct msg *m);
int client_event(struct client *c, struct msg *m, int timeout_ms);
/* True when nothing comes for a while */
bool client_quiet(struct client *c);

/* Send, and wait so; 0, the errno that the server named, or -errno. */
int call_by(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	    size_t len, struct msg *reply,
	    int (*wait)(struct client *c, uint32_t req_id, struct msg *reply));
/* Send and wait; 0, the errno that the server named, or -errno. */
int call(struct client *c, uint32_t type, uint32_t tx_id, const void *body,
	 size_t len, struct msg *reply);
int call_string(struct client *c, uint32_t type, uint32_t tx_id,
		const char *string, struct msg *reply);
int call_write(struct client *c, uint32_t tx_id, const char *path,
	       const char *value);
int call_watch(struct client *c, uint32_t type, const char *path,
	       const char *token);
int call_start(struct client *c, uint32_t *tx_id);
int call_end(struct client *c, uint32_t tx_id, bool commit);

/* The errno that an XS_ERROR names; 0 for any other reply */
int msg_error(const struct msg *m);
const char *event_path(const struct msg *m);
const char *event_token(const struct msg *m);

/* Ready for these events right now? */
short poll_now(int fd, short events);
short poll_for(int fd, short events, int timeout_ms);

/* Contents as the server's own socket tells it; NULL if there is none. */
const char *peek(const char *path);
bool server_alive(void);
/* Make /test/NAME afresh, and remove it at exit. */
void subtree(const char *name);

long now_ms(void);

#endif

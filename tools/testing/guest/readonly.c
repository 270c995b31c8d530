// SPDX-License-Identifier: GPL-2.0
/* The file xenbus_ro: to look and to watch, but to change nothing: I5 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "deadline.h"
#include "kernel.h"
#include "process.h"
#include "store.h"
#include "tap.h"
#include "target.h"

#define DIR	"/proc/xen"
#define FILE_RO	DIR "/xenbus_ro"
#define ROOT	"/test/readonly"
#define KEY	ROOT "/key"
#define GROUP	1001

#define BODY(b)	(b), sizeof(b)

static const struct request {
	const char *name;
	uint32_t type;
	const char *body;
	size_t len;
} changing[] = {
	{ "WRITE", XS_WRITE, BODY(KEY "\0other") },
	{ "MKDIR", XS_MKDIR, BODY(ROOT "/new") },
	{ "RM", XS_RM, BODY(KEY) },
	{ "SET_PERMS", XS_SET_PERMS, BODY(KEY "\0n0\0b1") },
	{ "INTRODUCE", XS_INTRODUCE, BODY("7\0001\0001") },
	{ "RELEASE", XS_RELEASE, BODY("7") },
	{ "RESUME", XS_RESUME, BODY("7") },
	{ "SET_TARGET", XS_SET_TARGET, BODY("7\0008") },
	{ "CONTROL", XS_CONTROL, BODY("check") },
	{ "a type that is not known", 99, BODY(KEY) },
	{ "a WRITE that breaks the syntax", XS_WRITE, "x", 1 },
}, looking[] = {
	{ "DIRECTORY", XS_DIRECTORY, BODY(ROOT) },
	{ "READ", XS_READ, BODY(KEY) },
	{ "GET_PERMS", XS_GET_PERMS, BODY(KEY) },
	{ "GET_DOMAIN_PATH", XS_GET_DOMAIN_PATH, BODY("0") },
	{ "IS_DOMAIN_INTRODUCED", XS_IS_DOMAIN_INTRODUCED, BODY("0") },
	{ "DIRECTORY_PART", XS_DIRECTORY_PART, BODY(ROOT "\0000") },
};

/* What another open of the file proper is told; not each server knows the last one. */
static int on_xenbus(const struct request *r)
{
	struct client *c = client_new();
	struct msg m;
	int err = call(c, r->type, 0, r->body, r->len, &m);

	client_close(c);
	return err == ENOSYS && r->type == XS_DIRECTORY_PART ? err : 0;
}

static void requests(void)
{
	struct client *c = client_open(FILE_RO);
	const struct request *r;
	struct msg m;
	unsigned int i;

	for (i = 0; i < sizeof(looking) / sizeof(looking[0]); i++) {
		r = &looking[i];
		is(call(c, r->type, 0, r->body, r->len, &m), on_xenbus(r), "[I5] %s",
		   r->name);
	}
	for (i = 0; i < sizeof(changing) / sizeof(changing[0]); i++) {
		r = &changing[i];
		is(call(c, r->type, 0, r->body, r->len, &m), EACCES,
		   "[I5] %s: EACCES", r->name);
	}
	is(call(c, XS_ERROR, 0, BODY("x"), &m), ENOSYS, "[I5] ERROR: ENOSYS, as ever");
	is(call(c, XS_READ, 0, "x", 1, &m), EINVAL, "[I5] a bad READ: EINVAL");
	is_str(peek(KEY), "value", "[I5] what is there is as it was");
	ok(!peek(ROOT "/new"), "[I5] nothing is new");
	client_close(c);
}

/* READ, WRITE, READ in one piece are answered in that order. */
static void in_order(void)
{
	struct client *c = client_open(FILE_RO);
	char buf[512];
	struct msg m;
	size_t len;

	len = msg_string(buf, XS_READ, 1, 0, KEY);
	len += msg_write_req(buf + len, 2, 0, KEY, "other");
	len += msg_string(buf + len, XS_READ, 3, 0, KEY);
	is(client_raw(c, buf, len), 0, "[I5] READ, WRITE, READ in one write()");
	ok(!client_reply(c, &m) && m.hdr.req_id == 1 && !msg_error(&m), "[W3] the first's answer");
	ok(!client_reply(c, &m) && m.hdr.req_id == 2 && msg_error(&m) == EACCES,
	   "[I5, W3] EACCES in its place");
	ok(!client_reply(c, &m) && m.hdr.req_id == 3 && !strcmp(m.body, "value"),
	   "[I5, W3] the last one's, nothing having changed");
	client_close(c);
}

static void watches(void)
{
	struct client *c = client_open(FILE_RO), *socket = client_open(socket_path());
	struct msg m;

	is(call_watch(c, XS_WATCH, KEY, "token"), 0, "[I5] WATCH");
	is(client_event(c, &m, DEADLINE_MS), 0, "[E1] its first event");
	call_write(socket, 0, KEY, "value");
	ok(!client_event(c, &m, DEADLINE_MS) && !strcmp(event_path(&m), KEY),
	   "[I5, E1] another writes: an event");
	is(call_watch(c, XS_UNWATCH, KEY, "token"), 0, "[I5] UNWATCH");
	is(call(c, XS_RESET_WATCHES, 0, "", 1, &m), 0, "[I5] RESET_WATCHES");
	client_close(socket);
	client_close(c);
}

static void transactions(void)
{
	struct client *c = client_open(FILE_RO);
	struct msg m;
	uint32_t tx = 0;

	is(call_start(c, &tx), 0, "[I5] START");
	is(call_string(c, XS_READ, tx, KEY, &m), 0, "[I5] READ in it");
	is(call_write(c, tx, KEY, "other"), EACCES, "[I5] WRITE in it: EACCES");
	is(call_end(c, tx, true), 0, "[I5] END T");
	is(call_write(c, tx, KEY, "other"), ENOENT, "[T1] WRITE when it has ended: ENOENT");
	is_str(peek(KEY), "value", "[I5] what is there is as it was");
	client_close(c);
}

/* Exit status: a bit for each thing that is not as it should be */
static int as_member(void)
{
	const gid_t groups[] = { GROUP };
	struct client *c;
	int bad = 0;

	if (setgroups(1, groups) || setgid(1000) || setuid(1000))
		return 1;
	if (open(DIR "/xenbus", O_RDWR) >= 0 || errno != EACCES)
		bad |= 2;
	c = client_open(FILE_RO);
	if (call_string(c, XS_READ, 0, KEY, NULL))
		bad |= 4;
	if (call_write(c, 0, KEY, "other") != EACCES)
		bad |= 8;
	return bad;
}

static bool mounted_with(const char *option)
{
	char line[512];
	bool found = false;
	FILE *f = fopen("/proc/mounts", "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " " DIR " xenfs ") && strstr(line, option);
	if (f)
		fclose(f);
	return found;
}

static void member_of_group(void)
{
	pid_t pid;

	is(mount("none", DIR, NULL, MS_REMOUNT, "gid=1001,mode=0600,ro_mode=0660"), 0,
	   "[F2] remount with gid=1001,mode=0600,ro_mode=0660");
	ok(mounted_with("gid=1001") && mounted_with("ro_mode=660"), "[F2] /proc/mounts says so");
	pid = fork();
	if (pid == 0)
		_exit(as_member());
	is(child_wait(pid, DEADLINE_MS), 0,
	   "[I5] a member of the group can't open xenbus; by xenbus_ro it can READ, not WRITE");
	is_str(peek(KEY), "value", "[I5] what is there is as it was");
	is(mount("none", DIR, NULL, MS_REMOUNT, "gid=0,ro_mode=0600"), 0, "[F2] remount as before");
	ok(!mounted_with("ro_mode"), "[F2] /proc/mounts says so");
}

/* Its options are shown for a mount whose root is a file, too. */
static void bound(void)
{
	close(open("/tmp/bound", O_CREAT | O_RDWR, 0600));
	is(mount(FILE_RO, "/tmp/bound", NULL, MS_BIND, NULL), 0, "[F2] mount --bind of the file");
	ok(!mounted_with("ro_mode"), "[F2] /proc/mounts shows both mounts");
	is(umount("/tmp/bound"), 0, "[F2] umount");
	unlink("/tmp/bound");
}

int main(void)
{
	struct client *socket;

	tap_begin(60);
	if (is_stock() || is_socket()) {
		skip("it has no such file", "[I5] xenbus_ro");
		return tap_end();
	}
	subtree("readonly");
	socket = client_open(socket_path());
	call_write(socket, 0, KEY, "value");
	client_close(socket);
	requests();
	in_order();
	watches();
	transactions();
	member_of_group();
	bound();
	return tap_end();
}

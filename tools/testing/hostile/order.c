// SPDX-License-Identifier: GPL-2.0
/*
 * A server that does not answer in order, and events between: E2, E5, W3. What is
 * read of an open is its replies in the order of its requests, and each event
 * behind the replies that came before it. Nobody waits for who has no reply: I2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

#define WATCHED	ROOT "/order"
#define READS	3

/* The watch's token at the server, which is not the client's */
static char token[64];

/* The WATCH is the last thing that was written to the ring. */
static bool find_token(void)
{
	static const char path[] = WATCHED;
	char past[1024 + 1], *p;

	pretend_past(past);
	past[1024] = '\0';
	p = memmem(past, 1024, path, sizeof(path));
	if (p)
		snprintf(token, sizeof(token), "%s", p + sizeof(path));
	return p && token[0];
}

static void send_event(void)
{
	char body[128];

	pretend_send(XS_WATCH_EVENT, NULL, body,
		     snprintf(body, sizeof(body), WATCHED "%c%s", 0, token) + 1);
}

/* As a script says: a digit is the reply to that READ, 'e' an event. */
static void serve(const char *script, const struct msg *requests)
{
	for (; *script; script++)
		if (*script == 'e')
			send_event();
		else
			pretend_send(XS_READ, &requests[*script - '0'], script, 1);
}

/* What is read, in the same letters */
static void read_all(struct client *c, char *got, size_t n)
{
	static struct msg m;

	for (; n && !client_recv(c, &m, PATIENCE_MS); n--)
		*got++ = m.hdr.type == XS_WATCH_EVENT ? 'e' :
			 m.hdr.type == XS_READ && m.hdr.len == 1 ? m.body[0] : '?';
	*got = '\0';
}

/* Three READs, which are answered so; what is read then */
static void scripted(struct client *c, struct client *other, const char *script,
		     const char *want, const char *what)
{
	static struct msg requests[READS];
	char got[16] = "";
	int i, came = 0;

	pretend_begin();
	for (i = 0; i < READS; i++)
		client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	/* The third comes when two others have no reply: at most two are sent. */
	for (i = 0; i < READS - 1; i++)
		came += pretend_receive(&requests[i]);
	is(came, READS - 1, "[W3] %s: READs reach the server", what);
	serve(script, requests);
	pretend_goes_on(other, what);
	read_all(c, got, strlen(want));
	is_str(got, want, "[E5, E2, W3] %s", what);
}

/* A process that sends one READ; 0 if that is answered well */
static pid_t one_who_reads(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(patient_string(client_new(), XS_READ, 0, KEY, NULL) != 0);
	return pid;
}

/*
 * Two requests are not answered, though what came after them is: as if a server had
 * been killed. An open of the same process waits for its turn meanwhile.
 */
static void left_behind(struct client *other)
{
	static struct msg lost[READS], m;
	struct client *first = client_new(), *second = client_new();
	char got[4] = "";
	int i, came = 0;
	pid_t reader;

	/* Beside him a process has two at the server. */
	is(child_wait(one_who_reads(), PATIENCE_MS), 0, "[I2] a process reads");
	pretend_begin();
	for (i = 0; i < READS; i++)
		client_send(first, XS_READ, 0, KEY, sizeof(KEY));
	client_send(second, XS_READ, 0, KEY, sizeof(KEY));
	for (i = 0; i < READS - 1; i++)
		came += pretend_receive(&lost[i]);
	is(came, READS - 1, "[I2] another has two requests at the server");
	reader = one_who_reads();
	ok(pretend_receive(&m), "[I2] then he reads again");
	pretend_send(XS_READ, &m, "r", 1);
	pretend_goes_on(other, "left behind");
	is(child_wait(reader, PATIENCE_MS), 0, "[I2] and is answered first");
	ok(!client_recv(second, &m, PATIENCE_MS) && !msg_error(&m),
	   "[I2] who waits behind the two has his turn, though they have no reply");

	pretend_begin();
	for (i = 0; i < READS - 1; i++)
		pretend_send(XS_READ, &lost[i], "01" + i, 1);
	pretend_goes_on(other, "late replies");
	read_all(first, got, READS - 1);
	is_str(got, "01", "[W3] late replies come, in order");
	ok(!client_recv(first, &m, PATIENCE_MS) && !msg_error(&m), "[W3] and the one behind them");
	client_close(first);
	client_close(second);
}

int main(void)
{
	struct client *c, *other;
	static struct msg m;

	hostile_begin(120);
	if (!can_pretend("[E5] a server without order"))
		return tap_end();
	module_unload("kuser");
	c = client_new();
	/* By the kernel's own door: ours lets a client have two at the server. */
	other = client_open(stock_path());
	is(call_watch(c, XS_WATCH, WATCHED, "t"), 0, "[E1] WATCH");
	is(client_event(c, &m, PATIENCE_MS), 0, "[E2] and its event");
	pretend_begin();
	if (!find_token())
		bail("the watch's token is not on the ring");
	pretend_end();
	diag("the token at the server: %s", token);
	scripted(c, other, "10e", "01e?", "an event behind both replies");
	scripted(c, other, "1e0", "01e?", "an event between, as they came out of order");
	scripted(c, other, "e10", "e01?", "an event before both");
	scripted(c, other, "0e1", "0e1?", "an event between, in order");
	client_close(c);
	if (!is_stock())
		left_behind(other);
	client_close(other);
	ok(server_alive(), "[I4] the server lives");
	return tap_end();
}

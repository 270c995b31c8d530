// SPDX-License-Identifier: GPL-2.0
/*
 * What a server had taken that was killed is never answered, and nobody tells the
 * kernel: others go on all the same, those too who may have one request at the server
 * and have it there, and who needs what was asked: I2, E1. And what is in flight of who
 * has closed is his.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile.h"

#define WATCHED	ROOT "/forsaken"
#define OPENS	8

/* Both sides wait for the other one's next step. */
enum step { NOTHING, READY, SEND, ASK };
static volatile enum step *step;

static struct msg reply;

static void await(enum step wanted)
{
	while (*step < wanted)
		sleep_ms(2);
}

static bool reads(struct client *c)
{
	return !patient_string(c, XS_READ, 0, KEY, NULL);
}

/* A process that waits for each answer, and then has a request that has none */
static int other_main(void)
{
	struct client *c = client_new();

	if (!reads(c))
		return 1;
	*step = READY;
	await(SEND);
	client_send(c, XS_READ, 0, KEY, sizeof(KEY));
	await(ASK);
	return reads(client_new()) ? 0 : 2;
}

/* The late answers to what was forsaken, so that nothing of it is left */
static void answer_late(struct client *other, const struct msg *lost, int n)
{
	pretend_begin();
	while (n--)
		pretend_send(XS_READ, lost++, "0", 1);
	pretend_goes_on(other, "late");
}

/*
 * Beside another who waits for each answer, either may have one there. Both have one
 * that is never answered, and nobody else sends anything.
 */
static void nobody_else(struct client *other)
{
	struct client *first = client_new(), *second = client_new();
	static struct msg lost[2];
	pid_t pid = fork();
	int came;

	if (pid == 0)
		_exit(other_main());
	await(READY);
	ok(reads(first), "[I2] two processes, one request at a time");
	pretend_begin();
	client_send(first, XS_READ, 0, KEY, sizeof(KEY));
	came = pretend_receive(&lost[0]);
	*step = SEND;
	came += pretend_receive(&lost[1]);
	is(came, 2, "[I2] each has one at the server, which will not answer them");
	pretend_goes_on(other, "nobody else");
	*step = ASK;
	ok(reads(second), "[I2] one opens it anew, and is answered");
	is(child_wait(pid, PATIENCE_MS), 0, "[I2] so does, and is, the other");
	answer_late(other, lost, 2);
	client_close(first);
	client_close(second);
}

/* The same of those who want nothing but a WATCH: nothing overtakes that question. */
static void only_watches(struct client *other)
{
	struct client *first = client_new(), *second = client_new();
	static struct msg lost;
	char body[64];
	size_t len = pair(body, WATCHED, "t") + 1;
	uint32_t id;

	body[len - 1] = '\0';
	pretend_begin();
	id = client_send(first, XS_WATCH, 0, body, len);
	ok(pretend_receive(&lost) && lost.hdr.type == XS_READ,
	   "[E1] a WATCH asks for the server");
	pretend_goes_on(other, "only watches");
	is(patient_call(second, XS_WATCH, 0, body, len, NULL), 0,
	   "[E1] another WATCH is answered, though that is not");
	ok(!reply_to(first, id, &reply), "[E1] so is the first one");
	answer_late(other, &lost, 1);
	client_close(first);
	client_close(second);
}

/* The first WATCH of all has the server asked whether it is there. */
static void first_watch(struct client *other)
{
	struct client *first = client_new(), *second = client_new();
	static struct msg lost, m;
	char body[64];
	size_t len = pair(body, WATCHED, "t") + 1;

	body[len - 1] = '\0';
	pretend_begin();
	client_send(first, XS_WATCH, 0, body, len);
	ok(pretend_receive(&lost) && lost.hdr.type == XS_READ,
	   "[E1] the first WATCH asks for the server");
	pretend_goes_on(other, "first watch");
	ok(reads(second), "[I2] which answers others, and not that");
	ok(!client_recv(first, &m, PATIENCE_MS) && m.hdr.type == XS_WATCH,
	   "[E1] the WATCH is answered all the same");
	is(patient_call(second, XS_WATCH, 0, body, len, NULL), 0, "[E1] so is the next one");
	answer_late(other, &lost, 1);
	client_close(first);
	client_close(second);
}

/* To open, write one and close is no way to have more at the server. */
static void closed_in_flight(struct client *other)
{
	static struct msg taken[OPENS + 1], m;
	struct client *c, *reader;
	int i, came = 0;
	pid_t pid;

	reader = client_new();
	ok(reads(reader) && reads(reader), "[I2] who waits for each answer");
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < OPENS; i++) {
			await(SEND);
			c = client_new();
			client_send(c, XS_READ, 0, KEY, sizeof(KEY));
			client_close(c);
		}
		*step = ASK;
		_exit(0);
	}
	pretend_begin();
	*step = SEND;
	await(ASK);
	while (came < OPENS && pretend_has_request())
		came += pretend_receive(&taken[came]);
	is(came, 2, "[I2] beside him, who opens, writes one and closes, %d times, has two there",
	   OPENS);
	client_send(reader, XS_READ, 0, KEY, sizeof(KEY));
	ok(pretend_receive(&taken[came]), "[I2] he has his behind them");
	for (i = 0; i <= came; i++)
		pretend_send(XS_READ, &taken[i], VALUE, strlen(VALUE));
	pretend_goes_on(other, "closed in flight");
	ok(!client_recv(reader, &m, PATIENCE_MS) && !msg_error(&m), "[I2] and is answered");
	child_wait(pid, PATIENCE_MS);
	client_close(reader);
}

int main(void)
{
	struct client *other;

	hostile_begin(240);
	if (is_stock() || !can_pretend("[I2] a server that was killed")) {
		if (is_stock())
			skip("it has no turns", "[I2] a server that was killed");
		return tap_end();
	}
	module_unload("kuser");
	step = mmap(NULL, sizeof(*step), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	if (step == MAP_FAILED)
		bail("mmap: %m");
	/* By the kernel's own door: what is sent there has no turn. */
	other = client_open(stock_path());
	nobody_else(other);
	*step = NOTHING;
	only_watches(other);
	first_watch(other);
	closed_in_flight(other);
	client_close(other);
	ok(server_alive(), "[I4] the server lives");
	return tap_end();
}

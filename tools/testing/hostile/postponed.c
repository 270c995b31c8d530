// SPDX-License-Identifier: GPL-2.0
/*
 * A server that answers a START long after what was written behind it, as xenstored
 * does while a live update is pending: T1, W3, I5. And a START that is answered with a
 * number that is none.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

/* Longer than the module looks for replies that don't come */
#define POSTPONED_S	5

static struct msg reply;

/* The server has the next request, of this type. */
static void receive(struct msg *m, uint32_t type)
{
	if (!pretend_receive(m) || m->hdr.type != type)
		bail("a request of type %u does not come", type);
}

/* Whoever writes a request has the kernel look for what was sent before. */
static bool others_go_on(struct client *other)
{
	struct msg m;

	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	receive(&m, XS_READ);
	pretend_send(XS_READ, &m, "r", 1);
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	receive(&m, XS_READ);
	pretend_send(XS_READ, &m, "r", 1);
	return !client_recv(other, &reply, PATIENCE_MS) && !msg_error(&reply);
}

static void gets(struct client *c, uint32_t req_id, const char *id)
{
	is(reply_to(c, req_id, &reply), 0, "[W3] the START of %s is answered", id);
	is_str(msg_error(&reply) ? NULL : reply.body, id, "[T1, I5] with its own number");
}

/* The server agrees. */
static void ends(struct client *c, struct client *other, const char *id)
{
	struct msg m;
	uint32_t req_id;

	req_id = client_send(c, XS_TRANSACTION_END, atoi(id), "T", 2);
	receive(&m, XS_TRANSACTION_END);
	is(m.hdr.tx_id, atoi(id), "[T1] %s can be ended", id);
	pretend_send(XS_TRANSACTION_END, &m, "OK", 3);
	others_go_on(other);
	is(reply_to(c, req_id, &reply), 0, "[T1] and is");
}

static void postponed(struct client *other)
{
	struct client *first = client_new(), *second = client_new();
	uint32_t first_id, second_id;
	struct msg start, later;
	int i, good = 0;

	pretend_begin();
	first_id = client_send(first, XS_TRANSACTION_START, 0, "", 1);
	receive(&start, XS_TRANSACTION_START);
	for (i = 0; i < POSTPONED_S; i++) {
		good += others_go_on(other);
		sleep_ms(1000);
	}
	is(good, POSTPONED_S, "[I1] a START is postponed: others go on");
	ok(client_quiet(first), "[T1] it is not answered in the server's place");
	second_id = client_send(second, XS_TRANSACTION_START, 0, "", 1);
	receive(&later, XS_TRANSACTION_START);
	pretend_send(XS_TRANSACTION_START, &start, "77", 3);
	pretend_send(XS_TRANSACTION_START, &later, "78", 3);
	others_go_on(other);
	gets(first, first_id, "77");
	gets(second, second_id, "78");
	ends(first, other, "77");
	ends(second, other, "78");
	pretend_goes_on(other, "afterwards");
	client_close(first);
	client_close(second);
}

/* The open is closed before the answer comes. */
static void closed(struct client *other)
{
	struct client *c = client_new();
	struct msg start, end;
	int i;

	pretend_begin();
	client_send(c, XS_TRANSACTION_START, 0, "", 1);
	receive(&start, XS_TRANSACTION_START);
	client_close(c);
	for (i = 0; i < POSTPONED_S; i++) {
		others_go_on(other);
		sleep_ms(1000);
	}
	pretend_send(XS_TRANSACTION_START, &start, "79", 3);
	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	receive(&end, XS_READ);
	pretend_send(XS_READ, &end, "r", 1);
	receive(&end, XS_TRANSACTION_END);
	ok(end.hdr.tx_id == 79 && end.body[0] == 'F',
	   "[T1] its open was closed meanwhile: it is aborted");
	pretend_send(XS_TRANSACTION_END, &end, "OK", 3);
	pretend_goes_on(other, "aborted");
}

/*
 * The core takes it for one that was started, so there is nothing to be made good for,
 * by one that the core starts itself.
 */
static void number_that_is_none(struct client *other)
{
	struct client *c = client_new();
	uint32_t req_id;
	struct msg m;

	pretend_begin();
	req_id = client_send(c, XS_TRANSACTION_START, 0, "", 1);
	receive(&m, XS_TRANSACTION_START);
	pretend_send(XS_TRANSACTION_START, &m, "0", 2);
	others_go_on(other);
	is(reply_to(c, req_id, &reply), 0, "[T1] a START that is answered with 0");
	is(msg_error(&reply), EIO, "[T1] has failed");
	sleep_ms(QUIET_MS);
	ok(!pretend_has_request(), "[I2] and the core has nothing to do with it");
	pretend_goes_on(other, "a number that is none");
	client_close(c);
}

int main(void)
{
	struct client *other;

	hostile_begin(120);
	if (!can_pretend("[T1] a START that is postponed"))
		return tap_end();
	server_learn();
	/* So few that what is given up is soon another's */
	if (!is_stock() && !reload("slots=4"))
		bail("the module does not load again");
	module_unload("kuser");
	other = client_new();
	postponed(other);
	closed(other);
	number_that_is_none(other);
	client_close(other);
	ok(server_alive(), "[I1] the server lives");
	if (!is_stock())
		ok(reload(""), "[I4] the module goes, and comes back");
	module_unload("kuser");
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A server that answers START with what is no number. The kernel's core warns of
 * that and never hands the answer on; but the open gets one, and the module, which
 * has two slots here for all that it sends, gets its slot back: I4.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hostile.h"

#define SLOTS	2

/* One more than could be lost */
#define TIMES	(SLOTS + 1)

/* The server, for one START. The kernel looks when the next request is there. */
static uint32_t start_broken(struct client *c)
{
	static const char garbage[] = "none";
	static struct msg m;
	uint32_t id;

	pretend_begin();
	id = client_send(c, XS_TRANSACTION_START, 0, "", 1);
	if (!pretend_receive(&m) || m.hdr.type != XS_TRANSACTION_START)
		bail("the START does not come");
	expect_warning("xenbus_dev_queue_reply");
	pretend_send(XS_TRANSACTION_START, &m, garbage, sizeof(garbage));
	return id;
}

static void broken(struct client *c, struct client *other, int time)
{
	static struct msg m;
	uint32_t id = start_broken(c);

	client_send(other, XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	ok(!client_recv(other, &m, PATIENCE_MS) && !msg_error(&m),
	   "[I1] START %d is answered with garbage: others go on", time);
	if (!ok(!client_recv(c, &m, PATIENCE_MS) && m.hdr.req_id == id,
		"[I4] START %d: the open gets an answer", time))
		return;
	is(msg_error(&m), EIO, "[I4] START %d: EIO", time);
	is(patient_string(c, XS_READ, 0, KEY, &m), 0, "[I4] START %d: the open goes on",
	   time);
	is(held(getpid(), c->fd, "transactions"), 0, "[T1] START %d: it has none", time);
}

/* As many as there are slots are at the server at once. */
static void all_slots(void)
{
	struct client *clients[SLOTS];
	static struct msg m;
	int i, came = 0;

	pretend_begin();
	for (i = 0; i < SLOTS; i++) {
		clients[i] = client_new();
		client_send(clients[i], XS_READ, 0, KEY, sizeof(KEY));
		came += pretend_receive(&m);
		pretend_send(XS_READ, &m, VALUE, strlen(VALUE));
	}
	is(came, SLOTS, "[I4] all slots are there to send by");
	client_send(clients[0], XS_READ, 0, KEY, sizeof(KEY));
	pretend_end();
	for (i = 0; i < SLOTS; i++) {
		is(client_recv(clients[i], &m, PATIENCE_MS), 0, "[W3] and it is answered");
		client_close(clients[i]);
	}
}

int main(void)
{
	struct client *c, *other;
	int i;

	hostile_begin(120);
	if (!can_pretend("[I4] a START answered with garbage"))
		return tap_end();
	server_learn();
	if (!is_stock() && !reload("slots=2"))
		bail("the module does not load again");
	module_unload("kuser");
	c = client_new();
	other = client_new();
	for (i = 1; i <= TIMES; i++)
		broken(c, other, i);
	if (!is_stock())
		all_slots();
	client_close(c);
	client_close(other);
	ok(server_alive(), "[I4] the server lives");
	if (!is_stock())
		ok(reload(""), "[I4] the module goes, and comes back");
	module_unload("kuser");
	return tap_end();
}

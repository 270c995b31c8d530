// SPDX-License-Identifier: GPL-2.0
/*
 * The line of those who wait for a transaction: T3. The module is loaded anew with
 * few of them, for which the server has to go and come.
 */
#include <stdio.h>
#include <unistd.h>

#include "line.h"

struct client *starter(void)
{
	struct client *c = client_new();

	if (!client_send(c, XS_TRANSACTION_START, 0, "", 1))
		bail("a START can't be written");
	return c;
}

int started(struct client *c)
{
	struct msg m;
	int err = client_recv(c, &m, PATIENCE_MS);

	return err ? err : msg_error(&m);
}

bool starts(struct client *c)
{
	int err = started(c);

	if (err)
		diag("START: %d", err);
	return !err;
}

bool waits(struct client *c)
{
	return client_quiet(c);
}

long behind(struct client *c)
{
	long end = now_ms() + PATIENCE_MS, n;

	while ((n = held(getpid(), c->fd, "transaction-waits-behind")) < 0 &&
	       now_ms() < end)
		sleep_ms(5);
	return n;
}

void take_all(struct client *c[PLACES])
{
	unsigned int i, n = 0;

	for (i = 0; i < PLACES; i++) {
		c[i] = starter();
		n += starts(c[i]);
	}
	is(n, PLACES, "[T1] all transactions that there are");
}

void close_some(struct client *c[], unsigned int n)
{
	while (n--)
		client_close(c[n]);
}

static void load(int seconds)
{
	char parameters[64];

	snprintf(parameters, sizeof(parameters), PARAMETERS " transaction_wait=%d",
		 seconds);
	if (!reload(parameters))
		bail("the module does not load again: %s", parameters);
}

int main(void)
{
	hostile_begin(scaled(240, 1500));
	if (is_stock()) {
		skip("nobody waits there", "[T3] who waits for a transaction");
		return tap_end();
	}
	if (!server_is_c() || server_is_remote()) {
		skip("this server can't be restarted here", "[T3] who waits for a transaction");
		return tap_end();
	}
	server_learn();
	load(LONG);
	crowd();
	order();
	many_in_line();
	holders();
	ends();
	refused();
	load(1);
	too_long();
	holders_for_long();
	load(0);
	at_once();
	if (!reload(""))
		bail("the module does not load again");
	module_unload("kuser");
	return tap_end();
}

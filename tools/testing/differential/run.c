// SPDX-License-Identifier: GPL-2.0
/* Run a sequence over the socket, or over the file, and note what comes back. */
#include "run.h"
#include "target.h"

/* What comes although everything was read */
static void read_rest(struct run *r, unsigned int conn)
{
	struct step st = { .n = 0 };

	if (r->conns[conn].dead)
		return;
	while (!receive(r, conn, 0))
		note_message(r, conn, &st);
}

void run(const struct sequence *s, bool file, struct transcript *t)
{
	struct run r = {
		.s = s,
		.t = t,
		.file = file && !is_socket(),
		.path = file ? file_path() : socket_path(),
	};
	unsigned int i;

	transcript_begin(t);
	reset_store(&r);
	for (i = 0; i < s->conns; i++)
		conn_open(&r, i);
	for (i = 0; i < s->n && !t->broken; )
		i += run_step(&r, i);
	r.step++;
	begin_windows(&r);
	for (i = 0; i < s->conns; i++)
		read_rest(&r, i);
	if (!t->broken) {
		shared_check(&r);
		read_store(&r);
	}
	for (i = 0; i < s->conns; i++)
		conn_close(&r, i);
}

// SPDX-License-Identifier: GPL-2.0
/* The messages of a step, and how they are written */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "client.h"
#include "run.h"
#include "target.h"

/* What is written ends a transaction, even if its reply tells of an error. */
static void expect_ends(struct run *r, const struct item *it, struct tx *tx)
{
	if (it->type == XS_TRANSACTION_END && tx)
		tx->open = false;
	if (it->type == XS_RESET_WATCHES)
		end_txs(r, it->conn);
}

/*
 * The file is told of another's transaction, or one that is over, by its id.
 * The socket is not: there every connection counts for itself.
 */
bool expect(struct run *r, struct expected *x, const struct item *it)
{
	struct tx *tx = it->tx ? find_tx(r, it->tx) : NULL;
	bool known = !it->tx || (tx && tx->open && tx->conn == it->conn);

	memset(x, 0, sizeof(*x));
	x->it = it;
	x->v = abi_verdict(it, known);
	if (is_stock() && !stock_survives(it, &x->v))
		return false;
	if (it->tx)
		x->tx_id = tx && (known || r->file) ? tx->id : TX_NOBODY;
	x->sent = r->file || !x->v.withheld;
	if (!x->v.error)
		expect_ends(r, it, tx);
	if (!r->file && x->v.rule) {
		intended[x->v.rule].seen++;
		intended[x->v.rule].differed += !x->sent;
	}
	return true;
}

static void cut(struct step *st, size_t at)
{
	size_t i = st->pieces;

	while (i && st->ends[i - 1] > at) {
		st->ends[i] = st->ends[i - 1];
		i--;
	}
	if (i && st->ends[i - 1] == at) {
		memmove(st->ends + i, st->ends + i + 1,
			(st->pieces - i) * sizeof(*st->ends));
		return;
	}
	st->ends[i] = at;
	st->pieces++;
}

static void add_cuts(struct step *st, const struct item *it, size_t from)
{
	size_t i, size = st->len - from;

	for (i = 0; i < it->cuts; i++)
		if (it->cut[i] && it->cut[i] <= size)
			cut(st, from + it->cut[i]);
	for (i = 1; it->bytewise && i < size && i < 60; i++)
		cut(st, from + i);
}

void add_message(struct run *r, struct step *st, const struct expected *x,
		 bool alone)
{
	const struct item *it = x->it;
	size_t from = st->len, len = it->len;

	if (!r->file && x->v.rewritten &&
	    (x->v.rule == RULE_DEPTH || !server_is_c())) {
		len = string_end(it, 2);
		intended[x->v.rule].differed++;
	}
	st->len += msg_build(st->bytes + from, it->type, it->req_id, x->tx_id,
			     it->body, len);
	/* The stock driver loses its place among bytes that it does not want. */
	if (!is_stock() || (alone && st->len <= PAYLOAD_MAX))
		add_cuts(st, it, from);
}

int write_vector(struct client *c, const struct step *st)
{
	struct iovec iov[MAX_BATCH * (MAX_CUTS + 64) + 1];
	size_t i, at = 0;
	ssize_t n;

	for (i = 0; i <= st->pieces; i++) {
		iov[i].iov_base = (char *)st->bytes + at;
		iov[i].iov_len = (i < st->pieces ? st->ends[i] : st->len) - at;
		at += iov[i].iov_len;
	}
	n = writev(c->fd, iov, st->pieces + 1);
	if (n < 0 && errno != EAGAIN)
		return -errno;
	if (n < 0)
		n = 0;
	return client_raw(c, st->bytes + n, st->len - n);
}

int write_pieces(struct client *c, const struct step *st)
{
	size_t i, at = 0, end;
	int err;

	for (i = 0; i <= st->pieces; i++) {
		end = i < st->pieces ? st->ends[i] : st->len;
		err = client_raw(c, st->bytes + at, end - at);
		if (err)
			return err;
		at = end;
	}
	return 0;
}

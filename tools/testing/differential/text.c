// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences as text. A line is a message or something else that a client does:
 *
 *	only xenstored		(or oxenstored) what follows is for that server
 *	connections <n>
 *	<conn> <TYPE> <tx> <req_id> <payload> [cut <n>...] [bytewise] [vector]
 *	+ <TYPE> ...		written together with the one before
 *	<conn> reopen
 *	<conn> break <length>	a header with that length, which can't be
 *
 * A transaction is 0, nobody (which no one has), or t1, t2, ...: what the
 * first, second, ... START in the text began. A payload is strings in quotes,
 * with \0, \\, \" and \xNN; "x"*9 is nine of them. No nul is added.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "differential.h"
#include "tap.h"
#include "target.h"

#define LINE_MAX	(8 * PAYLOAD_MAX)
/* Shorter runs of a byte are written out */
#define RUN_MIN		8

static const char * const type_names[] = {
	[XS_CONTROL] = "CONTROL",
	[XS_DIRECTORY] = "DIRECTORY",
	[XS_READ] = "READ",
	[XS_GET_PERMS] = "GET_PERMS",
	[XS_WATCH] = "WATCH",
	[XS_UNWATCH] = "UNWATCH",
	[XS_TRANSACTION_START] = "START",
	[XS_TRANSACTION_END] = "END",
	[XS_INTRODUCE] = "INTRODUCE",
	[XS_RELEASE] = "RELEASE",
	[XS_GET_DOMAIN_PATH] = "GET_DOMAIN_PATH",
	[XS_WRITE] = "WRITE",
	[XS_MKDIR] = "MKDIR",
	[XS_RM] = "RM",
	[XS_SET_PERMS] = "SET_PERMS",
	[XS_WATCH_EVENT] = "WATCH_EVENT",
	[XS_ERROR] = "ERROR",
	[XS_IS_DOMAIN_INTRODUCED] = "IS_DOMAIN_INTRODUCED",
	[XS_RESUME] = "RESUME",
	[XS_SET_TARGET] = "SET_TARGET",
	[XS_RESTRICT] = "RESTRICT",
	[XS_RESET_WATCHES] = "RESET_WATCHES",
	[XS_DIRECTORY_PART] = "DIRECTORY_PART",
};

#define NR_NAMES	(sizeof(type_names) / sizeof(type_names[0]))

const char *type_name(uint32_t type)
{
	static char number[16];

	if (type < NR_NAMES)
		return type_names[type];
	snprintf(number, sizeof(number), "%u", type);
	return number;
}

static void print_byte(FILE *f, const char *p, const char *end)
{
	unsigned char c = *p;

	if (c == '\\' || c == '"')
		fprintf(f, "\\%c", c);
	else if (!c && (p + 1 == end || !isdigit((unsigned char)p[1])))
		fprintf(f, "\\0");
	else if (c < ' ' || c > '~')
		fprintf(f, "\\x%02x", c);
	else
		fputc(c, f);
}

static size_t run_of(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q == *p)
		q++;
	return q - p;
}

void text_bytes(FILE *f, const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;
	bool open = false;
	size_t run;

	if (!len)
		fprintf(f, "\"\"");
	while (p < end) {
		run = run_of(p, end);
		if (run >= RUN_MIN) {
			fprintf(f, open ? "\" \"" : p > bytes ? " \"" : "\"");
			print_byte(f, p, p + 1);
			fprintf(f, "\"*%zu", run);
			open = false;
			p += run;
			continue;
		}
		if (!open)
			fprintf(f, p > bytes ? " \"" : "\"");
		open = true;
		print_byte(f, p, end);
		p++;
	}
	if (open)
		fputc('"', f);
}

static unsigned int start_number(const struct sequence *s, uint32_t uid)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->n; i++) {
		if (s->items[i].op != OP_MESSAGE ||
		    s->items[i].type != XS_TRANSACTION_START)
			continue;
		n++;
		if (s->items[i].uid == uid)
			return n;
	}
	return 0;
}

static void print_message(FILE *f, const struct sequence *s,
			  const struct item *it)
{
	unsigned int i, tx = it->tx ? start_number(s, it->tx) : 0;

	if (it->joined)
		fprintf(f, "+ ");
	else
		fprintf(f, "%u ", it->conn);
	fprintf(f, "%s ", type_name(it->type));
	if (tx)
		fprintf(f, "t%u", tx);
	else
		fprintf(f, it->tx ? "nobody" : "0");
	fprintf(f, " %u ", it->req_id);
	text_bytes(f, it->body, it->len);
	if (it->cuts)
		fprintf(f, " cut");
	for (i = 0; i < it->cuts; i++)
		fprintf(f, " %u", it->cut[i]);
	fprintf(f, "%s%s\n", it->bytewise ? " bytewise" : "",
		it->vector ? " vector" : "");
}

void text_print(FILE *f, const char *prefix, const struct sequence *s)
{
	const struct item *it;

	fprintf(f, "%sconnections %u\n", prefix, s->conns);
	for (it = s->items; it < s->items + s->n; it++) {
		fprintf(f, "%s", prefix);
		if (it->op == OP_REOPEN)
			fprintf(f, "%u reopen\n", it->conn);
		else if (it->op == OP_BREAK)
			fprintf(f, "%u break %u\n", it->conn, it->len);
		else
			print_message(f, s, it);
	}
}

/* --- Reading ------------------------------------------------------------ */

struct reader {
	const char *name;
	unsigned int line;
	char *p;
};

__attribute__((noreturn))
static void wrong(const struct reader *r, const char *what)
{
	bail("%s, line %u: %s at '%.20s'", r->name, r->line, what, r->p);
}

static void skip_blanks(struct reader *r)
{
	while (isspace((unsigned char)*r->p))
		r->p++;
}

static bool word(struct reader *r, const char *w)
{
	size_t len = strlen(w);

	skip_blanks(r);
	if (strncmp(r->p, w, len) || isalnum((unsigned char)r->p[len]) ||
	    r->p[len] == '_')
		return false;
	r->p += len;
	return true;
}

static bool number(struct reader *r, uint32_t *n)
{
	skip_blanks(r);
	if (!isdigit((unsigned char)*r->p))
		return false;
	*n = strtoul(r->p, &r->p, 0);
	return true;
}

static uint32_t need_number(struct reader *r)
{
	uint32_t n = 0;

	if (!number(r, &n))
		wrong(r, "no number");
	return n;
}

static char read_escape(struct reader *r)
{
	char hex[3] = "";

	switch (*r->p++) {
	case '0':
		return '\0';
	case 'n':
		return '\n';
	case 'x':
		memcpy(hex, r->p, 2);
		r->p += 2;
		return strtoul(hex, NULL, 16);
	default:
		return r->p[-1];
	}
}

static size_t read_string(struct reader *r, char *to, size_t room)
{
	size_t n = 0, once;
	uint32_t times;

	for (r->p++; *r->p != '"'; n++) {
		if (!*r->p || n == room)
			wrong(r, "a string that is too long");
		to[n] = *r->p++;
		if (to[n] == '\\')
			to[n] = read_escape(r);
	}
	r->p++;
	if (*r->p != '*')
		return n;
	r->p++;
	times = need_number(r);
	once = n;
	if (!times || once * times > room)
		wrong(r, "a string that is too long");
	for (n = once; n < once * times; n++)
		to[n] = to[n - once];
	return n;
}

static void read_payload(struct reader *r, struct item *it)
{
	char body[PAYLOAD_MAX];
	uint32_t len = 0;

	for (skip_blanks(r); *r->p == '"'; skip_blanks(r))
		len += read_string(r, body + len, sizeof(body) - len);
	it->len = len;
	it->body = malloc(len + 1);
	if (!it->body)
		bail("no memory");
	memcpy(it->body, body, len);
	it->body[len] = '\0';
}

static uint32_t read_type(struct reader *r)
{
	uint32_t n;

	for (n = 0; n < NR_NAMES; n++)
		if (word(r, type_names[n]))
			return n;
	return need_number(r);
}

static uint32_t read_tx(struct reader *r, const struct sequence *s)
{
	uint32_t n, i;

	if (word(r, "nobody"))
		return TX_NOBODY;
	if (*r->p != 't') {
		if (need_number(r))
			wrong(r, "a transaction is 0, nobody, or t1, t2, ...");
		return 0;
	}
	r->p++;
	n = need_number(r);
	for (i = 0; i < s->n; i++)
		if (s->items[i].op == OP_MESSAGE &&
		    s->items[i].type == XS_TRANSACTION_START && !--n)
			return s->items[i].uid;
	wrong(r, "no such START");
}

static void read_message(struct reader *r, const struct sequence *s,
			 struct item *it)
{
	uint32_t cut;

	it->type = read_type(r);
	it->tx = read_tx(r, s);
	it->req_id = need_number(r);
	read_payload(r, it);
	if (word(r, "cut"))
		while (number(r, &cut) && it->cuts < MAX_CUTS)
			it->cut[it->cuts++] = cut;
	it->bytewise = word(r, "bytewise");
	it->vector = word(r, "vector");
	if (!item_harmless(it))
		wrong(r, "this must not be sent");
}

static void read_item(struct reader *r, struct sequence *s)
{
	struct item *it = &s->items[s->n];

	if (s->n == MAX_ITEMS)
		wrong(r, "too many items");
	memset(it, 0, sizeof(*it));
	it->uid = s->n + 1;
	if (*r->p == '+') {
		r->p++;
		it->joined = s->n && it[-1].op == OP_MESSAGE;
		if (!it->joined)
			wrong(r, "no message before");
		it->conn = it[-1].conn;
	} else {
		it->conn = need_number(r);
		if (it->conn >= s->conns)
			wrong(r, "no such connection");
	}
	if (word(r, "reopen")) {
		it->op = OP_REOPEN;
	} else if (word(r, "break")) {
		it->op = OP_BREAK;
		it->len = need_number(r);
	} else {
		read_message(r, s, it);
	}
	s->n++;
}

/* False: it is for another server. */
bool text_read(FILE *f, const char *name, struct sequence *s)
{
	static char line[LINE_MAX];
	struct reader r = { .name = name };

	s->n = 0;
	s->conns = 1;
	while (fgets(line, sizeof(line), f)) {
		r.p = line;
		r.line++;
		skip_blanks(&r);
		if (!*r.p || *r.p == '#')
			continue;
		if (word(&r, "only")) {
			if (!word(&r, server_is_c() ? "xenstored" :
						      "oxenstored"))
				return false;
		} else if (word(&r, "connections")) {
			s->conns = need_number(&r);
			if (!s->conns || s->conns > MAX_CONNS)
				wrong(&r, "too many connections");
		} else {
			read_item(&r, s);
		}
		skip_blanks(&r);
		if (*r.p)
			wrong(&r, "more than expected");
	}
	return true;
}

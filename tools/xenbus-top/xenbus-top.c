// SPDX-License-Identifier: GPL-2.0
/*
 * xenbus-top - who uses xenstore how much, by the file xenbus of the module xenfs
 */
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "opens.h"

static bool json;
static double seconds = 2;

struct look {
	struct opens opens;
	double at;	/* seconds */
};

struct row {
	const struct open_file *file;
	double requests, events;	/* a second */
};

/* The kernel's numbers have 32 bits. */
static unsigned int more(unsigned long now, unsigned long before)
{
	return now - before;
}

static int busiest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	double dx = x->requests + x->events, dy = y->requests + y->events;

	if (dx != dy)
		return dx < dy ? 1 : -1;
	if (x->file->requests != y->file->requests)
		return x->file->requests < y->file->requests ? 1 : -1;
	return (x->file->number > y->file->number) - (x->file->number < y->file->number);
}

static struct row *make_rows(const struct opens *now, const struct opens *before,
			     double time)
{
	static const struct open_file nothing;
	struct row *rows = calloc(now->n + 1, sizeof(*rows));
	const struct open_file *was;
	unsigned int i;

	if (!rows)
		err(1, "memory");
	for (i = 0; i < now->n; i++) {
		rows[i].file = &now->files[i];
		if (!before)
			continue;
		/* What one that was not there before has done it did since. */
		was = opens_find(before, now->files[i].number) ?: &nothing;
		rows[i].requests = more(now->files[i].requests, was->requests) / time;
		rows[i].events = more(now->files[i].events, was->events) / time;
	}
	qsort(rows, now->n, sizeof(*rows), busiest_first);
	return rows;
}

static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < ' ')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

/* One line for each look, so that a script can read it as it comes */
static void print_json(const struct row *rows, unsigned int n, bool rates)
{
	unsigned int i;

	printf("{\"time\":%ld,\"opens\":[", (long)time(NULL));
	for (i = 0; i < n; i++) {
		const struct open_file *f = rows[i].file;

		printf("%s{\"open\":%lu,\"pid\":%d,\"program\":", i ? "," : "", f->number,
		       f->pid);
		print_string(f->program);
		printf(",\"requests\":%lu,\"events\":%lu,\"queued\":%lu,\"in_flight\":%lu,"
		       "\"unread\":%lu,\"watches\":%lu,\"transactions\":%lu,\"bytes\":%lu",
		       f->requests, f->events, f->queued, f->in_flight, f->unread,
		       f->watches, f->transactions, f->bytes);
		if (rates)
			printf(",\"requests_per_second\":%.1f,\"events_per_second\":%.1f",
			       rows[i].requests, rows[i].events);
		if (f->waits_for[0]) {
			printf(",\"waits_for\":");
			print_string(f->waits_for);
		}
		putchar('}');
	}
	printf("]}\n");
}

static void print_table(const struct row *rows, unsigned int n, bool rates)
{
	double requests = 0, events = 0;
	unsigned long watches = 0, transactions = 0;
	unsigned int i;

	if (isatty(STDOUT_FILENO) && rates)
		printf("\033[H\033[J");
	for (i = 0; i < n; i++) {
		requests += rows[i].requests;
		events += rows[i].events;
		watches += rows[i].file->watches;
		transactions += rows[i].file->transactions;
	}
	printf("%u opens, %lu watches, %lu transactions", n, watches, transactions);
	if (rates)
		printf("; a second: %.0f requests, %.0f events", requests, events);
	printf("\n%8s %-15s %6s %9s %6s %9s %6s %6s %7s %5s %8s %s\n", "PID", "PROGRAM",
	       rates ? "REQ/s" : "", "REQUESTS", rates ? "EV/s" : "", "EVENTS", "QUEUED",
	       "UNREAD", "WATCHES", "TRANS", "BYTES", "WAITS FOR");
	for (i = 0; i < n; i++) {
		const struct open_file *f = rows[i].file;
		char req[16] = "", ev[16] = "";

		if (rates) {
			snprintf(req, sizeof(req), "%.0f", rows[i].requests);
			snprintf(ev, sizeof(ev), "%.0f", rows[i].events);
		}
		printf("%8d %-15.15s %6s %9lu %6s %9lu %6lu %6lu %7lu %5lu %8lu %s\n", f->pid,
		       f->program, req, f->requests, ev, f->events, f->queued + f->in_flight,
		       f->unread, f->watches, f->transactions, f->bytes, f->waits_for);
	}
}

static struct look look(void)
{
	struct look l = { .opens = opens_now() };
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	l.at = ts.tv_sec + ts.tv_nsec / 1e9;
	return l;
}

static void show(const struct look *now, const struct look *before)
{
	struct row *rows = make_rows(&now->opens, before ? &before->opens : NULL,
				     before ? now->at - before->at : 0);

	(json ? print_json : print_table)(rows, now->opens.n, before);
	if (fflush(stdout))
		err(1, "standard output");
	free(rows);
}

static void wait_a_while(void)
{
	struct timespec ts = { seconds, (seconds - (long)seconds) * 1e9 };

	nanosleep(&ts, NULL);
}

/* -1: that is none */
static double number(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	return end == text || *end ? -1 : n;
}

static void usage(FILE *to)
{
	fputs("usage: xenbus-top [--once] [--json] [-d SECONDS] [-n TIMES]\n"
	      "Who uses xenstore how much, by the file xenbus of the module xenfs.\n"
	      "  -1, --once     look once, without rates\n"
	      "  -j, --json     for programs: an object in a line for each look\n"
	      "  -d SECONDS     between looks (2)\n"
	      "  -n TIMES       end after so many\n"
	      "  -h, --help     this\n", to);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "once", no_argument, NULL, '1' },
		{ "json", no_argument, NULL, 'j' },
		{ }
	};
	struct look before, now;
	bool once = false;
	long times = 0;
	int c;

	while ((c = getopt_long(argc, argv, "h1jd:n:", options, NULL)) != -1)
		switch (c) {
		case '1':
			once = true;
			break;
		case 'j':
			json = true;
			break;
		case 'd':
			seconds = number(optarg);
			break;
		case 'n':
			times = number(optarg) >= 1 ? number(optarg) : -1;
			break;
		default:
			usage(c == 'h' ? stdout : stderr);
			return c != 'h';
		}
	if (optind < argc || !(seconds >= 0.1 && seconds <= 86400) || times < 0) {
		usage(stderr);
		return 1;
	}
	before = look();
	if (once) {
		show(&before, NULL);
		return 0;
	}
	do {
		wait_a_while();
		now = look();
		show(&now, &before);
		opens_free(&before.opens);
		before = now;
	} while (!times || --times);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * usage: differential [option...]
 *
 *   --seed N        of the sequences; they are the same for the same seed (1)
 *   --messages N    how many messages to compare, at least (10000)
 *   --length N      messages of a sequence (100)
 *   --only N        this sequence, nothing else; --verbose prints it
 *   --cases DIR     sequences to begin with: DIR/NAME.case, see text.c
 *   --gentle        never more than one message at a time
 *   --fault N       spoil what the file says in the Nth way: must be found
 *
 * Environment: as for all tests, see ../lib/target.h. With XENFS_MODULE=stock
 * what differs is counted, not failed, and nothing is sent that would bring
 * down the server or the kernel's own watches.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "differential.h"
#include "random.h"
#include "server.h"
#include "tap.h"
#include "target.h"

/* Sequences to shrink and show before it is enough */
#define FAILURES_MAX	5
#define NR_KINDS	32
#define PROGRESS_MS	30000

struct options options = {
	.seed = 1,
	.messages = 10000,
	.length = 100,
};

static struct transcript want, got;
static unsigned long sequences, compared, events, failures;
static unsigned long commits, conflicts, errors;

static struct {
	const char *kind;
	unsigned long n;
} kinds[NR_KINDS];

static bool differs(const struct sequence *s)
{
	run(s, false, &want);
	run(s, true, &got);
	return compare(&want, &got).found;
}

/* For what is made shorter: chance must not lead astray. */
static bool differs_surely(const struct sequence *s)
{
	return differs(s) && differs(s);
}

static void count_kind(const char *kind)
{
	unsigned int i;

	for (i = 0; i < NR_KINDS - 1 && kinds[i].kind; i++)
		if (!strcmp(kinds[i].kind, kind))
			break;
	kinds[i].kind = kind;
	kinds[i].n++;
}

static void report(struct sequence *s, const char *name)
{
	struct difference d = compare(&want, &got);
	bool again;

	printf("# %s differs (%s)\n", name,
	       difference_kind(&d, s, &want, &got));
	difference_print(&d, &want, &got);
	again = differs_surely(s);
	if (again)
		shrink(s, differs_surely);
	else
		printf("# ... but not each time\n");
	differs(s);
	d = compare(&want, &got);
	if (again && d.found)
		difference_print(&d, &want, &got);
	printf("# A test to keep, as a file in cases/:\n");
	text_print(stdout, "#     ", s);
	fflush(stdout);
}

/* What the sequences make happen: they are worth no more than that. */
static void count_entry(const struct entry *e)
{
	if (e->note)
		return;
	if (e->hdr.type == XS_WATCH_EVENT)
		events++;
	else if (e->hdr.type == XS_ERROR && !strcmp(e->body, "EAGAIN"))
		conflicts++;
	else if (e->hdr.type == XS_ERROR)
		errors++;
	else if (e->hdr.type == XS_TRANSACTION_END)
		commits++;
}

static void count_entries(const struct transcript *t)
{
	unsigned int conn, i;

	for (conn = 0; conn < MAX_CONNS; conn++)
		for (i = 0; i < t->n[conn]; i++)
			count_entry(&t->entries[conn][i]);
}

/* True if it is as it should be. */
static bool check(struct sequence *s, const char *name)
{
	struct difference d;
	bool found = differs(s);

	sequences++;
	compared += sequence_messages(s);
	count_entries(&want);
	if (!found)
		return true;
	failures++;
	if (is_stock()) {
		d = compare(&want, &got);
		count_kind(difference_kind(&d, s, &want, &got));
	}
	if (is_stock() ? options.verbose : failures <= FAILURES_MAX)
		report(s, name);
	return false;
}

static int is_case(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && !strcmp(dot, ".case");
}

static void check_case(const char *dir, const char *file)
{
	char name[512];
	struct sequence s;
	bool wanted;
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", dir, file);
	f = fopen(name, "r");
	if (!f)
		bail("cannot read %s: %s", name, strerror(errno));
	wanted = text_read(f, file, &s);
	fclose(f);
	if (!wanted)
		skip("for the other server", "[W1] case %s", file);
	else if (is_stock())
		check(&s, file);
	else
		ok(check(&s, file), "[W1] case %s", file);
	sequence_clear(&s);
}

static void check_cases(const char *dir)
{
	struct dirent **list;
	int i, n = scandir(dir, &list, is_case, alphasort);

	if (n < 0)
		bail("cannot read %s: %s", dir, strerror(errno));
	for (i = 0; i < n; i++) {
		check_case(dir, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

static void check_sequence(unsigned long index)
{
	static struct sequence s;
	struct random r;
	char name[64];

	random_seed(&r, options.seed, index);
	generate(&s, &r, options.length);
	snprintf(name, sizeof(name), "sequence %lu of seed %llu", index,
		 (unsigned long long)options.seed);
	if (options.only_one && options.verbose)
		text_print(stdout, "# ", &s);
	check(&s, name);
	sequence_clear(&s);
}

static void progress(long began)
{
	long ms = now_ms() - began;

	diag("%lu messages in %lu sequences compared, %lu events, %lu sequences differ; %ld s, %ld messages/s",
	     compared, sequences, events, failures, ms / 1000,
	     compared * 1000 / (ms ? ms : 1));
}

static void check_sequences(void)
{
	long began = now_ms(), told = began;
	unsigned long index;

	for (index = 0; compared < options.messages; index++) {
		check_sequence(index);
		if (failures > FAILURES_MAX && !is_stock())
			break;
		if (now_ms() - told > PROGRESS_MS) {
			told = now_ms();
			progress(began);
			alarm(600);
		}
	}
	progress(began);
	diag("Of the replies, %lu are errors, %lu end a transaction, and %lu tell of a conflict",
	     errors, commits, conflicts);
}

static void tell_intended(void)
{
	unsigned int i;

	diag("Intended differences, with %s:", server_is_c() ? "xenstored" :
							       "oxenstored");
	for (i = RULE_NONE + 1; i < NR_RULES; i++)
		diag("  %lu messages, the socket differed or was spared in %lu: %s",
		     intended[i].seen, intended[i].differed, intended[i].name);
}

static void tell_stock(void)
{
	unsigned int i;

	diag("The stock driver, %s: %lu of %lu sequences differ, first in this:",
	     options.gentle ? "one message at a time" : "with batches",
	     failures, sequences);
	for (i = 0; i < NR_KINDS && kinds[i].kind; i++)
		diag("  %6lu  %s", kinds[i].n, kinds[i].kind);
}

static void parse(int argc, char **argv)
{
	static const struct option list[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "messages", required_argument, NULL, 'm' },
		{ "length", required_argument, NULL, 'l' },
		{ "only", required_argument, NULL, 'o' },
		{ "cases", required_argument, NULL, 'c' },
		{ "gentle", no_argument, NULL, 'g' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "fault", required_argument, NULL, 'f' },
		{ }
	};
	int c;

	while ((c = getopt_long(argc, argv, "", list, NULL)) >= 0) {
		switch (c) {
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'm':
			options.messages = strtoul(optarg, NULL, 0);
			break;
		case 'l':
			options.length = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			options.only_one = true;
			options.only = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			options.cases = optarg;
			break;
		case 'g':
			options.gentle = true;
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'f':
			options.fault = atoi(optarg);
			break;
		default:
			bail("unknown option");
		}
	}
	if (!options.length || options.length > MAX_ITEMS)
		bail("a sequence has from 1 to %d messages", MAX_ITEMS);
}

int main(int argc, char **argv)
{
	tap_begin(600);
	parse(argc, argv);
	store_init();
	shared_init();
	if (options.cases)
		check_cases(options.cases);
	if (options.only_one)
		check_sequence(options.only);
	else
		check_sequences();
	if (is_stock()) {
		tell_stock();
		ok(server_alive(), "[W1] the server outlives the stock driver");
		return tap_end();
	}
	tell_intended();
	shared_tell();
	ok(!failures, "[W1] %lu messages in %lu sequences are answered as on the socket",
	   compared, sequences);
	return tap_end();
}

// SPDX-License-Identifier: GPL-2.0
/* What the workqueue does */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define WORKLOADS	20
#define PIPELINED	60

/* Marks all threads that do work, those that there are */
static unsigned int mark_workers(const char *how)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300], comm[32];
	unsigned int n = 0;
	FILE *f;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = atoi(entry->d_name) ? fopen(path, "r") : NULL;
		if (f && fscanf(f, "%31s", comm) == 1 &&
		    !strncmp(comm, "kworker", strlen("kworker"))) {
			snprintf(path, sizeof(path), "/proc/%s/make-it-fail",
				 entry->d_name);
			n += file_put(path, how);
		}
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return n;
}

static bool workers_fail(bool fail)
{
	return file_put(DEBUGFS "/failslab/task-filter", "Y") &&
	       file_put(DEBUGFS "/failslab/times", "-1") &&
	       file_put(DEBUGFS "/failslab/probability", fail ? "30" : "0") &&
	       mark_workers(fail ? "1" : "0");
}

/* Returns how many replies tell of a fault, or -1. */
static int workload(void)
{
	struct client *c = client_new();
	int i, failed = 0, err = 0;

	watch(c, XS_WATCH);
	start_tx(c);
	read_before(c);
	for (i = 0; i < PIPELINED; i++)
		if (client_raw(c, request, request_len))
			goto bad;
	for (i = 0; i < PIPELINED; i++) {
		err = reply_to(c, 77, &reply);
		err = err ? err : msg_error(&reply);
		if (err && err != ENOMEM)
			goto bad;
		failed += err == ENOMEM;
	}
	client_close(c);
	return failed;
bad:
	diag("request %d of %d was answered with %d", i, PIPELINED, err);
	client_close(c);
	return -1;
}

/*
 * What an open holds is given back by the workqueue, sooner or later. Somebody
 * has a watch all the time: what the core's own watch needs is not at stake.
 */
void worker_faults(void)
{
	int i, failed, bad = 0, sum = 0;
	struct client *c = client_new();

	watch(c, XS_WATCH);
	/* Who uses the file, uses the workers. */
	scene_begin_at(elsewhere_path());
	ok(workers_fail(true), "[I4] the workers' allocations fail");
	for (i = 0; i < WORKLOADS; i++) {
		failed = workload();
		bad += failed < 0;
		sum += failed > 0 ? failed : 0;
	}
	ok(workers_fail(false), "[I4] and succeed again");
	is(bad, 0, "[W8] each request is answered, with ENOMEM if need be");
	ok(sum, "[W8] %d of %d with ENOMEM", sum, WORKLOADS * PIPELINED);
	scene_goes_on("[I1] when they have succeeded again");
	scene_end("faults in the workqueue");
	client_close(c);
}

/* An UNWATCH that is refused for want of memory leaves the watch as it was. */
static bool unwatch_at_last(struct client *c, int *refused)
{
	int tries, err;

	for (tries = 0; tries < 100; tries++) {
		err = watch(c, XS_UNWATCH);
		if (err != ENOMEM)
			break;
		(*refused)++;
	}
	if (err)
		diag("UNWATCH was answered with %d", err);
	return !err;
}

/*
 * The module's one watch in the core comes and goes with those of clients. If
 * the core has no memory to remove it, the server has one too many; watches
 * must work all the same when there is memory again.
 */
void carrier_faults(void)
{
	struct client *c = client_new();
	int i, bad = 0, refused = 0, kept = 0, err;

	ok(workers_fail(true), "[E1] the workers' allocations fail");
	for (i = 0; i < 10 * WORKLOADS; i++) {
		err = watch(c, XS_WATCH);
		if (err && err != ENOMEM && !bad++)
			diag("WATCH %d was answered with %d", i, err);
		refused += err == ENOMEM;
		if (!err)
			bad += !unwatch_at_last(c, &kept);
		sleep_ms(20);	/* for the last one to go */
	}
	ok(workers_fail(false), "[E1] and succeed again");
	is(bad, 0, "[E1] each WATCH is made, or refused with ENOMEM, as %d were", refused);
	diag("%d UNWATCHes were refused with ENOMEM, and repeated", kept);
	watch(c, XS_UNWATCH);
	sleep_ms(500);
	err = watch(c, XS_WATCH);
	/* That is the one who is told of an earlier fault. */
	if (err == ENOMEM)
		err = watch(c, XS_WATCH);
	is(err, 0, "[E1] then WATCH works");
	client_close(c);
}

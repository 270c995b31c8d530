// SPDX-License-Identifier: GPL-2.0
/* Tracepoints: what include/trace/events/xenfs.h declares */
#include <linux/errno.h>

#include "compat.h"

/*
 * What has to come before; for xenfs_throttled, whose code is here and nowhere else, and
 * in a kernel without trace events not even here.
 */
static __maybe_unused const char *xenfs_waits_for(int why)
{
	switch (why) {
	case -EAGAIN:
		return "room";
	case -ENOBUFS:
		return "memory";
	case -EIOCBQUEUED:
		return "transaction";
	default:
		return "xenstored";
	}
}

#define CREATE_TRACE_POINTS
#include "include/trace/events/xenfs.h"

// SPDX-License-Identifier: GPL-2.0
/* Tracepoints: what include/trace/events/xenfs.h declares */
#include "compat.h"

#define CREATE_TRACE_POINTS
#include "include/trace/events/xenfs.h"

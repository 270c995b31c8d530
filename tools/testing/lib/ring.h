/* SPDX-License-Identifier: GPL-2.0 */
/* io_uring, without a library */
#ifndef RING_H
#define RING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd;
	char *sq, *cq;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

bool ring_open(struct ring *r, unsigned int entries);
void ring_close(struct ring *r);
/* An entry to fill in; ring_submit() sends all of them. */
struct io_uring_sqe *ring_entry(struct ring *r, int op, int fd, void *buf,
				size_t len, uint64_t id);
int ring_submit(struct ring *r);
/* The next completion; false without one in time */
bool ring_next(struct ring *r, uint64_t *id, int *res, int timeout_ms);

#endif

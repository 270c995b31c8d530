// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "deadline.h"
#include "ring.h"

static void *ring_map(int fd, size_t len, off_t what)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, fd, what);

	return p == MAP_FAILED ? NULL : p;
}

bool ring_open(struct ring *r, unsigned int entries)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, entries, &r->p);
	if (r->fd < 0)
		return false;
	r->sq = ring_map(r->fd, r->p.sq_off.array + r->p.sq_entries * 4,
			 IORING_OFF_SQ_RING);
	r->cq = ring_map(r->fd, r->p.cq_off.cqes + r->p.cq_entries *
			 sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	r->sqes = ring_map(r->fd, r->p.sq_entries * sizeof(*r->sqes),
			   IORING_OFF_SQES);
	return r->sq && r->cq && r->sqes;
}

void ring_close(struct ring *r)
{
	munmap(r->sq, r->p.sq_off.array + r->p.sq_entries * 4);
	munmap(r->cq, r->p.cq_off.cqes + r->p.cq_entries *
	       sizeof(struct io_uring_cqe));
	munmap(r->sqes, r->p.sq_entries * sizeof(*r->sqes));
	close(r->fd);
}

static uint32_t *at(char *base, uint32_t offset)
{
	return (uint32_t *)(base + offset);
}

struct io_uring_sqe *ring_entry(struct ring *r, int op, int fd, void *buf,
				size_t len, uint64_t id)
{
	uint32_t mask = *at(r->sq, r->p.sq_off.ring_mask);
	uint32_t *tail = at(r->sq, r->p.sq_off.tail);
	struct io_uring_sqe *sqe = &r->sqes[*tail & mask];

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->addr = (uintptr_t)buf;
	sqe->len = len;
	sqe->off = op == IORING_OP_READ || op == IORING_OP_WRITE ||
		   op == IORING_OP_READ_FIXED || op == IORING_OP_WRITE_FIXED ? -1 : 0;
	sqe->user_data = id;
	at(r->sq, r->p.sq_off.array)[*tail & mask] = *tail & mask;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return sqe;
}

int ring_submit(struct ring *r)
{
	uint32_t tail = *at(r->sq, r->p.sq_off.tail);
	uint32_t head = __atomic_load_n(at(r->sq, r->p.sq_off.head),
					__ATOMIC_ACQUIRE);

	return syscall(SYS_io_uring_enter, r->fd, tail - head, 0, 0, NULL, 0);
}

bool ring_next(struct ring *r, uint64_t *id, int *res, int timeout_ms)
{
	uint32_t *head = at(r->cq, r->p.cq_off.head);
	uint32_t *tail = at(r->cq, r->p.cq_off.tail);
	uint32_t mask = *at(r->cq, r->p.cq_off.ring_mask);
	long end = now_ms() + timeout_ms;
	struct io_uring_cqe *cqe;

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head) {
		if (now_ms() > end)
			return false;
		/* Lets the kernel run what is due for this task, too */
		syscall(SYS_io_uring_enter, r->fd, 0, 0,
			IORING_ENTER_GETEVENTS, NULL, 0);
		sleep_ms(1);
	}
	cqe = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes) + (*head & mask);
	*id = cqe->user_data;
	*res = cqe->res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

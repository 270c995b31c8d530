// SPDX-License-Identifier: GPL-2.0
/*
 * The file "xenbus": its operations
 *
 * Bytes that are written become requests (request.c); replies and events are
 * read as one stream of bytes. The user's memory is touched here and nowhere
 * else, under one of the two mutexes that only this file takes.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <xen/xenbus.h>

#include "close.h"
#include "compat.h"
#include "fdinfo.h"
#include "limits.h"
#include "request.h"
#include "syntax.h"
#include "transaction_request.h"
#include "watch_request.h"
#include "xenfs.h"

#include "include/trace/events/xenfs.h"

/*
 * Which kind of request a header begins. What no kind knows, types newer than
 * this module included, is between the client and the server.
 */
static const struct xenfs_kind plain_kind;

static const struct xenfs_kind *const kinds[] = {
	[XS_WATCH] = &xenfs_watch_kind,
	[XS_UNWATCH] = &xenfs_unwatch_kind,
	[XS_TRANSACTION_START] = &xenfs_start_kind,
	[XS_TRANSACTION_END] = &xenfs_end_kind,
	[XS_RESET_WATCHES] = &xenfs_reset_kind,
};

static const struct xenfs_kind *kind_of(u32 type)
{
	if (type >= ARRAY_SIZE(kinds) || !kinds[type])
		return &plain_kind;
	return kinds[type];
}

/* --- Opening and closing ------------------------------------------------ */

static int open_as(struct inode *inode, struct file *file, bool read_only)
{
	struct xenfs_connection *c;

	if (!xen_store_evtchn)
		return -ENOENT;
	c = xenfs_connection_alloc();
	if (!c)
		return -ENOMEM;
	c->read_only = read_only;
	file->private_data = c;
	file->f_mode |= XENFS_FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int xenbus_open(struct inode *inode, struct file *file)
{
	return open_as(inode, file, false);
}

static int xenbus_ro_open(struct inode *inode, struct file *file)
{
	return open_as(inode, file, true);
}

static int xenbus_release(struct inode *inode, struct file *file)
{
	struct xenfs_connection *c = file->private_data;

	if (c->partial)
		xenfs_request_free(c->partial);
	xenfs_close(c);
	return 0;
}

/* Locks a mutex of the open as the caller of a read or write wants it. */
static int lock_for_io(struct xenfs_connection *c, struct mutex *mutex, bool nowait)
{
	if (mutex_trylock(mutex))
		return 0;
	if (!nowait)
		return mutex_lock_interruptible(mutex) ? -ERESTARTSYS : 0;
	WRITE_ONCE(c->refused, true);
	/* Pairs with that in unlock_after_io(): either it is seen, or the mutex is free. */
	smp_mb();
	return mutex_trylock(mutex) ? 0 : -EAGAIN;
}

/*
 * Who was refused it waits for an edge now, of which there may be none to come: there
 * was something to read, or room to write, all the time (contract R3).
 */
static void unlock_after_io(struct xenfs_connection *c, struct mutex *mutex)
{
	mutex_unlock(mutex);
	smp_mb();	/* see lock_for_io() */
	if (READ_ONCE(c->refused)) {
		WRITE_ONCE(c->refused, false);
		xenfs_connection_edge(c);
	}
}

static bool is_nowait(const struct kiocb *iocb)
{
	/* fcntl() may change the flags at any time. */
	return (iocb->ki_flags & IOCB_NOWAIT) ||
	       (READ_ONCE(iocb->ki_filp->f_flags) & O_NONBLOCK);
}

/* --- Writing ------------------------------------------------------------ */

/* Only the start of a message has to wait: what was begun may be completed. */
static int wait_for_room(struct xenfs_connection *c, bool nowait)
{
	/* Others can only make room, so without the lock it may be missed. */
	if (READ_ONCE(c->queued_bytes) < xenfs_limits.request_bytes ||
	    xenfs_connection_writable(c))
		return 0;
	trace_xenfs_throttled(c->number, -EAGAIN);
	if (nowait)
		return -EAGAIN;
	/* What was begun is complete, and write_all() can't say so while this sleeps. */
	xenfs_connection_begun(c, false);
	return wait_event_interruptible(c->write_wait,
					xenfs_connection_writable(c));
}

/*
 * Takes bytes of a header. One that is complete makes a request. If that can't
 * be, the bytes are not taken (contract W2, W8).
 */
static int write_header(struct xenfs_connection *c, struct iov_iter *from)
{
	struct xenfs_framer before = c->framer;
	size_t size = min_t(size_t, xenfs_framer_wants(&c->framer),
			    iov_iter_count(from));
	size_t copied;
	int ret;

	copied = copy_from_iter(xenfs_framer_header(&c->framer), size, from);
	if (!copied)
		return -EFAULT;
	ret = xenfs_framer_took(&c->framer, copied);
	if (ret == XENFS_FRAMER_MORE)
		return 0;
	if (ret > 0) {
		c->partial = xenfs_request_alloc(c, kind_of(c->framer.hdr.type),
						 &c->framer.hdr);
		if (c->partial)
			return ret;
		ret = -ENOMEM;
	}
	iov_iter_revert(from, copied);
	c->framer = before;
	return ret;
}

static int write_payload(struct xenfs_connection *c, struct iov_iter *from)
{
	char *payload = xenfs_request_payload(c->partial);
	size_t size = min_t(size_t, xenfs_framer_wants(&c->framer),
			    iov_iter_count(from));
	size_t copied;

	copied = copy_from_iter(payload + xenfs_framer_body_offset(&c->framer),
				size, from);
	if (!copied)
		return -EFAULT;
	return xenfs_framer_took(&c->framer, copied);
}

/* Of a request that is complete: finds out what it says, once. */
static void submit(struct xenfs_connection *c, bool may_sleep)
{
	struct xenfs_request *req = c->partial;
	int err;

	c->partial = NULL;
	xenfs_framer_next(&c->framer);
	WRITE_ONCE(c->requests, c->requests + 1);
	trace_xenfs_request(c->number, req->msg);
	err = xenfs_message_parse(req->msg, xenfs_request_payload(req),
				  &req->args);
	if (c->read_only && err != -ENOSYS &&
	    xenfs_message_changes(req->msg->type))
		err = -EACCES;
	req->reply.error = err;
	xenfs_request_submit(req, may_sleep);
}

/* Takes some bytes, of one message at most. */
static int write_some(struct xenfs_connection *c, struct iov_iter *from,
		      const struct kiocb *iocb)
{
	int ret;

	if (xenfs_framer_idle(&c->framer)) {
		ret = wait_for_room(c, is_nowait(iocb));
		if (ret)
			return ret;
	}
	if (xenfs_framer_in_header(&c->framer))
		ret = write_header(c, from);
	else
		ret = write_payload(c, from);
	if (ret != XENFS_FRAMER_MESSAGE)
		return ret < 0 ? ret : 0;
	submit(c, !(iocb->ki_flags & IOCB_NOWAIT));
	return 0;
}

static ssize_t write_all(struct xenfs_connection *c, struct iov_iter *from,
			 const struct kiocb *iocb)
{
	size_t size = iov_iter_count(from);
	size_t taken;
	int err = 0;

	if (READ_ONCE(c->state) == XENFS_DEAD)
		return -EPIPE;
	while (iov_iter_count(from) && !err) {
		err = write_some(c, from, iocb);
		cond_resched();
	}
	xenfs_connection_begun(c, !xenfs_framer_idle(&c->framer));
	taken = size - iov_iter_count(from);
	if (taken)
		return taken;
	if (err == -E2BIG)
		xenfs_break(c, !(iocb->ki_flags & IOCB_NOWAIT));
	return err;
}

static ssize_t xenbus_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct xenfs_connection *c = iocb->ki_filp->private_data;
	ssize_t ret;

	if (!iov_iter_count(from))
		return 0;
	ret = lock_for_io(c, &c->write_mutex, is_nowait(iocb));
	if (ret)
		return ret;
	ret = write_all(c, from, iocb);
	unlock_after_io(c, &c->write_mutex);
	return ret;
}

/* --- Reading ------------------------------------------------------------ */

/* Copies what fits of a message, from @offset. Returns the bytes copied. */
static size_t copy_message(const struct xenfs_message *message, u32 offset,
			   struct iov_iter *to)
{
	const char *hdr = (const char *)&message->hdr;
	size_t size, copied = 0;

	if (offset < sizeof(message->hdr)) {
		size = sizeof(message->hdr) - offset;
		copied = copy_to_iter(hdr + offset, size, to);
		if (copied < size)
			return copied;
		offset = sizeof(message->hdr);
	}
	offset -= sizeof(message->hdr);
	size = message->hdr.len - offset;
	if (size)
		copied += copy_to_iter(message->body + offset, size, to);
	return copied;
}

/* Reads what is there and fits. Returns the bytes read, or -EFAULT if none. */
static ssize_t read_all(struct xenfs_connection *c, struct iov_iter *to)
{
	struct xenfs_message *message;
	size_t copied, total = 0;

	while (iov_iter_count(to) && (message = xenfs_connection_first(c))) {
		copied = copy_message(message, c->read_offset, to);
		total += copied;
		c->read_offset += copied;
		if (c->read_offset == sizeof(message->hdr) + message->hdr.len) {
			c->read_offset = 0;
			xenfs_connection_consume(c);
			cond_resched();
		} else if (iov_iter_count(to)) {
			return total ?: -EFAULT;
		}
	}
	return total;
}

/*
 * io_uring takes the file for a regular one, whose reads it repeats until the
 * buffer is full. An asynchronous read is therefore completed here: it returns
 * what there is, as any other (contract R1).
 */
static ssize_t end_read(struct kiocb *iocb, ssize_t ret)
{
	if (is_sync_kiocb(iocb) || ret <= 0)
		return ret;
	iocb->ki_complete(iocb, ret);
	return -EIOCBQUEUED;
}

static ssize_t xenbus_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct xenfs_connection *c = iocb->ki_filp->private_data;
	ssize_t ret;

	if (!iov_iter_count(to))
		return 0;
	/* Not known from others is the read that end_read() must not complete. */
	if (XENFS_URING_COMPLETES_TWICE && !is_sync_kiocb(iocb))
		return -EINVAL;
	do {
		ret = lock_for_io(c, &c->reply_mutex, is_nowait(iocb));
		if (ret)
			return ret;
		ret = read_all(c, to);
		unlock_after_io(c, &c->reply_mutex);
		if (ret)
			return end_read(iocb, ret);
		if (xenfs_connection_eof(c))
			return 0;
		if (is_nowait(iocb))
			return -EAGAIN;
		ret = wait_event_interruptible(c->waiters.queue,
					       xenfs_connection_readable(c));
	} while (!ret);
	return ret;
}

/* --- The rest ----------------------------------------------------------- */

/* How poll() and select() join a queue of waiters: what they wake is a task. */
static poll_queue_proc poll_joins;	/* set at init, then constant */

/**
 * xenfs_xenbus_init() - learn how poll() waits
 *
 * Context: module init.
 */
void __init xenfs_xenbus_init(void)
{
	struct poll_wqueues wait;

	poll_initwait(&wait);
	poll_joins = wait.pt._qproc;
	poll_freewait(&wait);
}

/*
 * The queue of waiters is joined before the state is looked at, and whoever
 * changes the state does so under the lock that the look takes, then wakes the
 * queue: no change is missed (contract R3).
 */
static __poll_t xenbus_poll(struct file *file, poll_table *wait)
{
	struct xenfs_connection *c = file->private_data;
	__poll_t events = 0;

	if (wait && wait->_qproc && wait->_qproc != poll_joins)
		xenfs_connection_chained(c);
	poll_wait(file, &c->waiters.queue, wait);
	if (xenfs_connection_readable(c))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(c->state) == XENFS_DEAD)
		events |= EPOLLHUP | EPOLLERR;
	else if (xenfs_connection_writable(c) || READ_ONCE(c->begun))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static void xenbus_show_fdinfo(struct seq_file *m, struct file *file)
{
	xenfs_fdinfo_show(m, file->private_data);
}

const struct file_operations xenfs_xenbus_fops = {
	.owner = THIS_MODULE,
	.open = xenbus_open,
	.release = xenbus_release,
	.read_iter = xenbus_read_iter,
	.write_iter = xenbus_write_iter,
	.poll = xenbus_poll,
	.show_fdinfo = xenbus_show_fdinfo,
	XENFS_FOPS_NOWAIT
};

const struct file_operations xenfs_xenbus_ro_fops = {
	.owner = THIS_MODULE,
	.open = xenbus_ro_open,
	.release = xenbus_release,
	.read_iter = xenbus_read_iter,
	.write_iter = xenbus_write_iter,
	.poll = xenbus_poll,
	.show_fdinfo = xenbus_show_fdinfo,
	XENFS_FOPS_NOWAIT
};

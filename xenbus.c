// SPDX-License-Identifier: GPL-2.0
/*
 * The file "xenbus": its operations, and the connection behind each open of it
 *
 * Bytes that are written become requests (request.c); replies and events are
 * read as one stream of bytes. The user's memory is touched here and nowhere
 * else, under one of the two mutexes that only this file takes.
 */
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <xen/xenbus.h>

#include "xenfs.h"

static void connection_free(struct kref *kref)
{
	kfree_rcu(container_of(kref, struct xenfs_connection, kref), rcu);
	module_put(THIS_MODULE);
}

/**
 * xenfs_connection_put() - drop a reference to a connection
 * @c: the connection
 *
 * The last one lets the module go; but module exit still waits for the
 * workqueue and for the xenbus thread, either of which may be in here.
 *
 * Context: any, without connection->lock.
 */
void xenfs_connection_put(struct xenfs_connection *c)
{
	kref_put(&c->kref, connection_free);
}

static void farewell_release(struct xenfs_message *reply)
{
	struct xenfs_request *req;

	req = container_of(reply, struct xenfs_request, reply);
	xenfs_connection_put(req->connection);
}

/**
 * xenfs_connection_alloc() - make a connection
 *
 * It holds the module; the caller must hold it, too.
 *
 * Context: process context; may sleep.
 * Return: the connection, with a reference for the caller, who must call
 * xenfs_connection_end() and xenfs_connection_put() for it; or NULL: no memory.
 */
struct xenfs_connection *xenfs_connection_alloc(void)
{
	struct xenfs_connection *c;

	c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return NULL;
	__module_get(THIS_MODULE);
	kref_init(&c->kref);
	mutex_init(&c->write_mutex);
	mutex_init(&c->reply_mutex);
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->queued);
	INIT_LIST_HEAD(&c->sent);
	INIT_LIST_HEAD(&c->unread);
	INIT_LIST_HEAD(&c->watches);
	INIT_LIST_HEAD(&c->transactions);
	INIT_LIST_HEAD(&c->turn);
	init_waitqueue_head(&c->read_wait);
	init_waitqueue_head(&c->write_wait);

	kref_get(&c->kref);	/* ended by farewell_release() */
	c->farewell_msg.type = XS_RESET_WATCHES;
	xenfs_request_embed(&c->farewell, c, &c->farewell_msg,
			    farewell_release);
	return c;
}

static int xenbus_open(struct inode *inode, struct file *file)
{
	struct xenfs_connection *c;

	if (!xen_store_evtchn)
		return -ENOENT;
	c = xenfs_connection_alloc();
	if (!c)
		return -ENOMEM;
	file->private_data = c;
	file->f_mode |= FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int xenbus_release(struct inode *inode, struct file *file)
{
	struct xenfs_connection *c = file->private_data;

	if (c->partial)
		xenfs_request_free(c->partial);
	xenfs_connection_end(c, XENFS_CLOSED);
	xenfs_connection_put(c);
	return 0;
}

/* Locks a mutex as the caller of a read or write wants it. */
static int lock_for_io(struct mutex *mutex, bool nowait)
{
	if (mutex_trylock(mutex))
		return 0;
	if (nowait)
		return -EAGAIN;
	return mutex_lock_interruptible(mutex) ? -ERESTARTSYS : 0;
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
	if (nowait)
		return -EAGAIN;
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
		c->partial = xenfs_request_alloc(c, &c->framer.hdr);
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
	char *payload = (char *)(c->partial->msg + 1);
	size_t size = min_t(size_t, xenfs_framer_wants(&c->framer),
			    iov_iter_count(from));
	size_t copied;

	copied = copy_from_iter(payload + xenfs_framer_body_offset(&c->framer),
				size, from);
	if (!copied)
		return -EFAULT;
	return xenfs_framer_took(&c->framer, copied);
}

/* Takes some bytes, of one message at most. */
static int write_some(struct xenfs_connection *c, struct iov_iter *from,
		      const struct kiocb *iocb)
{
	struct xenfs_request *req;
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

	req = c->partial;
	c->partial = NULL;
	xenfs_framer_next(&c->framer);
	xenfs_request_submit(req, !(iocb->ki_flags & IOCB_NOWAIT));
	return 0;
}

/* What was begun may be completed, even if there is no room: poll says so. */
static void note_begun(struct xenfs_connection *c)
{
	bool begun = !xenfs_framer_idle(&c->framer);

	lockdep_assert_held(&c->write_mutex);
	if (c->begun == begun)
		return;
	spin_lock(&c->lock);
	WRITE_ONCE(c->begun, begun);
	if (begun)
		wake_up_poll(&c->read_wait, EPOLLOUT | EPOLLWRNORM);
	spin_unlock(&c->lock);
}

static ssize_t write_all(struct xenfs_connection *c, struct iov_iter *from,
			 const struct kiocb *iocb)
{
	size_t size = iov_iter_count(from);
	size_t taken;
	int err = 0;

	if (READ_ONCE(c->state) == XENFS_DEAD)
		return -EPIPE;
	while (iov_iter_count(from) && !err)
		err = write_some(c, from, iocb);
	note_begun(c);
	taken = size - iov_iter_count(from);
	if (taken)
		return taken;
	if (err == -E2BIG)
		xenfs_connection_end(c, XENFS_DEAD);
	return err;
}

static ssize_t xenbus_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct xenfs_connection *c = iocb->ki_filp->private_data;
	ssize_t ret;

	if (!iov_iter_count(from))
		return 0;
	ret = lock_for_io(&c->write_mutex, is_nowait(iocb));
	if (ret)
		return ret;
	ret = write_all(c, from, iocb);
	mutex_unlock(&c->write_mutex);
	return ret;
}

/* --- Reading ------------------------------------------------------------ */

/*
 * The first unread message stays what and where it is while reply_mutex is
 * held: others only add behind it.
 */
static struct xenfs_message *first_unread(struct xenfs_connection *c)
{
	struct xenfs_message *message;

	lockdep_assert_held(&c->reply_mutex);
	spin_lock(&c->lock);
	message = list_first_entry_or_null(&c->unread, struct xenfs_message,
					   list);
	spin_unlock(&c->lock);
	return message;
}

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

	while (iov_iter_count(to) && (message = first_unread(c))) {
		copied = copy_message(message, c->read_offset, to);
		total += copied;
		c->read_offset += copied;
		if (c->read_offset == sizeof(message->hdr) + message->hdr.len) {
			c->read_offset = 0;
			xenfs_connection_consume(c);
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
	do {
		ret = lock_for_io(&c->reply_mutex, is_nowait(iocb));
		if (ret)
			return ret;
		ret = read_all(c, to);
		mutex_unlock(&c->reply_mutex);
		if (ret)
			return end_read(iocb, ret);
		if (xenfs_connection_eof(c))
			return 0;
		if (is_nowait(iocb))
			return -EAGAIN;
		ret = wait_event_interruptible(c->read_wait,
					       xenfs_connection_readable(c));
	} while (!ret);
	return ret;
}

/* --- The rest ----------------------------------------------------------- */

/*
 * The queue of waiters is joined before the state is looked at, and whoever
 * changes the state does so under the lock that the look takes, then wakes the
 * queue: no change is missed (contract R3).
 */
static __poll_t xenbus_poll(struct file *file, poll_table *wait)
{
	struct xenfs_connection *c = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &c->read_wait, wait);
	if (xenfs_connection_readable(c))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(c->state) == XENFS_DEAD)
		events |= EPOLLHUP | EPOLLERR;
	else if (xenfs_connection_writable(c) || READ_ONCE(c->begun))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

static unsigned int count(struct list_head *list)
{
	return list_count_nodes(list);
}

/* What the open holds, in /proc/PID/fdinfo/FD. */
static void xenbus_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct xenfs_connection *c = file->private_data;

	spin_lock(&c->lock);
	seq_printf(m, "requests-queued:\t%u\n", count(&c->queued));
	seq_printf(m, "requests-in-flight:\t%u\n", c->in_flight);
	seq_printf(m, "request-bytes:\t%u\n", c->queued_bytes);
	seq_printf(m, "messages-unread:\t%u\n", count(&c->unread));
	seq_printf(m, "reply-bytes:\t%u\n", c->unread_bytes);
	seq_printf(m, "event-bytes:\t%u\n", c->event_bytes);
	seq_printf(m, "watches:\t%u\n", count(&c->watches));
	seq_printf(m, "watch-bytes:\t%u\n", c->watch_bytes);
	seq_printf(m, "transactions:\t%u\n", count(&c->transactions));
	spin_unlock(&c->lock);
}

const struct file_operations xenfs_xenbus_fops = {
	.owner = THIS_MODULE,
	.open = xenbus_open,
	.release = xenbus_release,
	.read_iter = xenbus_read_iter,
	.write_iter = xenbus_write_iter,
	.poll = xenbus_poll,
	.show_fdinfo = xenbus_show_fdinfo,
};

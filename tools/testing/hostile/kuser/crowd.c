// SPDX-License-Identifier: GPL-2.0
/*
 * Waiters that tell who woke them, for tests: as this is loaded, it joins a file's
 * queue as many times as poll() with the same descriptor would. A process can't
 * see whose time its wake-up took.
 */
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define WAITERS_MAX	1000

static int fd = -1;
module_param(fd, int, 0);
MODULE_PARM_DESC(fd, "the file, as who loads this has it");

static unsigned int waiters = 1;
module_param(waiters, uint, 0);

static atomic_t by_worker, by_others;

static int show(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops count_ops = { .get = show };
module_param_cb(by_worker, &count_ops, &by_worker, 0444);
MODULE_PARM_DESC(by_worker, "calls of waiters by a workqueue's thread");
module_param_cb(by_others, &count_ops, &by_others, 0444);
MODULE_PARM_DESC(by_others, "calls of waiters by any other thread");

static struct poll_wqueues *crowd;
static struct file *file;

static int woken(struct wait_queue_entry *wait, unsigned int mode, int sync,
		 void *key)
{
	atomic_inc(current->flags & PF_WQ_WORKER ? &by_worker : &by_others);
	return 1;
}

static void join(struct poll_wqueues *wait)
{
	poll_initwait(wait);
	vfs_poll(file, &wait->pt);
	/* One who is told in between is told as poll() is. */
	if (wait->inline_index)
		WRITE_ONCE(wait->inline_entries[0].wait.func, woken);
}

static int __init crowd_init(void)
{
	unsigned int i;

	if (!waiters || waiters > WAITERS_MAX)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	crowd = vcalloc(waiters, sizeof(*crowd));
	if (!crowd) {
		fput(file);
		return -ENOMEM;
	}
	for (i = 0; i < waiters; i++)
		join(&crowd[i]);
	return 0;
}

static void __exit crowd_exit(void)
{
	unsigned int i;

	for (i = 0; i < waiters; i++)
		poll_freewait(&crowd[i]);
	vfree(crowd);
	fput(file);
}

module_init(crowd_init);
module_exit(crowd_exit);
MODULE_DESCRIPTION("Waiters that tell who woke them, for tests");
MODULE_LICENSE("GPL");

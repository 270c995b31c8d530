// SPDX-License-Identifier: GPL-2.0
/*
 * Waiters that tell who woke them, for tests: as this is loaded, it joins a file's
 * queue as many times as poll() with the same descriptor would. A process can't
 * see whose time its wake-up took.
 */
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#define WAITERS_MAX	1000

static int fd = -1;
module_param(fd, int, 0);
MODULE_PARM_DESC(fd, "the file, as who loads this has it");

static int other = -1;
module_param(other, int, 0);
MODULE_PARM_DESC(other, "another one: whoever waits for the first is kept until one is woken who waits for this");

static unsigned int waiters = 1;
module_param(waiters, uint, 0);

static atomic_t by_worker, by_others, others_woken, together;

static int show(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d\n", atomic_read((atomic_t *)kp->arg));
}

static const struct kernel_param_ops count_ops = { .get = show };
module_param_cb(by_worker, &count_ops, &by_worker, 0444);
MODULE_PARM_DESC(by_worker, "calls of waiters by a workqueue's thread");
module_param_cb(by_others, &count_ops, &by_others, 0444);
MODULE_PARM_DESC(by_others, "calls of waiters by any other thread");

module_param_cb(together, &count_ops, &together, 0444);
MODULE_PARM_DESC(together, "were those of the other file woken while one of the first was kept?");

/*
 * By then they were not woken at the same time: the other worker may be on this very
 * processor, which nobody is told of with interrupts off.
 */
#define KEPT_NS		(NSEC_PER_SEC / 2)

static struct poll_wqueues *crowd, *other_crowd;
static struct file *file, *other_file;

/* As if very many were woken: under the queue's lock, with interrupts off. Once. */
static void keep(void)
{
	u64 end = ktime_get_ns() + KEPT_NS;
	static bool kept;	/* the queue's lock */

	if (kept)
		return;
	kept = true;
	while (!atomic_read(&others_woken) && ktime_get_ns() < end)
		cpu_relax();
	atomic_set(&together, !!atomic_read(&others_woken));
}

static int woken(struct wait_queue_entry *wait, unsigned int mode, int sync,
		 void *key)
{
	atomic_inc(current->flags & PF_WQ_WORKER ? &by_worker : &by_others);
	if (other_file)
		keep();
	return 1;
}

static int other_woken(struct wait_queue_entry *wait, unsigned int mode,
		       int sync, void *key)
{
	atomic_inc(&others_woken);
	return 1;
}

static struct poll_wqueues *join(struct file *f, wait_queue_func_t func)
{
	struct poll_wqueues *ret = vcalloc(waiters, sizeof(*ret));
	unsigned int i;

	for (i = 0; ret && i < waiters; i++) {
		poll_initwait(&ret[i]);
		vfs_poll(f, &ret[i].pt);
		/* One who is told in between is told as poll() is. */
		if (ret[i].inline_index)
			WRITE_ONCE(ret[i].inline_entries[0].wait.func, func);
	}
	return ret;
}

static void leave(struct poll_wqueues *those)
{
	unsigned int i;

	for (i = 0; those && i < waiters; i++)
		poll_freewait(&those[i]);
	vfree(those);
}

static void crowd_stop(void)
{
	leave(crowd);
	leave(other_crowd);
	if (file)
		fput(file);
	if (other_file)
		fput(other_file);
}

static int __init crowd_init(void)
{
	int err = -EBADF;

	if (!waiters || waiters > WAITERS_MAX)
		return -EINVAL;
	file = fget(fd);
	if (other >= 0)
		other_file = fget(other);
	if (!file || (other >= 0 && !other_file))
		goto stop;
	err = -ENOMEM;
	crowd = join(file, woken);
	if (other_file)
		other_crowd = join(other_file, other_woken);
	if (crowd && (other_crowd || !other_file))
		return 0;
stop:
	crowd_stop();
	return err;
}

static void __exit crowd_exit(void)
{
	crowd_stop();
}

module_init(crowd_init);
module_exit(crowd_exit);
MODULE_DESCRIPTION("Waiters that tell who woke them, for tests");
MODULE_LICENSE("GPL");

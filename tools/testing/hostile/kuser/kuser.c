// SPDX-License-Identifier: GPL-2.0
/*
 * A user of xenstore in the kernel, for tests: a thread that writes a node,
 * reads it back and waits for the event of its watch, over and over. It needs
 * the xenbus thread for the replies and the xenwatch thread for the event.
 * What it has done stands in /sys/module/kuser/parameters.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <xen/xenbus.h>

static unsigned long successes;
module_param(successes, ulong, 0444);
MODULE_PARM_DESC(successes, "rounds that went well");

static unsigned long failures;
module_param(failures, ulong, 0444);
MODULE_PARM_DESC(failures, "rounds that did not");

static struct task_struct *thread;
static DECLARE_COMPLETION(fired);

static void watch_fired(struct xenbus_watch *watch, const char *path,
			const char *token)
{
	complete(&fired);
}

static struct xenbus_watch watch = {
	.node = "xenfs-kuser/round",
	.callback = watch_fired,
};

static bool one_round(unsigned long n)
{
	unsigned long got = 0;

	reinit_completion(&fired);
	if (xenbus_printf(XBT_NIL, "xenfs-kuser", "round", "%lu", n))
		return false;
	if (xenbus_scanf(XBT_NIL, "xenfs-kuser", "round", "%lu", &got) != 1)
		return false;
	/* There is no limit: a test sees that the rounds don't go on. */
	while (!wait_for_completion_timeout(&fired, HZ / 10))
		if (kthread_should_stop())
			break;
	return got == n;
}

static int kuser_thread(void *unused)
{
	unsigned long n = 0;

	if (register_xenbus_watch(&watch)) {
		failures++;
		watch.node = NULL;
	}
	while (!kthread_should_stop()) {
		if (watch.node && one_round(n++))
			successes++;
		else
			failures++;
		usleep_range(10000, 12000);
	}
	if (watch.node)
		unregister_xenbus_watch(&watch);
	return 0;
}

static int __init kuser_init(void)
{
	thread = kthread_run(kuser_thread, NULL, "kuser");
	return PTR_ERR_OR_ZERO(thread);
}

static void __exit kuser_exit(void)
{
	kthread_stop(thread);
}

module_init(kuser_init);
module_exit(kuser_exit);
MODULE_DESCRIPTION("A user of xenstore in the kernel, for tests");
MODULE_LICENSE("GPL");

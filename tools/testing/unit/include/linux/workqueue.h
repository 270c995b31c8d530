/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: what is queued is for the test to run. */
#ifndef XENFS_UNIT_LINUX_WORKQUEUE_H
#define XENFS_UNIT_LINUX_WORKQUEUE_H

#include <linux/types.h>

#define HZ	100

struct workqueue_struct;

struct work_struct {
	void (*func)(struct work_struct *work);
};

typedef void (*work_func_t)(struct work_struct *work);

struct delayed_work {
	struct work_struct work;
};

#define INIT_WORK(to_do, function)		((to_do)->func = (function))
#define INIT_DELAYED_WORK(to_do, function)	INIT_WORK(&(to_do)->work, function)

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
			unsigned long delay);
bool flush_work(struct work_struct *work);
bool cancel_delayed_work_sync(struct delayed_work *work);

#endif /* XENFS_UNIT_LINUX_WORKQUEUE_H */

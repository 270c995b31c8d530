/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: locks of one thread, that knows which it holds. */
#ifndef XENFS_UNIT_LINUX_SPINLOCK_H
#define XENFS_UNIT_LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/types.h>

#define spinlock_t		struct spinlock

struct spinlock {
	bool held;
};

#define __SPIN_LOCK_UNLOCKED(name)	{ false }
#define __releases(lock)

#define lockdep_assert_held(lock)	WARN_ON_ONCE(!(lock)->held)

static inline void spin_lock(spinlock_t *lock)
{
	WARN_ON_ONCE(lock->held);
	lock->held = true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	WARN_ON_ONCE(!lock->held);
	lock->held = false;
}

#endif /* XENFS_UNIT_LINUX_SPINLOCK_H */

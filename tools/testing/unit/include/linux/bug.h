/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: what the kernel would warn of fails the test. */
#ifndef XENFS_UNIT_LINUX_BUG_H
#define XENFS_UNIT_LINUX_BUG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WARN_ON_ONCE(condition)					\
({									\
	int warn_on = !!(condition);					\
									\
	mock_assert(!warn_on, "no warning: " #condition, __FILE__, __LINE__); \
	warn_on;							\
})

#endif /* XENFS_UNIT_LINUX_BUG_H */

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "deadline.h"
#include "pages.h"
#include "tap.h"

#define PAGE	4096UL

char *fault_edge(size_t size)
{
	size_t len = (size + PAGE - 1) & ~(PAGE - 1);
	char *p = mmap(NULL, len + PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + len, PAGE, PROT_NONE))
		bail("mmap: %s", strerror(errno));
	return p + len - size;
}

char *fault_page(void)
{
	char *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		bail("mmap: %s", strerror(errno));
	return p;
}

bool lazy_page(struct lazy_page *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	page->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (page->uffd < 0 || ioctl(page->uffd, UFFDIO_API, &api))
		return false;
	page->addr = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page->addr == MAP_FAILED)
		return false;
	reg.range.start = (uintptr_t)page->addr;
	reg.range.len = PAGE;
	return !ioctl(page->uffd, UFFDIO_REGISTER, &reg);
}

bool lazy_wait(struct lazy_page *page, int timeout_ms)
{
	struct uffd_msg event;

	if (!(poll_for(page->uffd, POLLIN, timeout_ms) & POLLIN))
		return false;
	return read(page->uffd, &event, sizeof(event)) == sizeof(event);
}

void lazy_resolve(struct lazy_page *page, const void *data, size_t len)
{
	static char source[PAGE] __attribute__((aligned(PAGE)));
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page->addr,
		.src = (uintptr_t)source,
		.len = PAGE,
	};

	memset(source, 0, PAGE);
	if (len)
		memcpy(source, data, len);
	if (ioctl(page->uffd, UFFDIO_COPY, &copy))
		diag("UFFDIO_COPY: %s", strerror(errno));
	close(page->uffd);
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "tap.h"

int deadline_ms(void)
{
	return 3000 * slow();
}

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void sleep_ms(int ms)
{
	usleep(ms * 1000);
}

short poll_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	long end = now_ms() + timeout_ms;
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
		timeout_ms = end > now_ms() ? end - now_ms() : 0;
	} while (n < 0 && errno == EINTR);
	return n > 0 ? p.revents : 0;
}

short poll_now(int fd, short events)
{
	return poll_for(fd, events, 0);
}

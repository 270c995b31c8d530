// SPDX-License-Identifier: GPL-2.0
/*
 * The test as the server, which stands still meanwhile: it reads requests from the
 * ring in the store's page, and writes what it likes. Nobody tells the kernel: it
 * looks at the ring when it has something to write. When the server goes on it
 * finds the ring as if it had been there itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "deadline.h"
#include "pretend.h"
#include "server.h"
#include "tap.h"
#include "target.h"

#define RING	1024

/* Ways to the store's page: one that does not hold xenfs, a module of the tests, or its own */
#define ELSEWHERE	"/dev/xsd_kva"
#define OWN		"/proc/xen/xsd_kva"

/* struct xenstore_domain_interface of Xen's xs_wire.h */
static volatile struct page {
	char req[RING], rsp[RING];
	uint32_t req_cons, req_prod;
	uint32_t rsp_cons, rsp_prod;
	uint32_t server_features;
} *page;

static bool stands_still(void)
{
	long end = now_ms() + PATIENCE_MS;
	char path[64], state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", server_pid());
	do {
		f = fopen(path, "r");
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		if (f)
			fclose(f);
		if (state == 'T')
			return true;
		sleep_ms(10);
	} while (now_ms() < end);
	return false;
}

static void map_page(void)
{
	int fd;

	if (page)
		return;
	fd = open(ELSEWHERE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = open(OWN, O_RDWR | O_CLOEXEC);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		bail("the store's page: %s", strerror(errno));
	close(fd);
}

/* Those that there are stay. Forgotten at the end of the program. */
static uint32_t features;

static void forget_features(void)
{
	page->server_features = features;
}

void pretend_features(uint32_t more)
{
	static bool known;

	map_page();
	if (!known) {
		known = true;
		features = page->server_features;
		atexit(forget_features);
	}
	page->server_features = features | more;
}

bool can_pretend(const char *what)
{
	if (server_is_c() && !server_is_remote())
		return true;
	skip("the store's page is elsewhere", "%s", what);
	return false;
}

void pretend_begin(void)
{
	map_page();
	if (!server_stop() || !stands_still())
		bail("the server can't be stopped");
}

void pretend_end(void)
{
	server_continue();
}

/* What was on the ring last, the oldest byte first */
void pretend_past(char past[RING])
{
	uint32_t prod = __atomic_load_n(&page->req_prod, __ATOMIC_ACQUIRE);
	unsigned int i;

	for (i = 0; i < RING; i++)
		past[i] = page->req[(prod + i) % RING];
}

bool pretend_has_request(void)
{
	return page->req_cons != __atomic_load_n(&page->req_prod, __ATOMIC_ACQUIRE);
}

static bool take(char *to, size_t len)
{
	long end = now_ms() + PATIENCE_MS;
	uint32_t cons = page->req_cons;

	while (len) {
		if (cons == __atomic_load_n(&page->req_prod, __ATOMIC_ACQUIRE)) {
			if (now_ms() > end)
				return false;
			sleep_ms(1);
			continue;
		}
		*to++ = page->req[cons++ % RING];
		len--;
		__atomic_store_n(&page->req_cons, cons, __ATOMIC_RELEASE);
	}
	return true;
}

bool pretend_receive(struct msg *m)
{
	return take((char *)&m->hdr, HEADER) && m->hdr.len <= PAYLOAD_MAX &&
	       take(m->body, m->hdr.len);
}

static void put(const char *from, size_t len)
{
	uint32_t prod = page->rsp_prod;

	if (prod + len - __atomic_load_n(&page->rsp_cons, __ATOMIC_ACQUIRE) > RING)
		bail("more than the ring has room for");
	while (len--)
		page->rsp[prod++ % RING] = *from++;
	__atomic_store_n(&page->rsp_prod, prod, __ATOMIC_RELEASE);
}

void pretend_send(uint32_t type, const struct msg *request, const void *body,
		  size_t len)
{
	struct xsd_sockmsg hdr = { .type = type, .len = len };

	if (request) {
		hdr.req_id = request->hdr.req_id;
		hdr.tx_id = request->hdr.tx_id;
	}
	put((char *)&hdr, sizeof(hdr));
	put(body, len);
}

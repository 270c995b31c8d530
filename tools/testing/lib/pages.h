/* SPDX-License-Identifier: GPL-2.0 */
/* Pages that are not there, or not yet */
#ifndef PAGES_H
#define PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* A page with an unmapped one behind it: size bytes that end at its edge */
char *fault_edge(size_t size);
char *fault_page(void);

/* A page that faults until it is resolved */
struct lazy_page {
	int uffd;
	char *addr;
};

bool lazy_page(struct lazy_page *page);
/* Wait until somebody sleeps on it. */
bool lazy_wait(struct lazy_page *page, int timeout_ms);
void lazy_resolve(struct lazy_page *page, const void *data, size_t len);

#endif

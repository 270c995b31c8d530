/* SPDX-License-Identifier: GPL-2.0 */
/* Userspace stand-in: lists, whose corruption is looked for as by CONFIG_DEBUG_LIST. */
#ifndef XENFS_UNIT_LINUX_LIST_H
#define XENFS_UNIT_LINUX_LIST_H

#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/types.h>

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }

#define list_entry		container_of

#define list_first_entry_or_null(list, type, member) \
	(list_empty(list) ? NULL : list_entry((list)->next, type, member))

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *new, struct list_head *list)
{
	WARN_ON_ONCE(list->prev->next != list || new == list || new == list->prev);
	new->next = list;
	new->prev = list->prev;
	new->prev->next = new;
	list->prev = new;
}

static inline void list_del_init(struct list_head *entry)
{
	WARN_ON_ONCE(entry->prev->next != entry || entry->next->prev != entry);
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	INIT_LIST_HEAD(entry);
}

#endif /* XENFS_UNIT_LINUX_LIST_H */

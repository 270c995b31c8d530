// SPDX-License-Identifier: GPL-2.0
/*
 * What an open has, and waits for, in /proc/PID/fdinfo/FD
 *
 * Who looks holds nobody up for longer than it takes to count: watches, whose
 * paths may be long, are taken one at a time.
 */
#include <linux/list.h>

#include "fdinfo.h"
#include "request.h"
#include "transaction.h"
#include "watch.h"

/* Of more watches there is but their number: to find one is to count again. */
#define WATCHES_SHOWN	256

/* list_count_nodes() is of 6.3. */
static unsigned int count(const struct list_head *list)
{
	const struct list_head *entry;
	unsigned int n = 0;

	list_for_each(entry, list)
		n++;
	return n;
}

/*
 * What has to come before the next thing that the open asked for; NULL: nothing.
 * @behind: others in the line for a transaction, or -1
 */
static const char *waits_for(struct xenfs_connection *c, int behind)
{
	struct xenfs_request *next;

	lockdep_assert_held(&c->lock);
	next = list_first_entry_or_null(&c->queued, struct xenfs_request,
					reply.list);
	if (!next)
		return c->in_flight ? "xenstored" : NULL;
	if (behind >= 0)
		return "transaction";
	/* turns.lock guards it; as old as what is read is. */
	if (data_race(c->parked))
		return next->reply.reserved ? "xenstored" : "memory";
	if (c->barrier || (next->kind->alone && !list_empty(&c->sent)))
		return "xenstored";
	return xenfs_connection_has_reply_room(c) ? "turn" : "reader";
}

static void show_counts(struct seq_file *m, struct xenfs_connection *c)
{
	const char *why;
	int behind;

	spin_lock(&c->lock);
	behind = xenfs_transaction_behind(c);
	why = waits_for(c, behind);
	seq_printf(m, "open:\t%u\n", c->number);
	seq_printf(m, "requests:\t%u\n", READ_ONCE(c->requests));
	seq_printf(m, "requests-queued:\t%u\n", count(&c->queued));
	seq_printf(m, "requests-in-flight:\t%u\n", c->in_flight);
	seq_printf(m, "request-bytes:\t%u\n", c->queued_bytes);
	seq_printf(m, "messages-unread:\t%u\n", count(&c->unread));
	seq_printf(m, "reply-bytes:\t%u\n", c->unread_bytes);
	seq_printf(m, "events:\t%u\n", c->events);
	seq_printf(m, "event-bytes:\t%u\n", c->event_bytes);
	seq_printf(m, "watches:\t%u\n", count(&c->watches));
	seq_printf(m, "watch-bytes:\t%u\n", c->watch_bytes);
	seq_printf(m, "transactions:\t%u\n", count(&c->transactions));
	if (why)
		seq_printf(m, "waits-for:\t%s\n", why);
	if (behind >= 0)
		seq_printf(m, "transaction-waits-behind:\t%d\n", behind);
	spin_unlock(&c->lock);
}

/* A client's bytes, as one word */
static void show_word(struct seq_file *m, const char *word)
{
	seq_putc(m, ' ');
	seq_escape(m, *word ? word : " ", " \t\n\\");
}

/* Path, token, depth; events that were merged with one, or with the last one */
static void show_watch(struct seq_file *m, struct xenfs_connection *c,
		       struct xenfs_event_source *source)
{
	u32 depth, merged, collapsed;

	spin_lock(&c->lock);
	depth = source->depth;
	merged = source->merged;
	collapsed = source->collapses;
	spin_unlock(&c->lock);
	seq_puts(m, "watch:\t");
	if (depth == XENFS_DEPTH_ANY)
		seq_putc(m, '-');
	else
		seq_printf(m, "%u", depth);
	seq_printf(m, " %u %u", merged, collapsed);
	show_word(m, source->token);
	show_word(m, source->path);
	seq_putc(m, '\n');
}

/**
 * xenfs_fdinfo_show() - write it down
 * @m: where
 * @c: the connection
 *
 * Context: process context; takes connection->lock, and lets go of it.
 */
void xenfs_fdinfo_show(struct seq_file *m, struct xenfs_connection *c)
{
	struct xenfs_event_source *source;
	unsigned int n;

	show_counts(m, c);
	for (n = 0; n < WATCHES_SHOWN && !seq_has_overflowed(m); n++) {
		source = xenfs_watch_get(c, n);
		if (!source)
			break;
		show_watch(m, c, source);
		spin_lock(&c->lock);
		xenfs_event_source_put(source);
		spin_unlock(&c->lock);
		cond_resched();
	}
}

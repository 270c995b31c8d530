/* SPDX-License-Identifier: GPL-2.0 */
/* The unit tests, and what they share */
#ifndef XENFS_UNIT_MESSAGE_TEST_H
#define XENFS_UNIT_MESSAGE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/kernel.h>

#include "cutter.h"
#include "syntax.h"

/* A string literal's bytes, without the nul that the compiler adds. */
#define BYTES(literal)	literal, sizeof(literal) - 1

/* A copy at the very end of its memory, so that reading on is seen. */
static inline char *exact(const char *bytes, size_t len)
{
	char *copy;

	if (!len)
		return NULL;
	copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	return copy;
}

/* framer_test.c */
void framer_any_split(void **state);
void framer_byte_by_byte(void **state);
void framer_random_splits(void **state);
void framer_states(void **state);
void framer_longest_payload(void **state);
void framer_bad_header(void **state);

/* syntax_test.c */
void syntax_table(void **state);
void syntax_one_string(void **state);
void syntax_exhaustive(void **state);
void syntax_unknown_types(void **state);
void looks_or_changes(void **state);
void start_within_transaction(void **state);
void end_commits(void **state);

/* watch_test.c */
void watch_arguments(void **state);
void event_levels(void **state);
void tokens(void **state);
void tokens_garbage(void **state);

/* reply_test.c */
void error_names(void **state);
void replies(void **state);

/* share_test.c */
void share_alone(void **state);
void share_equal_parts(void **state);
void share_beside_a_call(void **state);
void share_beside_many(void **state);
void share_random(void **state);

/* turns_test.c */
void turns_in_order(void **state);
void turns_beside_a_flood(void **state);
void turns_one_at_a_time(void **state);
void turns_as_another_leaves(void **state);
void turns_several_at_once(void **state);
void turns_beside_overtaken(void **state);
void turns_retry_all(void **state);
void turns_of_who_closes(void **state);
void turns_that_give_back(void **state);
void turns_of_who_is_answered_here(void **state);
void turns_beside_a_line(void **state);
void turns_random(void **state);

#endif /* XENFS_UNIT_MESSAGE_TEST_H */

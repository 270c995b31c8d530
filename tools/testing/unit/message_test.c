// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests: each group names the contract's clauses it holds. `message_test PATTERN`
 * runs some.
 */
#include "message_test.h"

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(framer_any_split),
		cmocka_unit_test(framer_byte_by_byte),
		cmocka_unit_test(framer_random_splits),
		cmocka_unit_test(framer_states),
		cmocka_unit_test(framer_longest_payload),
		cmocka_unit_test(framer_bad_header),
		cmocka_unit_test(syntax_table),
		cmocka_unit_test(syntax_one_string),
		cmocka_unit_test(syntax_exhaustive),
		cmocka_unit_test(syntax_unknown_types),
		cmocka_unit_test(looks_or_changes),
		cmocka_unit_test(start_within_transaction),
		cmocka_unit_test(watch_arguments),
		cmocka_unit_test(event_levels),
		cmocka_unit_test(end_commits),
		cmocka_unit_test(error_names),
		cmocka_unit_test(replies),
		cmocka_unit_test(tokens),
		cmocka_unit_test(tokens_garbage),
		cmocka_unit_test(share_alone),
		cmocka_unit_test(share_equal_parts),
		cmocka_unit_test(share_beside_a_call),
		cmocka_unit_test(share_beside_many),
		cmocka_unit_test(share_random),
		cmocka_unit_test(turns_in_order),
		cmocka_unit_test(turns_beside_a_flood),
		cmocka_unit_test(turns_one_at_a_time),
		cmocka_unit_test(turns_as_another_leaves),
		cmocka_unit_test(turns_several_at_once),
		cmocka_unit_test(turns_beside_overtaken),
		cmocka_unit_test(turns_retry_all),
		cmocka_unit_test(turns_of_who_closes),
		cmocka_unit_test(turns_that_give_back),
		cmocka_unit_test(turns_of_who_is_answered_here),
		cmocka_unit_test(turns_beside_a_line),
		cmocka_unit_test(turns_random),
	};

	/* One alone, or those of a pattern: turns.c remembers what failed before. */
	cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}

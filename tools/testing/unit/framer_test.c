// SPDX-License-Identifier: GPL-2.0
/* Framing: W1, W2 */
#include <stdlib.h>

#include "message_test.h"

static size_t put_message(char *to, u32 type, u32 len)
{
	struct xsd_sockmsg hdr = { type, type * 7 + 1, type * 11 + 2, len };
	u32 i;

	memcpy(to, &hdr, sizeof(hdr));
	for (i = 0; i < len; i++)
		to[sizeof(hdr) + i] = (char)(i * 31 + type);
	return sizeof(hdr) + len;
}

/* Messages of all sizes, and the beginning of one more. */
static char *make_stream(size_t *len)
{
	static const u32 sizes[] = { 0, 1, 15, 0, 0, 16, 17, 200, 3 };
	char *stream = malloc(4096);
	size_t at = 0;
	size_t i;

	assert_non_null(stream);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		at += put_message(stream + at, i, sizes[i]);
	put_message(stream + at, i, 9);
	*len = at + sizeof(struct xsd_sockmsg) + 4;
	return stream;
}

static void feed_all(struct cutter *c, const char *bytes, size_t len)
{
	assert_int_equal(cutter_feed(c, bytes, len), len);
}

void framer_any_split(void **state)
{
	struct cutter whole = {};
	size_t len, i, j;
	char *stream = make_stream(&len);

	(void)state;
	feed_all(&whole, stream, len);
	assert_int_equal(whole.messages, 9);
	assert_int_equal(whole.out_len, len - sizeof(struct xsd_sockmsg) - 4);
	assert_memory_equal(whole.out, stream, whole.out_len);
	assert_int_equal(whole.framer.taken, sizeof(struct xsd_sockmsg) + 4);

	for (i = 0; i <= len; i++) {
		for (j = i; j <= len; j++) {
			struct cutter c = {};

			feed_all(&c, stream, i);
			feed_all(&c, stream + i, j - i);
			feed_all(&c, stream + j, len - j);
			assert_true(cutter_equal(&whole, &c));
			cutter_free(&c);
		}
	}
	cutter_free(&whole);
	free(stream);
}

void framer_byte_by_byte(void **state)
{
	struct cutter whole = {}, c = {};
	size_t len, i;
	char *stream = make_stream(&len);

	(void)state;
	feed_all(&whole, stream, len);
	for (i = 0; i < len; i++)
		feed_all(&c, stream + i, 1);
	assert_true(cutter_equal(&whole, &c));
	cutter_free(&c);
	cutter_free(&whole);
	free(stream);
}

void framer_random_splits(void **state)
{
	static char stream[8 * (sizeof(struct xsd_sockmsg) +
				XENSTORE_PAYLOAD_MAX)];
	int round, i;

	(void)state;
	srand(1);
	for (round = 0; round < 500; round++) {
		struct cutter whole = {}, c = {};
		size_t len = 0, at, n;

		for (i = 0; i < 8; i++)
			len += put_message(stream + len, rand(), rand() % 2 ?
					   rand() % 32 :
					   rand() % (XENSTORE_PAYLOAD_MAX + 1));
		feed_all(&whole, stream, len);
		assert_int_equal(whole.messages, 8);
		for (at = 0; at < len; at += n) {
			n = 1 + rand() % 700;
			if (n > len - at)
				n = len - at;
			feed_all(&c, stream + at, n);
		}
		assert_true(cutter_equal(&whole, &c));
		cutter_free(&c);
		cutter_free(&whole);
	}
}

void framer_states(void **state)
{
	struct xenfs_framer f = {};
	struct xsd_sockmsg hdr = { .len = 3 };

	(void)state;
	assert_true(xenfs_framer_idle(&f));
	assert_true(xenfs_framer_in_header(&f));
	assert_int_equal(xenfs_framer_wants(&f), 16);
	assert_ptr_equal(xenfs_framer_header(&f), &f.hdr);

	memcpy(xenfs_framer_header(&f), &hdr, 5);
	assert_int_equal(xenfs_framer_took(&f, 5), XENFS_FRAMER_MORE);
	assert_false(xenfs_framer_idle(&f));
	assert_true(xenfs_framer_in_header(&f));
	assert_int_equal(xenfs_framer_wants(&f), 11);
	assert_ptr_equal(xenfs_framer_header(&f), (char *)&f.hdr + 5);
	assert_int_equal(xenfs_framer_took(&f, 0), XENFS_FRAMER_MORE);

	memcpy(xenfs_framer_header(&f), (char *)&hdr + 5, 11);
	assert_int_equal(xenfs_framer_took(&f, 11), XENFS_FRAMER_HEADER);
	assert_false(xenfs_framer_in_header(&f));
	assert_int_equal(xenfs_framer_body_offset(&f), 0);
	assert_int_equal(xenfs_framer_wants(&f), 3);
	assert_int_equal(xenfs_framer_took(&f, 0), XENFS_FRAMER_MORE);

	assert_int_equal(xenfs_framer_took(&f, 2), XENFS_FRAMER_MORE);
	assert_int_equal(xenfs_framer_body_offset(&f), 2);
	assert_int_equal(xenfs_framer_wants(&f), 1);
	assert_int_equal(xenfs_framer_took(&f, 1), XENFS_FRAMER_MESSAGE);
	assert_int_equal(xenfs_framer_wants(&f), 0);

	xenfs_framer_next(&f);
	assert_true(xenfs_framer_idle(&f));
	assert_int_equal(xenfs_framer_wants(&f), 16);

	f.hdr.len = 0;
	assert_int_equal(xenfs_framer_took(&f, 16), XENFS_FRAMER_MESSAGE);
	assert_int_equal(xenfs_framer_wants(&f), 0);
}

void framer_longest_payload(void **state)
{
	struct xenfs_framer f = {};

	(void)state;
	f.hdr.len = XENSTORE_PAYLOAD_MAX;
	assert_int_equal(xenfs_framer_took(&f, 16), XENFS_FRAMER_HEADER);
	assert_int_equal(xenfs_framer_wants(&f), XENSTORE_PAYLOAD_MAX);
	assert_int_equal(xenfs_framer_took(&f, XENSTORE_PAYLOAD_MAX - 1),
			 XENFS_FRAMER_MORE);
	assert_int_equal(xenfs_framer_took(&f, 1), XENFS_FRAMER_MESSAGE);
}

void framer_bad_header(void **state)
{
	static const u32 bad[] = { XENSTORE_PAYLOAD_MAX + 1, 5000, INT32_MAX,
				   (u32)INT32_MAX + 1, U32_MAX - 15, U32_MAX };
	size_t i;
	u32 split;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (split = 0; split < 16; split++) {
			struct xsd_sockmsg hdr = { .type = XS_READ,
						   .len = bad[i] };
			struct cutter c = {};
			char good[sizeof(hdr) + 4];

			put_message(good, XS_READ, 4);
			feed_all(&c, good, sizeof(good));
			feed_all(&c, (char *)&hdr, split);
			assert_int_equal(c.framer.taken, split);

			/* Again and again: the state stays as it was. */
			assert_int_equal(cutter_feed(&c, (char *)&hdr + split,
						     16 - split), 0);
			assert_int_equal(c.error, -E2BIG);
			assert_int_equal(c.framer.taken, split);
			assert_int_equal(xenfs_framer_took(&c.framer,
							   16 - split), -E2BIG);
			assert_int_equal(c.framer.taken, split);
			assert_int_equal(xenfs_framer_wants(&c.framer),
					 16 - split);
			assert_int_equal(c.messages, 1);
			cutter_free(&c);
		}
	}
}

// SPDX-License-Identifier: GPL-2.0
/* Replies that the module makes: W5, W6, W7 */
#include "message_test.h"

void error_names(void **state)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ EINVAL, "EINVAL" }, { EACCES, "EACCES" },
		{ EEXIST, "EEXIST" }, { ENOENT, "ENOENT" },
		{ ENOMEM, "ENOMEM" }, { ENOSPC, "ENOSPC" }, { EIO, "EIO" },
		{ ENOSYS, "ENOSYS" }, { EBUSY, "EBUSY" }, { EAGAIN, "EAGAIN" },
		{ E2BIG, "E2BIG" }, { 0, "EINVAL" }, { EFAULT, "EINVAL" },
		{ 512, "EINVAL" }, { INT32_MAX, "EINVAL" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(xenfs_error_name(names[i].err),
				    names[i].name);
		assert_string_equal(xenfs_error_name(-names[i].err),
				    names[i].name);
	}
	for (i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		assert_string_equal(xenfs_error_name(-xsd_errors[i].errnum),
				    xsd_errors[i].errstring);
	assert_string_equal(xenfs_error_name(INT32_MIN), "EINVAL");
}

static void reply_is(const struct xsd_sockmsg *reply, const char *body,
		     u32 type, const char *text)
{
	assert_int_equal(reply->type, type);
	assert_int_equal(reply->req_id, 0x11223344);
	assert_int_equal(reply->tx_id, 0x55667788);
	assert_int_equal(reply->len, strlen(text) + 1);
	assert_string_equal(body, text);
}

void replies(void **state)
{
	const struct xsd_sockmsg request = {
		.type = XS_WATCH, .req_id = 0x11223344, .tx_id = 0x55667788,
		.len = 99,
	};
	struct xsd_sockmsg reply;
	const char *body;

	(void)state;
	memset(&reply, 0xa5, sizeof(reply));
	body = xenfs_reply_error(&reply, &request, -ENOENT);
	reply_is(&reply, body, XS_ERROR, "ENOENT");

	memset(&reply, 0xa5, sizeof(reply));
	body = xenfs_reply_error(&reply, &request, EIO);
	reply_is(&reply, body, XS_ERROR, "EIO");

	memset(&reply, 0xa5, sizeof(reply));
	body = xenfs_reply_ok(&reply, &request);
	reply_is(&reply, body, XS_WATCH, "OK");

	/* A request turned into its own reply. */
	reply = request;
	body = xenfs_reply_error(&reply, &reply, -EINVAL);
	reply_is(&reply, body, XS_ERROR, "EINVAL");
	reply = request;
	body = xenfs_reply_ok(&reply, &reply);
	reply_is(&reply, body, XS_WATCH, "OK");
}

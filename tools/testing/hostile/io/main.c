// SPDX-License-Identifier: GPL-2.0
/*
 * Other ways to the file than read and write, and buffers that are not there.
 * What the file does not support must fail, and leave the stream as it was.
 */
#include <fcntl.h>
#include <unistd.h>

#include "io.h"

int main(void)
{
	int fd;

	hostile_begin(240);
	make_batch();
	scene_begin();
	other_calls();
	scene_goes_on("[I1] after calls that fail");
	scene_end("calls that fail");

	scene_begin();
	rings();
	scene_goes_on("[I1] after io_uring");
	scene_end("io_uring");

	scene_begin();
	buffers();
	scene_goes_on("[I1] after bad buffers");
	fd = open("/tmp/file", O_RDONLY);
	if (fd >= 0)
		close(fd);
	unlink("/tmp/file");
	scene_end("bad buffers");
	return tap_end();
}

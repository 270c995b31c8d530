// SPDX-License-Identifier: GPL-2.0
/* What the file can't do */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "io.h"

static bool refused(long ret, const char *what)
{
	if (ret == -1)
		return true;
	diag("%s: %ld", what, ret);
	return false;
}

void other_calls(void)
{
	struct client *c = client_new();
	int p[2], n = 0, fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char buf[64];
	off_t zero = 0;

	if (fd < 0 || pipe(p) || write(p[1], "12345678", 8) != 8 ||
	    write(fd, "12345678", 8) != 8)
		bail("no files to play with: %s", strerror(errno));
	/* A reply is there, so that nothing has to wait. */
	client_raw(c, batch, batch_len);
	poll_for(c->fd, POLLIN, PATIENCE_MS);
	n += refused(splice(p[0], NULL, c->fd, NULL, 8, SPLICE_F_NONBLOCK), "splice to it");
	n += refused(splice(c->fd, NULL, p[1], NULL, 8, SPLICE_F_NONBLOCK), "splice from it");
	n += refused(sendfile(c->fd, fd, &zero, 8), "sendfile to it");
	n += refused(sendfile(fd, c->fd, NULL, 8), "sendfile from it");
	n += refused(tee(p[0], c->fd, 8, SPLICE_F_NONBLOCK), "tee to it");
	n += refused(copy_file_range(c->fd, NULL, fd, NULL, 8, 0), "copy_file_range");
	n += refused(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c->fd, 0) == MAP_FAILED ?
		     -1 : 0, "mmap");
	n += refused(lseek(c->fd, 0, SEEK_SET), "lseek");
	n += refused(pread(c->fd, buf, 8, 0), "pread");
	n += refused(pwrite(c->fd, buf, 8, 0), "pwrite");
	n += refused(fallocate(c->fd, 0, 0, 8), "fallocate");
	n += refused(ioctl(c->fd, TIOCSTI, buf), "ioctl");
	n += refused(fsync(c->fd), "fsync");
	is(n, 13, "[R1] splice, sendfile, mmap, lseek and the like fail");
	is(read(p[0], buf, sizeof(buf)), 8, "[W1] nothing was taken of what they offered");
	ok(answers(c), "[R1] nor lost of what was to be read");
	client_close(c);
	close(fd);
	close(p[0]);
	close(p[1]);
}

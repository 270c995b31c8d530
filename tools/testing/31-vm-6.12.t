#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Programs of 32 bits, too: in place of those of 64 where 30-vm-6.1.t has these, and
# how bytes go through the file takes a minute; beside them where it takes seconds.
exec "$(dirname "$0")/vm" --kernel 6.12 early fs life memory read-32 stream-32 tools \
	transaction transaction-32 uring uring-32 watch killed unload

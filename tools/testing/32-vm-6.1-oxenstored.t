#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a server can do differently: not how bytes go through the file (stream,
# read, memory, uring), which takes minutes more with oxenstored.
exec "$(dirname "$0")/vm" --kernel 6.1 --server oxenstored early fs life transaction tools watch killed unload

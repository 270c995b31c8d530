#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The file against the server's socket, 10,000 messages; `make soak` has more.
exec "$(dirname "$0")/differential/run" --kernel 6.1 --messages 10000

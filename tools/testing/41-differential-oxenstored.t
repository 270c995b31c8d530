#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
exec "$(dirname "$0")/differential/run" --kernel 6.1 --server oxenstored --messages 10000

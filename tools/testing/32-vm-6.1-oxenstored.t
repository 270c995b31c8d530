#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
exec "$(dirname "$0")/vm" --kernel 6.1 --server oxenstored

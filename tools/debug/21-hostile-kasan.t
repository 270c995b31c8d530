#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
exec "$(dirname "$0")/guest/run" --kernel debug-kasan hostile/lazy hostile/flood \
	hostile/many hostile/signals hostile/threads hostile/io hostile/fault \
	hostile/server hostile/stress hostile/unload

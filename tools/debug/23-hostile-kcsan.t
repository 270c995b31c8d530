#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
KERNELS=debug-kcsan exec "$(dirname "$0")/../testing/hostile/run" --kernel debug-kcsan

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
KERNELS=debug-dom0 exec "$(dirname "$0")/../testing/hostile/run" --kernel debug-dom0

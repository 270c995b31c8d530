#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Those of the hostile tests that look for what happens only if two processors do
# something at the same time
exec "$(dirname "$0")/hostile/run" --kernel 6.1 --concurrent threads signals stress

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
exec make -s --no-print-directory -C "$(dirname "$0")/unit" check

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$(dirname "$0")/../vm/lib.sh"
skip_if_foreign
exec make -s --no-print-directory -C "$(dirname "$0")/unit" check

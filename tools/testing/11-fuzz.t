#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The wire protocol's code, fuzzed for a short while with ASan and UBSan.
set -uo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$(dirname "$0")/../vm/lib.sh"
skip_if_foreign
cd "$(dirname "$0")/../fuzz" || exit
runs=100000
echo 1..3

result() { # STATUS TEXT LOG
	n=$((${n-0} + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		printf '%s\n' "$3" | tail -n 60 | sed 's/^/# /'
	fi
}

log=$(make -s --no-print-directory 2>&1)
result $? "the fuzzer builds" "$log"
log=$(make -s --no-print-directory check 2>&1)
result $? "what is known to be hard" "$log"
log=$(make -s --no-print-directory run RUNS=$runs RUNTIME=120 2>&1)
status=$?
done=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' <<<"$log")
result $status "${done:-no} random streams of requests" "$log"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does the module build for the newest kernels, if they were fetched? They keep to
# themselves what older ones let a module have, and nothing is seen of that on those.
# `make matrix` fetches them, and boots them.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$(dirname "$0")/../vm/lib.sh"
skip_if_foreign
n=0

for kernel in sid backports; do
	n=$((n + 1))
	if [ ! -e "$(kernel_dir "$kernel")/.packages" ]; then
		echo "ok $n - it builds for $kernel # SKIP not fetched: tools/vm/fetch $kernel"
	elif said=$("$top/tools/build/module" --series "$kernel" 2>&1); then
		echo "ok $n - it builds for $(kernel_release "$kernel"), of $kernel"
	else
		echo "not ok $n - it builds for $(kernel_release "$kernel"), of $kernel"
		printf '%s\n' "$said" | sed 's/^/# /'
	fi
done
echo "1..$n"

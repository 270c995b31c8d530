# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# Results of tests that run here, not in a machine. What is tested leaves what it says in
# $dir/said; "echo 1..$n" is for the end.
n=0

ok() { # DESCRIPTION COMMAND...
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		tail -n 20 "$dir/said" | sed 's/^/# /'
	fi
}

#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
#
# Results in the Test Anything Protocol, for busybox sh. The Makefile puts this
# in front of each script.

: "${XENFS_FILE:=/proc/xen/xenbus}" "${XENFS_SOCKET:=/run/xenstored/socket}"
: "${XENFS_MODULE:=ours}" "${XENFS_SERVER:=xenstored}"
tests=0
failures=0
echo "TAP version 13"

diag() { sed 's/^/# /'; }

result() { # STATUS DESCRIPTION
	tests=$((tests + 1))
	case $2 in
	"["*) ;;
	*) echo "# this test names no clause:"; set -- 1 "$2" ;;
	esac
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
	else
		echo "not ok $tests - $2"
		failures=$((failures + 1))
	fi
	return "$1"
}

skip() { # WHY DESCRIPTION
	tests=$((tests + 1))
	echo "ok $tests - $2 # SKIP $1"
}

# No command may hang. busybox's timeout leaves a process behind that waits for
# the time: it must not have what the script itself holds open, as number 5.
limited() { timeout -k 2 $((${LIMIT:-10} * ${XENFS_SLOW:-1})) "$@" 5>&-; }

# A tool of xenstore's over the server's socket, whatever the others are told
native() { XENSTORED_PATH=$XENFS_SOCKET limited "$@"; }

# DESCRIPTION COMMAND...: it succeeds
succeeds() {
	local what=$1 status=0
	shift
	limited "$@" >/tmp/tap.out 2>&1 || status=$?
	result $((status != 0)) "$what" && return
	echo "# '$*' exited with $status and said:"
	diag </tmp/tap.out
	return 1
}

# DESCRIPTION COMMAND...: it runs and fails, in time
fails() {
	local what=$1 status=0
	shift
	limited "$@" >/tmp/tap.out 2>&1 || status=$?
	case $status in
	0|124|126|127|137|143) result 1 "$what" ;;
	*) result 0 "$what"; return ;;
	esac
	echo "# '$*' exited with $status"
	return 1
}

# COMMAND...: until it succeeds, for some ten seconds
await() {
	local n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 100 ] || return
		sleep 0.1
	done
}

# GOT WANT DESCRIPTION
is() {
	[ "$1" = "$2" ] && { result 0 "$3"; return; }
	result 1 "$3"
	printf 'expected: %s\ngot: %s\n' "$2" "$1" | diag
}

finish() {
	echo "1..$tests"
	[ $failures = 0 ]
	exit
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# What a user would do with the file, each step shown and its result checked.
# Runs in the guest, for tools/vm/demo.

steps=0

say() { printf '\n== %s\n' "$*"; }

fail() {
	echo "FAILED: $*"
	exit 1
}

# run COMMAND: show it as in a terminal; the output stays in $out
run() {
	steps=$((steps + 1))
	echo "\$ $1"
	out=$(sh -c "$1" 2>&1)
	status=$?
	[ -z "$out" ] || echo "$out"
	[ $status = 0 ] || fail "'$1' ended with status $status"
}

# want TEXT: the last output is exactly this
want() { [ "$out" = "$1" ] || fail "expected: $1"; }
want_some() { echo "$out" | grep -qE "$1" || fail "expected something like: $1"; }

say "The module that is loaded is the one that was just built"
run "uname -r; cat /sys/hypervisor/type"
want_some '^xen$'
run "lsmod | grep ^xenfs"
run "cat /etc/xenfs.built"
srcversion=$(echo "$out" | sed -n 's/^srcversion: //p')
build_id=$(echo "$out" | sed -n 's/^build id: //p')
if [ -n "$srcversion" ]; then
	run "cat /sys/module/xenfs/srcversion"
	want "$srcversion"
fi
run "tail -c 20 /sys/module/xenfs/notes/.note.gnu.build-id | xxd -p"
want "$build_id"

say "The filesystem is mounted, and this is the initial domain"
run "grep xenfs /proc/mounts"
run "ls -l /proc/xen"
want_some ' xenbus$'
run "cat /proc/xen/capabilities"
want "control_d"

say "xenstored started: it took its ring page and event channel from xenfs"
pid=$(cat /run/xenstored.pid)
run "cat /proc/xen/xsd_port"
want_some '^[0-9]+$'
run "grep xsd_kva /proc/$pid/maps"
want_some 'rw-s.*/proc/xen/xsd_kva$'

say "The xenstore tools, over the file"
export XENSTORED_PATH=/proc/xen/xenbus
echo "\$ export XENSTORED_PATH=$XENSTORED_PATH"
run "xenstore-write /demo/greeting hello /demo/name world"
run "xenstore-read /demo/greeting"
want "hello"
run "xenstore-list /demo"
want "$(printf 'greeting\nname')"
run "xenstore-ls -p /demo"
want_some '^greeting = "hello"'
run "xenstore-chmod /demo/greeting n0 r1"
run "xenstore-ls -p /demo"
want_some '^greeting = "hello" .*\(n0,r1\)'
run "xenstore-exists /demo/name"
run "xenstore-rm /demo/name"
run "! xenstore-exists /demo/name"
run "xenstore-list /demo"
want "greeting"

say "A watch, fired by a write from another process"
run "xenstore-watch -n 2 /demo >/tmp/events & sleep 1; xenstore-write /demo/greeting again; wait; cat /tmp/events"
want "$(printf '/demo\n/demo/greeting')"

say "The same store as everybody else's"
run "XENSTORED_PATH=/run/xenstored/socket xenstore-read /demo/greeting"
want "again"

say "Done: $steps commands, every result as it should be."

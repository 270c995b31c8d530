# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# What a debug kernel tells at the end only when it is asked. For the first
# process of a domain to source (busybox sh); what it says must go to the
# console, where tools/vm/splat finds it: its own complaints begin with "BUG:".

complain() { echo "BUG: debug-checks: $*"; }

mount -t debugfs none /sys/kernel/debug 2>/dev/null
leaks=/sys/kernel/debug/kmemleak

# An object counts when two scans found nobody that points to it, and it is not
# younger than five seconds.
scan_for_leaks() { # WHEN
	[ -e $leaks ] || return
	echo "debug-checks: leaks, $1"
	for _ in 1 2; do
		sleep 6
		echo scan >$leaks || complain "kmemleak cannot scan"
	done
	cat $leaks
	echo clear >$leaks
}

# What a closed open gives back is answered by the server, or never. Then the mount
# holds the module, and the server, which maps a page of it.
wait_for_closed_opens() {
	t=0
	while [ "$(cat /sys/module/xenfs/refcnt)" -gt 2 ] && [ $t -lt 30 ]; do
		t=$((t + 1))
		sleep 1
	done
}

# Without its memory nothing hides what only that points to.
unload() {
	wait_for_closed_opens
	kill -KILL "$(cat /run/xenstored.pid 2>/dev/null)" 2>/dev/null
	sleep 1
	umount /proc/xen
	rmmod xenfs &
	t=0
	while grep -q '^xenfs ' /proc/modules; do
		t=$((t + 1))
		[ $t -lt 30 ] || { complain "xenfs cannot be unloaded"; return 1; }
		sleep 1
	done
}

# Writes to memory that was freed, and not used since
validate_slabs() {
	for file in /sys/kernel/slab/*/validate; do
		[ ! -e "$file" ] || echo 1 >"$file" 2>/dev/null
	done
}

echo "debug-checks: xenfs's code is at $(cat /sys/module/xenfs/sections/.text)"
scan_for_leaks "while it is loaded"
unload && scan_for_leaks "when it is unloaded"
validate_slabs

# The first report turns lockdep off: nothing after it was checked.
if grep -q 'debug_locks:' /proc/lockdep_stats 2>/dev/null; then
	grep -q 'debug_locks: *1$' /proc/lockdep_stats || complain "lockdep is off"
fi
# A bad page, a crash, a lockup. Not a warning, which is on the console, too, where
# a test may have announced it.
tainted=$(cat /proc/sys/kernel/tainted)
[ $((tainted & (32 | 128 | 16384))) = 0 ] || complain "the kernel is tainted: $tainted"
echo "debug-checks: done"

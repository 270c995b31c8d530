#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does the rig see what goes wrong? Broken results in, "not ok" out; and a machine
# that hangs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$here/../vm/lib.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

ok() { # DESCRIPTION COMMAND...
	local text=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/said" 2>&1; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		sed 's/^/# /' "$tmp/said" "$tmp/flat"
	fi
}

# flat TAP EXIT LOG CONSOLE: what becomes of one boot with one test
flat() {
	rm -rf "${tmp:?}/boot"
	mkdir "$tmp/boot"
	echo a.test >"$tmp/boot/tests"
	[ -z "$1" ] || printf '%b' "$1" >"$tmp/boot/a.test.tap"
	echo "$2" >"$tmp/boot/a.test.exit"
	printf '%b\n' "$3" >"$tmp/boot/log"
	printf '%b\n' "$4" >"$tmp/boot/console.log"
	status=0
	"$here/vm-tap" "$tmp/boot" >"$tmp/flat" || status=$?
}
has() { grep -qE "$1" "$tmp/flat"; }
good() { [ "$status" = 0 ] && ! has '^not ok'; }
bad() { [ "$status" != 0 ] && has "^not ok [0-9]+ - $1" && has '^1\.\.[0-9]+$'; }

flat '1..2\nok 1 - one\nok 2 - two # SKIP no such thing\n' 0 'done ok' 'fine'
ok 'a clean run is clean' good
ok 'results are numbered anew, with the name of their test' has '^ok 1 - a: one$'
ok 'a directive stays' has '^ok 2 - a: two # SKIP no such thing$'
flat '1..2\nok 1 - one\nnot ok 2 - two # TODO later\n' 0 'done ok' ''
ok 'TODO is no failure' [ "$status" = 0 ]
ok 'TODO stays' has '^not ok 2 - a: two # TODO later$'
flat '1..0 # SKIP no Xen\n' 0 'done ok' ''
ok 'a test may be skipped as a whole' has '^ok 1 - a # SKIP no Xen$'
ok '... which is no failure' good
flat 'ok 1 - one\nok 2 - two\n1..2\n' 0 'done ok' ''
ok 'the plan may come last' good
flat '1..1\nnot ok 1 - one\n# why\n' 1 'done ok' ''
ok 'a failure is a failure' bad 'a: one'
ok '... with its diagnostics' has '^# why$'
flat 'ok 1 - one\n' 0 'done ok' ''
ok 'no plan' bad 'a: ran to its end'
flat '1..3\nok 1 - one\n' 0 'done ok' ''
ok 'fewer results than planned' bad 'a: ran to its end'
flat '1..1\nok 1 - one\nok 2 - two\n' 0 'done ok' ''
ok 'more results than planned' bad 'a: ran to its end'
flat '1..2\nok 1 - one\nok 1 - two\n' 0 'done ok' ''
ok 'a number twice' bad 'a: ran to its end'
flat '1..1\nok 1 - one\n' 139 'done ok' ''
ok 'a crash after the last result' bad 'a: ran to its end'
flat '1..1\nok 1 - one\n' 1 'done ok' ''
ok 'an exit status that nothing explains' bad 'a: ran to its end'
flat '1..2\nok 1 - one\nBail out! no server\n' 1 'done ok' ''
ok 'bailing out' bad 'a: ran to its end'
ok '... does not stop the others' eval '! has "^Bail out"'
flat '1..2\nok 1 - one\n' 143 'done ok' ''
ok 'a test that took too long' bad 'a: ran to its end'
flat '1..1\nok 1 - one\n' hung 'done ok' ''
ok 'a test that hangs in the kernel' bad 'a: ran to its end'
flat '' 0 'done ok' ''
ok 'a test that printed nothing' bad 'a: ran to its end'
flat '' notrun 'ready\nbegin a.test' 'the last line'
ok 'a guest that hung' bad 'the guest ended in time'
ok '... with the end of its console' has '^#.*the last line$'
ok '... and its tests' bad 'a: ran to its end'
flat '1..1\nok 1 - one\n' 0 'done ok' '[ 1.0] WARNING: CPU: 0 PID: 1 at drivers/xen/a.c:388 f+0x1/0x2'
ok 'a splat on the console' bad 'the kernel had nothing to complain of'
ok '... is shown' has '^#.*a\.c:388'
rm -rf "${tmp:?}/boot"
mkdir "$tmp/boot"
status=0
"$here/vm-tap" "$tmp/boot" >"$tmp/flat" || status=$?
ok 'a boot that left nothing at all' bad 'the guest ended in time'

while read -r line; do
	printf 'before\n[    1.234567] %s\r\nafter\n' "$line" >"$tmp/console"
	ok "splat: $line" eval "! '$here/../vm/splat' '$tmp/console'"
done <<'LINES'
BUG: kernel NULL pointer dereference, address: 0000000000000008
BUG: KASAN: slab-use-after-free in f+0x1/0x2 [xenfs]
BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580
WARNING: possible circular locking dependency detected
WARNING: possible recursive locking detected
WARNING: suspicious RCU usage
INFO: task xenstore-ls:123 blocked for more than 120 seconds.
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [xenbus:40]
general protection fault, probably for non-canonical address 0xdead000000000110: 0000 [#1]
Oops: 0002 [#1] PREEMPT SMP NOPTI
list_del corruption. prev->next should be ffff888004b4d000, but was 0000000000000000
refcount_t: underflow; use-after-free.
UBSAN: array-index-out-of-bounds in /src/xenbus.c:10:5
kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
Kernel panic - not syncing: Fatal exception
(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.
Call Trace:
Call trace:
VFS: Busy inodes after unmount of xenfs. Self-destruct in 5 seconds.  Have a nice day...
slab xenfs_watch: Slab cache still has objects when called from f+0x1/0x2
traps: xenstored[140] trap invalid opcode ip:5581 sp:7ffc error:0 in xenstored[5580+1f000]
DEBUG_LOCKS_WARN_ON(lock->magic != lock)
BUG kmalloc-64 (Tainted: G           OE     ): Poison overwritten
LINES
printf '%s\n' '[    0.000000] Command line: console=hvc0 panic=-1' \
	'(XEN) Debugging connection not set up.' \
	'[    0.1] rcu: Hierarchical RCU implementation.' \
	'[    4.2] xenfs: loading out-of-tree module taints kernel.' \
	'(XEN) Hardware Dom0 halted: halting machine' \
	'[    0.0] debug: DEBUG_INFO_BTF WARNINGS=0' >"$tmp/console"
ok 'an ordinary console is no splat' "$here/../vm/splat" "$tmp/console"
seq -f 'WARNING: one of very many, %g' 20000 >"$tmp/console"
ok 'very many splats are splats' eval "! '$here/../vm/splat' '$tmp/console'"
ok 'a console that is not there is not without one' \
	eval "'$here/../vm/splat' '$tmp/none' || [ \$? = 2 ]"

# A machine that hangs: what stands for QEMU says something, answers what it is
# asked, and comes to no end.
mkdir "$tmp/bin"
cat >"$tmp/bin/$machine_program" <<'QEMU'
#!/usr/bin/perl
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

open my $boots, ">>", "$ENV{RIG_TEST}/boots" or die;
print $boots "$$\n";
close $boots;
open my $console, ">>", "console" or die;
$console->autoflush(1);
print $console "the last line\n";
my %name;
my $select = IO::Select->new;
for (qw(monitor.socket console.socket)) {
	my $server = IO::Socket::UNIX->new(Local => $_, Listen => 1) or die;
	$name{$server} = $_;
	$select->add($server);
}
for (;;) {
	for my $server ($select->can_read) {
		my $client = $server->accept or next;
		sysread $client, my $text, 4096;
		$text =~ s/[^ -~]/./g;
		print $client "$name{$server} was asked: $text\n";
		print $console "an answer\n" if $name{$server} eq "console.socket";
	}
}
QEMU
chmod 755 "$tmp/bin/$machine_program"
printf '#!/bin/sh\n' >"$tmp/a.test"
run() {
	rm -rf "$tmp/boots" "$tmp/out"
	status=0
	RIG_TEST=$tmp PATH=$tmp/bin:$PATH "$here/../vm/run" --slow 1 --out "$tmp/out" "$@" "$tmp/a.test" \
		>"$tmp/flat" 2>&1 || status=$?
}
ended() { [ "$status" = 1 ] && has 'killed after 20 s'; }
shows_no_answer() { has '^the last line$' && ! has '^an answer$' && ! grep 'an answer' "$tmp/out/console.log"; }
asked() { has 'processors were: .*hang.log' && grep -F "$1.socket was asked: $2" "$tmp/out/hang.log"; }
is_gone() { ! kill -0 "$(cat "$tmp/boots")" && ! ls -d "$tmp"/out/.boot-*; }

run --timeout 20
ok 'a boot that hangs is ended by the time limit' ended
ok '... its test did not run' grep -x notrun "$tmp/out/a.test.exit"
ok '... the last lines of its console are shown, not what Xen was asked for then' shows_no_answer
ok '... QEMU was asked where its processors are' asked monitor 'info registers -a'
ok '... and Xen, where they and those of dom0 are' eval 'asked console d && asked console 0'
"$here/vm-tap" "$tmp/out" >"$tmp/flat" || true
ok '... which the results show' has '^#   hang.log: monitor.socket was asked: info registers -a'
ok '... there is no other try' [ "$(wc -l <"$tmp/boots")" = 1 ]
ok '... and nothing of it goes on' is_gone
echo "1..$n"

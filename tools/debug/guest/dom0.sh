#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in dom0: creates the guest with the debug kernel, stops and continues
# the server when the guest's tests ask for it, and turns what the guest printed
# into one stream of TAP. The guest's console goes on to dom0's.
# shellcheck shell=dash

n=0
result() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
	return "$1"
}

timeout='' memory='' count='' vcpus=''
# shellcheck source=/dev/null # sets them
. /debug-guest/conf
server=$(cat /run/xenstored.pid)
console=/tmp/guest-guest.log
xenconsoled --log=all --log-dir=/tmp --pid-file /run/xenconsoled.pid
cat >/tmp/cfg <<-CFG
	name = "guest"
	type = "pvh"
	kernel = "/debug-guest/vmlinuz"
	ramdisk = "/debug-guest/initrd.gz"
	memory = $memory
	vcpus = $vcpus
	# Each emulated rdtsc is an exit, and now and then a triple fault.
	tsc_mode = "native"
	extra = "console=hvc0 panic=-1 rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60"
	on_reboot = "destroy"
	on_crash = "destroy"
CFG
# The guest is the domain that the server lets do all.
xl create -p /tmp/cfg >/tmp/log 2>&1
result $? "xl create" || sed 's/^/# /' /tmp/log
[ "$(xl domid guest)" = 1 ]
result $? "it is domain 1"

tty=
t=0
while [ -z "$tty" ] && [ $t -lt 100 ]; do
	sleep 0.1
	t=$((t + 1))
	tty=$(xenstore-read /local/domain/1/console/tty 2>/dev/null)
done
# Both ways over one open, so that none of its first lines is lost. It becomes
# the terminal that controls us, which hangs up when the guest has gone.
trap '' HUP
exec 5<>"$tty"
stty -F "$tty" raw -echo
while read -r line <&5; do
	case $line in
	*"@@server stop"*)     kill -STOP "$server"; echo stopped >&5 ;;
	*"@@server continue"*) kill -CONT "$server"; echo continued >&5 ;;
	esac
done &
obey=$!
xl unpause guest
# As it comes: the guest, or all of the machine, may hang.
tail -n +1 -F $console 2>/dev/null | awk '{ print "guest: " $0; fflush() }' >/dev/console &

t=0
while [ $t -lt "$timeout" ] && ! grep -q '^@@done' $console 2>/dev/null; do
	sleep 1
	t=$((t + 1))
	grep -q 'Kernel panic' $console && sleep 5 && break
	# It may be gone, by a triple fault.
	[ $((t % 10)) != 0 ] || xl domid guest >/dev/null 2>&1 || break
done
sleep 3
kill -CONT "$server"
kill $obey
grep -q '^@@done' $console
result $? "the guest came to its end within $timeout s"
echo "# $t s"

seen=0 failed=0 plan=none name=none ended=0 bad=''
tr -d '\r' <$console | grep '^@@' >/tmp/tap
while read -r tag line; do
	case "$tag $line" in
	"@@begin "*) name=${line%.test}; seen=0 failed=0 plan=none bad='' ;;
	"@@tap not ok "*)
		seen=$((seen + 1))
		case $line in
		*"# TODO"*) ;;
		*) failed=$((failed + 1)) ;;
		esac
		result 1 "$name: ${line#not ok * - }"
		;;
	"@@tap ok "*)    seen=$((seen + 1)); result 0 "$name: ${line#ok * - }" ;;
	"@@tap #"*)      echo "$line" ;;
	"@@tap 1.."*)    plan=${line#1..} ;;
	"@@tap Bail"*)   bad=$line ;;
	"@@end "*)
		status=${line##* }
		[ -z "$bad" ] && [ "$plan" = $seen ] && { [ "$status" = 0 ] || [ $failed -gt 0 ]; }
		result $? "$name: ran to its end" ||
			echo "# plan $plan, seen $seen, exit status $status $bad"
		ended=$((ended + 1))
		;;
	"@@reload "*) result "$line" "$name: the module can be unloaded and loaded after it" ;;
	esac
done </tmp/tap
[ $ended = "$count" ]
result $? "all of the $count tests ran"
[ $ended != 0 ] || tail -n 50 $console | sed 's/^/# /'
xl destroy guest 2>/dev/null
echo "1..$n"

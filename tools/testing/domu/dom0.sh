#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in dom0: for a PV and a PVH guest, create it, save it when it says that
# it is ready, restore it, and show what its test printed. One stream of TAP.
# shellcheck shell=dash

n=0
result() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

try() { # TEXT COMMAND...
	text=$1
	shift
	"$@" >/tmp/log 2>&1
	status=$?
	result $status "$text"
	[ $status = 0 ] || sed 's/^/# /' /tmp/log
	return $status
}

# for up to SECONDS
await() {
	t=$1
	shift
	until "$@" >/dev/null 2>&1; do
		t=$((t - 1))
		[ $t -gt 0 ] || return 1
		sleep 1
	done
}

ready() { [ "$(xenstore-read "/local/domain/$(xl domid domu)/data/ready")" = 1 ]; }
printed() { grep -q "^exit" "$console"; }

# Its numbers are the guest's own; its kernel's lines are left out.
show() {
	tr -d '\r' <"$console" | grep -E '^(ok|not ok|#|exit|1\.\.)' >/tmp/tap
	while read -r line; do
		case $line in
		"not ok "*) result 1 "$type: ${line#not ok * - }" ;;
		"ok "*)     result 0 "$type: ${line#ok * - }" ;;
		"#"*)       echo "$line" ;;
		"1.."*)     plan=${line#1..} ;;
		esac
	done </tmp/tap
}

xenconsoled --log=all --log-dir=/tmp --pid-file /run/xenconsoled.pid
console=/tmp/guest-domu.log
for type in pv pvh; do
	# In one of them, clients may take all that the server allows.
	options=
	[ $type = pv ] || options=xenfs.all_transactions=64
	rm -f $console
	plan=none
	cat >/tmp/cfg <<-CFG
		name = "domu"
		type = "$type"
		kernel = "/domu/vmlinuz"
		ramdisk = "/domu/initrd.gz"
		memory = 256
		vcpus = 1
		extra = "console=hvc0 panic=-1 $options"
		on_reboot = "destroy"
		on_crash = "destroy"
	CFG
	try "$type: xl create" xl create /tmp/cfg
	try "$type: the guest is ready" await 60 ready &&
	try "$type: xl save" xl save domu /tmp/image &&
	try "$type: xl restore" xl restore /tmp/image
	rm -f /tmp/image
	try "$type: the guest's test comes to its end" await 120 printed
	before=$n
	show
	[ "$plan" = $((n - before)) ]
	result $? "$type: as many results as planned ($plan)"
	if [ "$plan" = none ]; then
		tail -n 30 $console | sed 's/^/# /'
	fi
	xl destroy domu 2>/dev/null
	await 20 sh -c '! xl domid domu'
done
echo "1..$n"

#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
#
# Runs in dom0: for a PV and a PVH guest, create it, suspend it as often as it
# asks for that, and show what its test printed. One stream of TAP.
# shellcheck shell=dash
# shellcheck disable=SC3045 # busybox's read has -t

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

printed() { grep -q "^exit" "$console"; }

# xl may wait without an end for a guest that does not suspend.
limited_xl() { timeout -k 5 $((90 * ${XENFS_SLOW:-1})) xl "$@"; }

gone() { ! limited_xl domid domu; }

# How many watches a guest may have
watches() { try "$type: $1 watches for a guest" xenstore-control quota set watches "$1"; }

connected() { [ "$(xenstore-read "$home/device/vif/0/state")" = 4 ]; }

# A device of which the guest's driver has to be told, and that it sets up in a
# transaction. If that fails, all else goes on.
device() {
	try "$type: xl network-attach, $1" limited_xl network-attach domu script=/tmp/vif &&
	try "$type: the guest's driver is connected, $1" await 40 connected &&
	try "$type: xl network-detach, $1" limited_xl network-detach domu 0
	true
}

# What the guest asks for: a number, and which kind of suspend
fulfil() {
	case $2 in
	checkpoint)
		try "$type: xl save -c, $1" limited_xl save -c domu /dev/null ;;
	restore)
		try "$type: xl save, $1" limited_xl save domu /tmp/image &&
		try "$type: xl restore, $1" limited_xl restore /tmp/image ;;
	migration) # to this very host
		try "$type: xl migrate, $1" \
			limited_xl migrate -s '' domu 'xl migrate-receive' ;;
	poor) # a server that has fewer watches
		watches 20 && fulfil "$1" restore ;;
	rich)
		watches 128 ;;
	device)
		device "$1" ;;
	*)
		try "$type: suspend $*" false ;;
	esac
}

# Have a line on descriptor 3 whenever the guest says what it wants.
listen() {
	[ -z "$listener" ] || kill "$listener"
	home=/local/domain/$(limited_xl domid domu)
	xenstore-watch "$home/data/ready" >&3 &
	listener=$!
}

# Until the guest's test has ended, or it is silent for so long that it hangs: ten
# minutes, as a crowd may take some on a busy machine. It waits for data/done.
serve() {
	served=0
	silent=0
	listen
	until printed; do
		[ $silent -lt 300 ] || return 1
		read -r -t 2 _ <&3
		wish=$(xenstore-read "$home/data/ready" 2>/dev/null)
		number=${wish%% *}
		silent=$((silent + 1))
		[ "${number:-0}" -gt "$served" ] || continue
		fulfil "$number" "${wish#* }" || return 1
		case ${wish#* } in restore | migration | poor) listen ;; esac
		served=$number
		silent=0
		xenstore-write "$home/data/done" "$served"
	done
}

# Its numbers are the guest's own; its kernel's lines go where those of dom0's are
# looked through.
show() {
	tr -d '\r' <"$console" >/tmp/lines
	grep -vE '^(ok|not ok|#|exit|1\.\.)' /tmp/lines | sed "s/^/guest $type: /" >/dev/console
	grep -E '^(ok|not ok|#|exit|1\.\.)' /tmp/lines >/tmp/tap
	while read -r line; do
		case $line in
		"not ok "*) result 1 "$type: ${line#not ok * - }" ;;
		"ok "*)     result 0 "$type: ${line#ok * - }" ;;
		"#"*)       echo "$line" ;;
		"1.."*)     plan=${line#1..} ;;
		esac
	done </tmp/tap
}

# So that it does not sleep for good (tools/vm/README.md)
interrupts() { sed -n 's/^ *[0-9]*: *\([0-9]*\) .*ttyS1$/\1/p' /proc/interrupts; }
more_interrupts() { [ "$(interrupts)" -gt "$before" ]; }
before=$(interrupts)
try "the machine has an interrupt, whatever it does" await 60 more_interrupts

xenconsoled --log=all --log-dir=/tmp --pid-file /run/xenconsoled.pid
console=/tmp/guest-domu.log
# So it is called while it migrates.
ln -s "$console" /tmp/guest-domu--incoming.log
# What udev or xl has a script for: to have the device on a bridge
cat >/tmp/vif <<-'VIF'
	#!/bin/sh
	[ "$1" != online ] || xenstore-write "$XENBUS_PATH/hotplug-status" connected
VIF
chmod 755 /tmp/vif
insmod /domu/xen-netback.ko
mkfifo /tmp/wishes
exec 3<>/tmp/wishes
listener=
# oxenstored has its bounds from a file, and takes what it does not know for done.
quota=n
! xenstore-control quota 2>/dev/null | grep -q watches || quota=y
for type in pv pvh; do
	# In one of them, clients may take all that the server allows. A save takes its
	# time here, and who waits meanwhile is not to be told that it was too long.
	options=xenfs.transaction_wait=600
	[ $type = pv ] || options="$options xenfs.all_transactions=64"
	# Of a PV guest Xen, as it is packaged, can't log what it writes meanwhile:
	# EOPNOTSUPP.
	migration=n
	[ $type = pv ] || migration=y
	rm -f $console
	plan=none
	cat >/tmp/cfg <<-CFG
		name = "domu"
		type = "$type"
		kernel = "/domu/vmlinuz"
		ramdisk = "/domu/initrd.gz"
		memory = 128
		vcpus = 1
		extra = "console=hvc0 panic=-1 domu_quota=$quota domu_migration=$migration domu_crowd=${domu_crowd:-n} $options"
		on_reboot = "destroy"
		on_crash = "destroy"
	CFG
	try "$type: xl create" limited_xl create /tmp/cfg
	serve
	result $? "$type: the guest's test comes to its end"
	before=$n
	show
	[ "$plan" = $((n - before)) ]
	result $? "$type: as many results as planned ($plan)"
	if [ "$plan" = none ]; then
		tail -n 30 $console | sed 's/^/# /'
	fi
	rm -f /tmp/image
	limited_xl destroy domu 2>/dev/null
	await 20 gone
done
echo "1..$n"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What dom0's and the guest's tests of the package share. They print "ok - ..." and
# "not ok - ..."; tools/packaging/test-boot numbers them. $where says who it is.
# shellcheck disable=SC2034,SC2154

# $first and $newer, of the package
# shellcheck source=/dev/null
. /root/versions

check() { # DESCRIPTION COMMAND ARGUMENT...
	local description=$1 status=0
	shift
	mv -f /root/said /root/said-before 2>/dev/null
	"$@" >/root/said 2>&1 </dev/null || status=$?
	if [ $status = 0 ]; then
		echo "ok - $where: $description"
	else
		echo "not ok - $where: $description"
		tail -n 30 /root/said | sed 's/^/# /'
	fi
}
not() { ! "$@"; }
# what the check before has said
said() { has /root/said-before "$1"; }
has() { # FILE PATTERN, and what the file says if it doesn't
	grep -q -- "$2" "$1" || { cat "$1"; return 1; }
}
note() { echo "# $where: $*"; }

# A file of ours tells of itself in fdinfo.
is_ours() { (exec 3<>"$1" && has /proc/self/fdinfo/3 '^requests-queued:'); }
is_stock() { [ -c "$1" ] && not is_ours "$1"; }

loaded_is() { # VERSION: and that of the file which is installed
	[ "$(cat /sys/module/xenfs/version)" = "$1" ] &&
		[ "$(cat /sys/module/xenfs/srcversion)" = "$(modinfo -F srcversion xenfs)" ]
}

# Was one unit there before the other one began? In microseconds since the start
before() { # UNIT OTHER-UNIT
	local there began
	there=$(systemctl show --property ActiveEnterTimestampMonotonic --value "$1")
	began=$(systemctl show --property InactiveExitTimestampMonotonic --value "$2")
	echo "$1 $there, $2 $began"
	[ "$there" -gt 0 ] && [ "$there" -le "$began" ]
}
none_failed() {
	not systemctl is-failed xenfs.service proc-xen.mount dev-xen-xenbus.mount
}

asked_for_reboot() { has /run/reboot-required.pkgs '^xenfs-dkms$'; }

apt() { # what it says is in /root/apt
	local status=0
	DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends \
		-o APT::Sandbox::User=root "$@" >/root/apt 2>&1 </dev/null || status=$?
	cat /root/apt
	return $status
}

# A program that uses xenstore all the time: it watches through what is now
# /dev/xen/xenbus, and writes down what it sees.
start_client() {
	XENSTORED_PATH=/dev/xen/xenbus xenstore-watch "$1" >/root/seen 2>&1 &
	client=$!
	see "$1" begin
}
see() { # PATH VALUE: does the client see that it is written?
	local lines tries=0
	lines=$(wc -l </root/seen)
	xenstore-write "$1/$2" "$2"
	until [ "$(wc -l </root/seen)" -gt "$lines" ] && grep -q "$2\$" /root/seen; do
		tries=$((tries + 1))
		if [ $tries -eq 100 ] || ! kill -0 "$client"; then
			cat /root/seen
			return 1
		fi
		sleep 0.2
	done
}

stop_client() { kill "$client"; }

# --- what is asked, and done, in both

in_use() { # VERSION
	check "after the boot it is in use" loaded_is "$1"
	check "/dev/xen/xenbus is our file" is_ours /dev/xen/xenbus
	check "/proc/xen/xenbus, too" is_ours /proc/xen/xenbus
	check "before what has the default dependencies" before dev-xen-xenbus.mount local-fs.target
	check "none of the units has failed" none_failed
}

# What is in use stays so under those who use it.
upgraded_under_client() { # PATH: what the client watches
	rm -f /run/reboot-required*
	check "the package can be upgraded under it" apt install "/root/$newer.deb"
	check "a reboot is asked for" asked_for_reboot
	check "why is said" has /root/apt "Version $first is in use, another build than"
	check "the older one is in use" has /sys/module/xenfs/version "^$first\$"
	check "/dev/xen/xenbus still is our file" is_ours /dev/xen/xenbus
	check "the client goes on" see "$1" upgraded
}

removed_under_client() { # PATH: what the client watches
	check "the package can be removed under it" apt purge xenfs-dkms
	check "who opens /dev/xen/xenbus now gets the kernel's" is_stock /dev/xen/xenbus
	check "it says that ours stays until the next boot" has /root/apt 'until the next boot'
	check "the client goes on" see "$1" still
}

next() { # PHASE, of the next boot
	echo "$1" >/root/phase
	note "next: $1"
	sync
}

this_boot() {
	local phase
	phase=$(cat /root/phase)
	note "$phase, $(uname -r), systemd $(systemctl is-system-running)"
	$phase
	systemctl poweroff
}

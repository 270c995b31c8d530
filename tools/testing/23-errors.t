#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is said when the module can't be loaded, or not yet, or no longer, and when it
# can't be built: does it name what is wrong, and what to do? What a package brings
# runs here in a root directory of its own, with errors/kernel for the kernel. Is what
# the documentation quotes what is said?
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$here/../vm/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib/ok.sh
. "$here/lib/ok.sh"
skip_if_foreign
dir=$build/errors-test
root=$dir/root
status=0

fails() { [ "$status" != 0 ]; }
works() { [ "$status" = 0 ]; }
says() { tr '\n' ' ' <"$dir/said" | grep -qE -- "$1"; }
fails_with() { fails && says "$1"; }
works_with() { works && says "$1"; }
silent() { works && [ ! -s "$dir/said" ]; }
called() { grep -qE -- "^$1" "$root/calls"; }
# It has run, or nothing would be there.
only_called() { [ -s "$root/calls" ] && ! grep -vE -- "^($1)" "$root/calls"; }
has_ours() { [ "$(cat "$root/sys/module/xenfs/version" 2>/dev/null)" = "$1" ]; }
has_stock() { [ ! -e "$root/sys/module/xenfs" ] && grep -q xenfs "$root/proc/filesystems"; }
is_gone() { called rmmod && ! grep xenfs "$root/proc/filesystems"; }
mount_stays() { called rmmod && ! called 'umount /proc/xen'; }
no_reboot() { works && [ -d "$root/run" ] && [ ! -e "$root/run/reboot-required" ]; }
not_told_of_its_own() { works && called 'dkms install' && ! says "kernel's own"; }
calls_nobody() { works && [ ! -s "$root/calls" ]; }

run() { # COMMAND...
	status=0
	"$@" >"$dir/said" 2>&1 || status=$?
}

# --- a system of its own

chroot=(chroot)
[ "$(id -u)" = 0 ] || chroot=(unshare --map-root-user chroot)
programs=(uname modprobe insmod rmmod dmesg dkms systemctl umount deb-systemd-invoke)

# inside COMMAND ARGUMENT...
inside() {
	: >"$root/calls"
	run "${chroot[@]}" "$root" /bin/env -i PATH=/stubs:/bin "$@"
}
module() { inside /usr/lib/xenfs/module "$@"; }

# maintainer_script NAME: as debhelper makes it, where dkms comes in its middle
maintainer_script() {
	local dkms="dkms install -m xenfs -v $version"
	# shellcheck disable=SC2016 # for the script
	[ "$1" = postinst ] || dkms='[ "$1" != remove ] || dkms remove'
	sed "s/#MODULE_VERSION#/$version/; s/^#DEBHELPER#\$/$dkms/" \
		"$top/tools/packaging/debian/xenfs-dkms.$1" >"$root/$1"
	chmod 755 "$root/$1"
}

# A machine that is a guest, under systemd, with the kernel's own xenfs in its
# place, and of ours the source. busybox is the only program that isn't played: but
# its shell would take itself for all the others.
system() {
	local library name
	rm -rf "$root"
	mkdir -p "$root"/{bin,stubs,dev,proc/xen,sys,run/systemd/system,var/lib/dkms/xenfs} \
		"$root"/{usr/sbin,usr/lib/xenfs,lib/modules/6.1.0-test/{build/include,kernel/drivers/xen/xenfs}}
	for name in $("$cache/xen/bin/busybox" --list); do
		ln -s busybox "$root/bin/$name"
	done
	cp --remove-destination "$cache/xen/bin/busybox" "$root/bin/"
	cp --remove-destination "$shell" "$root/bin/sh"
	while read -r library; do
		mkdir -p "$root${library%/*}"
		cp "$library" "$root$library"
	done < <(ldd "$shell" | grep -oE '/[^ ]+')
	cp "$here/errors/kernel" "$root/stubs/"
	for name in "${programs[@]}"; do
		ln -s kernel "$root/stubs/$name"
	done
	# as for who is not root: it is not on the PATH
	rm "$root/bin/modinfo"
	ln -s /stubs/kernel "$root/usr/sbin/modinfo"
	: >"$root/proc/filesystems"
	: >"$root/dev/null"
	echo "[    1.0] xenfs: the last words" >"$root/log"
	touch "$root/lib/modules/6.1.0-test/build/Makefile" \
		"$root/lib/modules/6.1.0-test/kernel/drivers/xen/xenfs/xenfs.ko"
	cp "$top/tools/packaging/files/module" "$root/usr/lib/xenfs/"
	chmod 755 "$root/usr/lib/xenfs/module"
}
installed() { # VERSION
	mkdir -p "$root/lib/modules/6.1.0-test/updates"
	echo "$1 of-$1" >"$root/lib/modules/6.1.0-test/updates/xenfs.ko"
}
refused() { # WHAT MODPROBE SAYS
	system
	installed 1
	echo "modprobe: ERROR: could not insert 'xenfs': $1" >"$root/refuses"
	module load
}

# --- to load it

to_load() {
	system
	module load
	ok 'not built: the kernel'\''s own is loaded' has_stock
	ok '... which is a failure, that names what builds it' fails_with \
		"It is not built for this kernel, 6.1.0-test.*: dkms autoinstall -k 6.1.0-test"
	rm "$root/lib/modules/6.1.0-test/build/Makefile"
	module state
	ok 'no headers: it says which to install' fails_with \
		'its headers were not there.*apt-get install linux-headers-6.1.0-test'
	system
	rm -r "$root/var/lib/dkms/xenfs"
	module state
	ok 'nothing is loaded, without dkms: make install' fails_with 'No xenfs is loaded.*make install'
	installed 1
	module state
	ok 'it is there, and not loaded: how to load it' fails_with \
		'No xenfs is loaded.*systemctl restart xenfs.service'
	module load
	ok 'it is loaded, and it says so' works_with '^xenfs: version 1 is in use'
	ok '... the kernel has it' has_ours 1
}

no_xen() {
	system
	installed 1
	rmdir "$root/proc/xen"
	module load
	ok 'no Xen: it says so' fails_with 'There is no /proc/xen: this is no Xen domain'
	ok '... and tries nothing' only_called 'uname|modinfo'
	module state
	ok '... as state does' fails_with 'No xenfs is loaded. .*this is no Xen domain'
}

to_be_refused() {
	refused 'Invalid argument'
	ok 'a parameter out of range: the kernel'\''s own is loaded' has_stock
	ok '... it says what modprobe and the log say' fails_with \
		'modprobe says: .*Invalid argument\..*\(dmesg\): xenfs: the last words'
	ok '... where the parameter is' says 'module parameter that the log names \(/etc/modprobe.d'
	ok '... what is used until then' says "Until then the kernel's own xenfs is used"
	refused 'Exec format error'
	ok 'another kernel: to be built anew' fails_with \
		'built for another kernel.*dkms build --force -m xenfs -v 1, and dkms install --force'
	refused 'Key was rejected by service'
	ok 'no key that the kernel trusts: which one to give it' fails_with 'mokutil --import /var/lib/dkms/mok.pub'
	rm "$root"/lib/modules/6.1.0-test/kernel/drivers/xen/xenfs/xenfs.ko
	sed -i '/xenfs/d' "$root/proc/filesystems"
	module load
	ok '... nor is there another: it says so' fails_with "The kernel's own can't be loaded, either"
}

# The kernel's own is there first.
stock_first() {
	system
	inside modprobe xenfs
	installed 1
	module load
	ok 'the kernel'\''s own is loaded, not in use: it gives way' has_ours 1
	system
	inside modprobe xenfs
	installed 1
	touch "$root/in-use"
	module load
	ok 'the kernel'\''s own is in use: it stays' has_stock
	ok '... and it says when it is not' fails_with "kernel's own xenfs is in use\. .* used after the next boot"
	rm -r "$root/lib/modules/6.1.0-test/updates" "$root/lib/modules/6.1.0-test/kernel"
	module state
	ok 'it is built in: it says so' fails_with 'built in \(CONFIG_XENFS=y\).*Boot a kernel that has it as a module'
}

# --- the package

package() {
	system
	version=1
	maintainer_script postinst
	inside /postinst configure
	ok 'installed: it is in use at once' works_with 'version 1 is in use'
	ok '... the kernel has it' has_ours 1
	ok '... no reboot is asked for' no_reboot

	touch "$root/in-use"
	version=2
	maintainer_script postinst
	inside /postinst configure 1
	ok 'upgraded under a client: that goes on with the old one' has_ours 1
	ok '... it says when the new one is used' works_with \
		'Version 1 is in use, another build than .* installed, 2: .*after the next boot'
	ok '... a reboot is asked for' grep -qx xenfs-dkms "$root/run/reboot-required.pkgs"
	echo '2 of-1' >"$root/lib/modules/6.1.0-test/updates/xenfs.ko"
	module state
	ok '... also if its source is the same' fails_with 'Version 1 is in use, another build than'
	installed 2

	maintainer_script prerm
	inside /prerm upgrade 3
	ok 'before an upgrade nothing is said' silent
	ok '... and nothing is stopped or unmounted' calls_nobody
	inside /prerm remove
	ok 'removed while it is mounted: the package can go' works_with 'It is in use.*until the next boot'
	ok '... it says how to be rid of it' says 'umount /proc/xen, and rmmod xenfs'
	ok '... programs get the kernel'\''s device from now on' called 'systemctl stop dev-xen-xenbus.mount'
	ok '... the file goes in a guest' called 'umount /proc/xen'
	ok '... for who has it open it stays' has_ours 1
	module state
	ok '... state says until when' fails_with 'Version 1 is in use, but no longer installed.*next boot'
}

removed() {
	system
	version=1
	maintainer_script postinst
	maintainer_script prerm
	inside /postinst configure
	inside /prerm remove
	ok 'removed when nobody uses it: nothing is said' silent
	ok '... and it is gone' is_gone

	inside /postinst configure
	echo control_d >"$root/proc/xen/capabilities"
	inside /prerm remove
	ok 'removed in the initial domain: the mount stays, for xenstored' \
		mount_stays

	system
	maintainer_script postinst
	sed -i 's/^dkms .*/:/' "$root/postinst"
	echo 'layout: no type information (BTF)' >"$root/broken"
	echo 1 >"$root/status"
	inside /postinst configure
	ok 'it can'\''t be built: why, and for which kernel' works_with \
		"no type information.*There is none for 6.1.0-test; .* dkms install -m xenfs -v 1 -k 6.1.0-test"
	ok '... the kernel'\''s own is in use' has_stock

	system
	echo 'The kernel lacks CONFIG_XEN' >"$root/broken"
	echo 77 >"$root/status"
	module build 1
	ok 'a kernel without Xen: no word of one of its own' not_told_of_its_own
}

# --- to build it

to_build() {
	local kdir
	run "$top/tools/build/module" --kdir "$dir/none"
	ok 'no headers: where they were looked for, and what to do' fails_with \
		"no kernel headers in $dir/none.*Install them, or give KVER="
	run make -s -C "$top" KDIR="$dir/none"
	ok '... make says that, too' fails_with 'no kernel headers in'
	run "$top/tools/packaging/dkms-build" "$dir/none" --check
	ok '... so does dkms' fails_with 'no kernel headers in'
	run make -s -C "$top" install PREFIX=/opt/xenfs DESTDIR="$dir/opt" KDIR="$dir/none"
	ok 'to install where nobody looks: refused before anything else' fails_with \
		'systemd and depmod look in /usr and /usr/local only'
	mkdir -p "$dir/theirs/etc/systemd/system"
	echo '[Mount]' >"$dir/theirs/etc/systemd/system/proc-xen.mount"
	run make -s -C "$top" install PREFIX=/usr DESTDIR="$dir/theirs" KDIR="$dir/none"
	ok "over somebody else's unit: refused, too" fails_with "is somebody else's: move it away"
	run "$top/tools/packaging/install" --remove --destdir "$dir/theirs" --prefix /usr
	ok '... which make uninstall leaves' [ -s "$dir/theirs/etc/systemd/system/proc-xen.mount" ]
	mkdir -p "$dir/unprepared"
	touch "$dir/unprepared/Makefile"
	run "$top/tools/build/module" --kdir "$dir/unprepared"
	ok 'a tree that is not prepared' fails_with 'is no prepared kernel build directory'
	"$top/tools/vm/fetch" 6.1 >&2
	kdir=$(kernel_headers 6.1)
	mkdir "$dir/bin"
	find /usr/bin /usr/sbin -mindepth 1 -maxdepth 1 ! -type d ! -name pahole -exec ln -sf -t "$dir/bin" {} +
	PATH=$dir/bin run "$top/tools/build/layout" "$kdir"
	ok 'no pahole: which package has it' fails_with 'pahole is missing: .*dwarves'
}

# --- what the documentation quotes

# quotes SED-SCRIPT: and if it was other messages?
quotes() {
	sed "$1" "$top/Documentation/xenfs.rst" >"$dir/xenfs.rst"
	run "$top/tools/build/messages" "$dir/xenfs.rst"
}
# shellcheck disable=SC2016 # reST's quotes, not the shell's
documented() {
	quotes ''
	ok 'the documentation has each message, as it is said' silent
	quotes 's/^``\(.*\): must be from/``\1: has to be from/'
	ok '... one that nothing says is found' fails_with 'has to be from .* and nowhere else'
	ok '... so is one that it lacks' fails_with 'must be from .* is said, and not in'
	quotes "s/^\`\`Unknown parameter 'NAME'/\`\`No parameter 'NAME'/"
	ok "... and one of the kernel's that no test has seen" fails_with 'No parameter .* nowhere else'
	quotes '/^Messages$/d'
	ok '... and that there is none at all' fails_with 'no such section'
}

claim "$dir"
: >"$dir/said"
"$top/tools/vm/fetch" xen >&2
shell=$(command -v dash)
to_load
no_xen
to_be_refused
stock_first
package
removed
to_build
documented
echo "1..$n"

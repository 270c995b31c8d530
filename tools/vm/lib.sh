# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the rig's scripts share. Source it: . "$(dirname "$0")/lib.sh"

# Everything that is downloaded or built goes below build/.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$top/build
cache=$build/cache

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# Debian's name for an architecture, of uname's or the kernel's
debian_arch() {
	case $1 in
	x86|x86_64)    echo amd64 ;;
	arm64|aarch64) echo arm64 ;;
	*)             echo "$1" ;;
	esac
}
own_arch=$(debian_arch "$(uname -m)")

# All is for the architecture that ARCH names, as the kernel's own build has it;
# without it, for this machine's. What is for another one is kept apart, and made
# by a cross compiler, which each make here learns of by these variables.
arch=$(debian_arch "${ARCH:-$(uname -m)}")
foreign='' # or what tells its directories in the cache from this machine's own
# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/../vm source=arch/arm64.sh
[ ! -e "$top/tools/vm/arch/$arch.sh" ] || . "$top/tools/vm/arch/$arch.sh"
if [ "$arch" != "$own_arch" ]; then
	[ -n "${triplet-}" ] || die "ARCH=$ARCH is none that is known here (x86_64, arm64)"
	foreign=-$arch
	build=$build/$arch
	export CROSS_COMPILE=$triplet-
	export CC=${CROSS_COMPILE}gcc AR=${CROSS_COMPILE}ar
fi

# For a test of what runs on this machine only: it says nothing of another's.
skip_if_foreign() {
	[ -z "$foreign" ] || { echo "1..0 # SKIP it runs on $own_arch, where it is built, not on $arch"; exit; }
}

# The one path that matches; a glob that matches nothing, or more, is an error.
one() {
	if [ $# -ne 1 ] || [ ! -e "$1" ]; then
		die "expected exactly one file, have: $*"
	fi
	printf '%s\n' "$1"
}

# pulse NAME FILE: makes what "-chardev pipe,path=NAME" wants of QEMU. What is written
# there goes to the FILE, beside NAME, and a byte each second comes from there: a serial
# port has an interrupt by it, which wakes a machine that QEMU has let sleep
# (tools/vm/README.md). The process that does so is $pulse.
pulse() {
	mkfifo "$1.in"
	ln -s "$2" "$1.out"
	# shellcheck disable=SC2016 # for the inner shell
	setpriv --pdeathsig TERM sh -c 'exec 3<>"$1"; while sleep 1; do printf . >&3; done' \
		sh "$1.in" </dev/null >/dev/null 2>&1 &
	# shellcheck disable=SC2034 # for who sources this
	pulse=$!
}

# What `fetch` made of a kernel (6.1, 6.12, sid, backports), tools/debug/kernel of a
# debug kernel (debug-dom0), or tools/build/in-tree of one with xenfs in its tree
# (in-tree-6.12-m, in-tree-6.12-y)
kernel_dir() {
	case $1 in
	debug-*)   printf '%s\n' "$build/$1" ;;
	in-tree-*) printf '%s\n' "$build/in-tree/${1#in-tree-}" ;;
	*)         printf '%s\n' "$cache/linux-$1$foreign" ;;
	esac
}
# The newest packages have it among the modules.
kernel_image() {
	local file
	for file in "$(kernel_dir "$1")"/usr/lib/modules/*/vmlinuz; do
		[ ! -e "$file" ] || { one "$file"; return; }
	done
	one "$(kernel_dir "$1")"/boot/vmlinuz-*
}
kernel_release() {
	local image
	image=$(kernel_image "$1")
	case $image in
	*/vmlinuz-*) printf '%s\n' "${image##*/vmlinuz-}" ;;
	*)           basename "${image%/vmlinuz}" ;;
	esac
}
kernel_headers() {
	case $1 in
	debug-*) one "$(kernel_dir "$1")/build" ;;
	*)       one "$(kernel_dir "$1")"/usr/src/linux-headers-*-"$arch" ;;
	esac
}

# What `fetch` made of a version of Xen; without one, of this Debian's own
xen_dir() { printf '%s\n' "$cache/$(xen_name "${1-}")$foreign"; }
xen_name() {
	case ${1-} in
	4.17|'') echo xen ;;
	*)       echo "xen-$1" ;;
	esac
}

# What `fetch` made of perf, trace-cmd and bpftrace
tracers_dir() { printf '%s\n' "$cache/tracers$foreign"; }

# module_file SERIES NAME: the path of a module of that kernel, by its name
module_file() {
	local dir file
	dir=$(kernel_dir "$1")
	file=$(find "$dir/lib/modules" "$dir/usr/lib/modules" \
		\( -name "$2.ko" -o -name "$2.ko.xz" \) -print -quit 2>/dev/null)
	[ -n "$file" ] || die "no module $2 in the kernel package of $1"
	printf '%s\n' "$file"
}

# Of the module
module_version() { sed -n "s/.*XENFS_VERSION='\"\(.*\)\"'.*/\1/p" "$top/Kbuild"; }

# claim DIR: for this run alone, and empty. Of two that want it the later one ends.
claim() {
	mkdir -p "$(dirname "$1")"
	exec {claimed}>"$1.lock"
	flock --nonblock "$claimed" || die "another run uses $1"
	rm -rf "$1"
	mkdir -p "$1"
}

# alone PROGRAM...: not at the same time as another that is called so: two makes of
# the tests' programs would write the same files
alone() {
	mkdir -p "$build"
	flock "$build/.lock" "$@"
}

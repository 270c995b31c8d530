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

# The one path that matches; a glob that matches nothing, or more, is an error.
one() {
	if [ $# -ne 1 ] || [ ! -e "$1" ]; then
		die "expected exactly one file, have: $*"
	fi
	printf '%s\n' "$1"
}

# What `fetch` made of a kernel (6.1, 6.12, sid, backports), or tools/debug/kernel
# of a debug kernel (debug-dom0)
kernel_dir() {
	case $1 in
	debug-*) printf '%s\n' "$build/$1" ;;
	*)       printf '%s\n' "$cache/linux-$1" ;;
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
	*)       one "$(kernel_dir "$1")"/usr/src/linux-headers-*-amd64 ;;
	esac
}

# What `fetch` made of a version of Xen; without one, of this Debian's own
xen_dir() { printf '%s\n' "$cache/$(xen_name "${1-}")"; }
xen_name() {
	case ${1-} in
	4.17|'') echo xen ;;
	*)       echo "xen-$1" ;;
	esac
}

# module_file SERIES NAME: the path of a module of that kernel, by its name
module_file() {
	local dir file
	dir=$(kernel_dir "$1")
	file=$(find "$dir/lib/modules" "$dir/usr/lib/modules" \
		\( -name "$2.ko" -o -name "$2.ko.xz" \) -print -quit 2>/dev/null)
	[ -n "$file" ] || die "no module $2 in the kernel package of $1"
	printf '%s\n' "$file"
}

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

# What `fetch` made of a kernel series (6.1, 6.12)
kernel_image()   { one "$cache/linux-$1"/boot/vmlinuz-*; }
kernel_release() { local image; image=$(kernel_image "$1"); printf '%s\n' "${image##*/vmlinuz-}"; }
kernel_headers() { one "$cache/linux-$1"/usr/src/linux-headers-*-amd64; }

# module_file SERIES NAME: the path of a module of Debian's kernel, by its name
module_file() {
	local file
	file=$(find "$cache/linux-$1/lib/modules" "$cache/linux-$1/usr/lib/modules" \
		\( -name "$2.ko" -o -name "$2.ko.xz" \) -print -quit 2>/dev/null)
	[ -n "$file" ] || die "no module $2 in the kernel package of $1"
	printf '%s\n' "$file"
}

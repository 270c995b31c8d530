#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is a kernel refused that lays out the core's private types in another way
# than core.h has them, or that doesn't say how? Type information is made up
# here and the module is built for it; nothing of that is ever loaded. And is
# it found in each kind of image that a kernel may come as?
# pahole's default, llvm-objcopy, is in no package that is needed otherwise.
export LLVM_OBJCOPY=objcopy
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$(dirname "$0")/../vm/lib.sh"
# shellcheck source-path=SCRIPTDIR source=lib/ok.sh
. "$(dirname "$0")/lib/ok.sh"
series=6.1
dir=$build/layout-test

# fake <LAYOUT-MACROS >C: structures that are laid out like that
fake() {
	perl -ne '
		/^#define CORE_SIZEOF_(\w+) (\d+)/ and $size{$s = $1} = $2;
		/^#define CORE_OFFSETOF_${s}_(\w+) (\d+)/ and $at{$s}{$1} = $2;
		END {
			for $s (sort keys %size) {
				@m = sort { $at{$s}{$a} <=> $at{$s}{$b} } keys %{$at{$s}};
				print "struct $s {\n";
				for (0 .. $#m) {
					$end = $_ < $#m ? $at{$s}{$m[$_ + 1]} : $size{$s};
					printf "\tchar %s[%d];\n", $m[$_], $end - $at{$s}{$m[$_]};
				}
				print "} fake_$s;\n";
			}
		}'
}

# build_for SED-SCRIPT: build the module for a kernel that differs like that
build_for() {
	sed "$1" "$dir/fake.c" >"$dir/differs.c"
	gcc -g -c -o "$dir/differs.o" "$dir/differs.c"
	pahole -J "$dir/differs.o"
	build_with "$dir/differs.o"
}
build_with() { # VMLINUX
	status=0
	"$top/tools/build/module" --kdir "$kdir" --suffix -layout-test --vmlinux "$1" \
		>"$dir/ko" 2>"$dir/said" || status=$?
}
builds() { [ $status = 0 ] && [ -e "$(cat "$dir/ko")" ]; }
stops() { [ $status != 0 ] && [ ! -s "$dir/ko" ]; }
says() { grep -qE "$1" "$dir/said"; }
# One message, and nothing was tried after it.
says_only() { stops && [ "$(grep -c . "$dir/said")" -le 2 ] && says "$1"; }
asserts() { stops && says 'static assertion failed: "xenfs does not know the xenbus of this kernel'; }

claim "$dir"
: >"$dir/said"
"$top/tools/vm/fetch" "$series" >&2
kdir=$(kernel_headers "$series")
"$top/tools/build/layout" "$kdir" >"$dir/layout"
fake <"$dir/layout" >"$dir/fake.c"

build_for ''
ok 'a kernel with the layout of core.h' builds
build_for 's/char kref\[/char more[8]; &/'
ok 'a member more: the build stops' asserts
ok '... and it says what to do' says 'Use a kernel that .* names, or report this one'
build_for 's/struct read_buffer/struct other_buffer/'
ok 'a struct that is not there' says_only 'not one that this module knows.*no struct read_buffer\.'
build_for 's/char generation_id\[/char other[/'
ok 'a member that is not there' says_only 'has no xenbus_transaction_holder\.generation_id\.'
build_for 's/struct /&other_/'
ok 'no struct at all: a kernel without Xen' says_only 'not one that this module knows'
gcc -c -o "$dir/nothing.o" -x c /dev/null
build_with "$dir/nothing.o"
ok 'a kernel without type information' says_only 'no type information \(BTF\) for kernel'
ok '... and it says what to do' says 'make VMLINUX=.*CONFIG_DEBUG_INFO_BTF=y'
build_with "$dir/not-there"
ok 'a file that is not there' says_only 'no type information .*/not-there'
build_for ''
ok 'after all that, the right one' builds

mkdir -p "$dir/old/include/generated"
touch "$dir/old/Makefile"
echo '#define UTS_RELEASE "5.10.0-32-amd64"' >"$dir/old/include/generated/utsrelease.h"
status=0
"$top/tools/build/module" --kdir "$dir/old" >"$dir/ko" 2>"$dir/said" || status=$?
ok 'a kernel that is too old' says_only 'for Linux 6\.1 and later.*5\.10\.0-32-amd64'

# What is before and behind the kernel in an image: code, in which all that is
# looked for may be by chance. Behind what was packed comes its size at first.
junk() {
	printf '\xb0\x3a\0\0'
	printf 'MZ\x90\n\xfd7zXZ\0\n(\xb5/\xfd\n\x02!L\x18\n\x89LZO\0\n\x1f\x8b\x08\nBZh9\n]\0\0\0\n'
	printf '\x9f\xeb\x01\0\x18\0\0\0\0\0\0\xff\x10\0\0\0\x10\0\0\0\x08\0\0\0'
	printf '\xe2\x82\n\xfd\n%0512d\x9f\xeb\x01\0' 0
}
image() { # COMMAND... <KERNEL: $dir/image of what the command makes of it
	{
		junk
		"$@"
		junk
	} >"$dir/image"
}
# finds LOCALE IMAGE [KDIR]: the layout that LAYOUT says
finds() {
	LC_ALL=$1 "$top/tools/build/layout" "${3:-$kdir}" "$2" >"$dir/found" 2>"$dir/said" &&
		cmp "$dir/layout" "$dir/found" >>"$dir/said" 2>&1
}
finds_all() { # LOCALE IMAGE KDIR: another kernel's, so the numbers may differ
	finds "$@"
	[ "$(grep -c '^#define CORE_' "$dir/found")" = "$(grep -c '^#define CORE_' "$dir/layout")" ]
}
dump_btf() { # OBJECT FILE
	objcopy --dump-section ".BTF=$2" "$1" "$dir/nothing.o"
}
echo 'struct read_buffer { int small; } small;' | gcc -g -c -o "$dir/small.o" -x c -
pahole -J "$dir/small.o"
dump_btf "$dir/small.o" "$dir/small.btf"
cp "$dir/differs.o" "$dir/vmlinux"
dump_btf "$dir/vmlinux" "$dir/vmlinux.btf"
# An Image, as arm64 has it: with the type information of BPF programs, too. Its
# EFI stub or boot loader may unpack it.
{
	junk
	cat "$dir/small.btf"
	junk
	cat "$dir/vmlinux.btf"
	junk
	cat "$dir/small.btf"
	junk
} >"$dir/Image"

for locale in C C.UTF-8; do
	ok "$locale: an image that isn't packed" finds $locale "$dir/Image"
	for packer in 'gzip -9' 'xz --check=crc32' 'zstd -q -19' 'xz --format=lzma -9' \
		'lz4 -q -l -9' 'bzip2 -9' 'lzop -9'; do
		# shellcheck disable=SC2086 # words are wanted
		image $packer -c <"$dir/vmlinux"
		ok "$locale: a vmlinuz packed with $packer" finds $locale "$dir/image"
		# shellcheck disable=SC2086
		image $packer -c <"$dir/Image"
		ok "$locale: an Image packed with $packer" finds $locale "$dir/image"
	done
	for kernel in ${KERNELS-6.1 6.12}; do
		"$top/tools/vm/fetch" "$kernel" >&2
		ok "$locale: the image of $kernel" \
			finds_all $locale "$(kernel_image "$kernel")" "$(kernel_headers "$kernel")"
	done
done

# All programs but one
mkdir "$dir/bin"
find /usr/bin -mindepth 1 -maxdepth 1 ! -type d ! -name zstd -exec ln -s -t "$dir/bin" {} +
image zstd -q -c <"$dir/vmlinux"
PATH=$dir/bin build_with "$dir/image"
ok 'no program to unpack it: it says which' \
	says_only 'no type information .*/image, but lacked, to unpack it, zstd\..*VMLINUX='
junk >"$dir/image"
build_with "$dir/image"
ok 'an image without any' says_only 'no type information .*/image\. .*VMLINUX='

# Each number by itself: one directory for each, with a layout.h where it is
# one more, and a file that has core.h and nothing else.
probes=0
probe() { # NAME SED-SCRIPT
	mkdir "$dir/$1"
	ln -s "$top/core.h" "$dir/$1/core.h"
	printf '#include "core.h"\n' >"$dir/$1/probe.c"
	sed "$2" "$dir/layout" >"$dir/$1/layout.h"
	printf 'obj-m += %s/probe.o\n' "$1" >>"$dir/Kbuild"
}
probe same ''
while read -r _ macro value; do
	probes=$((probes + 1))
	probe "$macro" "s/^\(#define $macro\) .*/\1 $((value + 1))/"
done < <(grep -E '^#define CORE_(SIZEOF|OFFSETOF)_' "$dir/layout")
"$top/tools/build/kbuild" "$kdir" -k M="$dir" modules >"$dir/said" 2>&1 || true

ok 'core.h alone compiles' [ -e "$dir/same/probe.o" ]
ok 'there are numbers to compare' [ "$probes" -ge 20 ]
ok 'each was refused with the message' \
	[ "$(grep -c 'static assertion failed: "xenfs does not know' "$dir/said")" = "$probes" ]
for object in "$dir"/CORE_*; do
	ok "${object##*/}: one off is refused" [ ! -e "$object/probe.o" ]
done
echo "1..$n"

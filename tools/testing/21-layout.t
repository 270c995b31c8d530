#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Is a kernel refused that lays out the core's private types in another way
# than core.h has them, or that doesn't say how? Type information is made up
# here and the module is built for it; nothing of that is ever loaded.
# pahole's default, llvm-objcopy, is in no package that is needed otherwise.
export LLVM_OBJCOPY=objcopy
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$(dirname "$0")/../vm/lib.sh"
series=6.1
dir=$build/layout-test
n=0

ok() { # DESCRIPTION COMMAND...
	local text=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $text"
	else
		echo "not ok $n - $text"
		tail -n 20 "$dir/said" | sed 's/^/# /'
	fi
}

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

rm -rf "$dir"
mkdir -p "$dir"
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
done < <(grep '^#define' "$dir/layout")
env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES \
	make -k -C "$kdir" M="$dir" -j"$(nproc)" modules >"$dir/said" 2>&1 || true

ok 'core.h alone compiles' [ -e "$dir/same/probe.o" ]
ok 'there are numbers to compare' [ "$probes" -ge 20 ]
ok 'each was refused with the message' \
	[ "$(grep -c 'static assertion failed: "xenfs does not know' "$dir/said")" = "$probes" ]
for object in "$dir"/CORE_*; do
	ok "${object##*/}: one off is refused" [ ! -e "$object/probe.o" ]
done
echo "1..$n"

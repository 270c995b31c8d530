#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Would the debug kernels find it? A fault is planted in the module, and has to
# be among what the scan of the console finds; without one, nothing may be.
# PLANT, unless empty, lists the faults that are wanted.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh
. "$here/../vm/lib.sh"

n=0
failed=0
result() { # STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

wanted() {
	case " ${PLANT:-$1} " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

module() { # KERNEL FAULT|none
	if [ "$2" = none ]; then
		"$top/tools/build/module" --series "$1"
	else
		"$here/module" --plant "$2" "$1"
	fi
}

# Leaves what the scan found in $out/splat.
boot() { # KERNEL FAULT|none
	out=$build/vm/plant-$1-$2
	rm -rf "$out"
	mkdir -p "$out"
	"$top/tools/vm/fetch" "$1"
	ko=$(module "$1" "$2" 2>"$out/module.log") || {
		sed 's/^/# /' "$out/module.log"
		result 1 "$1: a module with '$2' builds"
		return 1
	}
	case $1 in
	debug-dom0)
		"$top/tools/vm/run" --kernel "$1" --module "$ko" --timeout 180 \
			--out "$out/boot" "$here/exercise.sh" >"$out/run.log" 2>&1 || true
		;;
	debug-kcsan) # wants more than one thing done at a time
		alone make -s --no-print-directory -C "$top/tools/testing/guest" \
			OUT="$build/guest-tests" >&2
		"$top/tools/vm/run" --kernel "$1" --module "$ko" --timeout 180 --out "$out/boot" \
			"$build/guest-tests/life.test" >"$out/run.log" 2>&1 || true
		;;
	*)
		"$here/guest/run" --kernel "$1" --module "$ko" --out "$out/guest" uring \
			>"$out/run.log" 2>&1 || true
		ln -sfn guest/boot "$out/boot"
		;;
	esac
	"$top/tools/vm/splat" "$out/boot/console.log" >"$out/splat" || true
}

# It may be cut in the midst, by what it found.
caught() { # KERNEL FAULT PATTERN...
	local kernel=$1 fault=$2 pattern status=0
	shift 2
	wanted "$fault" || return 0
	boot "$kernel" "$fault" || return 0
	for pattern; do
		grep -qE -- "$pattern" "$out/splat" || status=1
	done
	result $status "$kernel: $fault is found"
	grep -E -m3 -- "${1}" "$out/splat" | sed 's/^/#   /' || true
	[ $status = 0 ] || tail -n 30 "$out/run.log" | sed 's/^/# /'
}

clean() { # KERNEL
	wanted none || return 0
	boot "$1" none || return 0
	local status=0
	{ [ -e "$out/boot/console.log" ] && [ ! -s "$out/splat" ] &&
		grep -q "debug-checks: done" "$out/boot/console.log"; } || status=1
	result $status "$1: without a fault nothing is found"
	sed 's/^/# /' "$out/splat" 2>/dev/null || true
}

clean debug-dom0
caught debug-dom0 use-after-free 'Poison overwritten'
caught debug-dom0 leak 'kmemleak: [0-9]+ new suspected' 'unreferenced object' 'queue_reply'
caught debug-dom0 sleep-in-atomic 'sleeping function called from invalid context.*'
caught debug-dom0 lock-inversion 'possible circular locking dependency'
clean debug-kcsan
caught debug-kcsan data-race 'KCSAN: data-race in .*(xenfs|request)'
caught debug-kasan use-after-free 'KASAN: slab-use-after-free in .*\[xenfs\]'
echo "1..$n"
exit $failed

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the programs share that boot a machine for a test, and what tools/vm/lib.sh
# has. Source it. They print TAP, so what goes wrong before a boot ends it.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/lib source=../../vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../vm/lib.sh"

# only_if_wanted KERNEL: by KERNELS, which lists those that are wanted, if it is set
only_if_wanted() {
	case " ${KERNELS-$1} " in
	*" $1 "*) ;;
	*) echo "1..0 # SKIP kernel $1 is not in KERNELS"; exit ;;
	esac
}

# needs WHAT COMMAND...: which ends all if it fails, with what it said; that is $said
needs() {
	local what=$1
	shift
	said=$("$@" 2>&1) && return
	printf '%s\n' "$said" | sed 's/^/# /'
	echo "Bail out! $what"
	exit 1
}

# our_module KERNEL: $ko is our module for it
our_module() {
	needs "the module does not build for $1" "$top/tools/build/module" --series "$1"
	# Its name comes last, behind what was said while it was built.
	# shellcheck disable=SC2034 # for who sources this
	ko=${said##*$'\n'}
}

# boot_for_tap ARGUMENT...: of tools/vm/run. What goes wrong is found again, and told,
# by vm-tap; only what is to be seen meanwhile is shown.
boot_for_tap() {
	"$top/tools/vm/run" "$@" 2> >(grep '^# ' >&2) || true
}

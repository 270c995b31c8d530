# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # for those who source lib.sh
#
# What only amd64 has, or has by another name. See arm64.sh for the other one.

triplet=x86_64-linux-gnu
# What runs here and makes such machines
machine_packages=(qemu-system-x86)
machine_program=qemu-system-x86_64
# Programs of Xen that only this one has, and libraries that only here are needed
arch_programs=(lsevtchn)
arch_libraries=()
# In /lib64 is a link to it, which may be an absolute one.
loader=lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
loader_path=lib64/ld-linux-x86-64.so.2
# The serial port that Xen leaves alone, in dom0
results_port=/dev/ttyS1

hypervisor() { # DIR VERSION
	gzip -dc "$(one "$1/boot/xen-$2-amd64.gz")"
}

# cryptomgr.notests, with --concurrent: as one processor patches an instruction (a static
# branch: int3 first, then what it is to be), another may keep the int3 that it has just
# translated, with QEMU 7.2 and a thread for each, and take that trap for ever. The
# kernel's tests of its ciphers, in threads of their own, do this once in some
# dozens of boots: all pass alg_test()'s DO_ONCE(), which is patched behind the
# first of them. See README.md.
#
# tsc=unstable, for the same: with a thread for each processor QEMU's time stamps don't
# agree with each other, nor with Xen's time, which timers are set by. Kernels find
# that out in the end, the newer the later, or not at all; until then they see time
# jump and lose timers.
#
# clocksource=tsc, for several processors: Xen compares each one's clock with another, once
# a second, and one whose turn comes late looks fast. "tsc: Detected 59444 MHz" was seen
# then, in three of sixty boots on a busy machine, time that stood still for 24 s, and
# "soft lockup" as it went on. For that Xen wants a time stamp counter that never
# stops (invtsc); QEMU's own doesn't, but says so only if it is forced to.
machine() { # XEN-ARGUMENTS KERNEL-ARGUMENTS: $machine is the one that boots these, on $cpus
	local cpu=qemu64,+svm,+npt clock=''
	if [ "$cpus" != 1 ]; then
		cpu+=,+invtsc,x-force-features=on
		clock='clocksource=tsc '
	fi
	machine=(
		-cpu "$cpu" -serial chardev:console -serial chardev:results
		-kernel xen -append "console=com1 $clock$1"
		-initrd "vmlinuz console=hvc0 cryptomgr.notests tsc=unstable $2,initrd.gz"
	)
}

machine_without_xen() { # KERNEL-ARGUMENTS
	machine=(
		-cpu qemu64 -serial chardev:console -serial chardev:results
		-kernel vmlinuz -initrd initrd.gz
		-append "console=ttyS0 cryptomgr.notests tsc=unstable $1"
	)
}

# What QEMU's monitor is asked when one hangs, and what it notes of interrupts and
# exceptions: by vector and address
monitor_questions=$'info registers -a\ninfo lapic 0\ninfo lapic 1\ninfo pic\n'
exceptions() {
	sed -n 's/ e=.* IP=/ /; s/ pc=.*//; / v=/p'
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # for those who source lib.sh
#
# What only arm64 has, or has by another name. See amd64.sh for the other one.

triplet=aarch64-linux-gnu
machine_packages=(qemu-system-arm)
machine_program=qemu-system-aarch64
arch_programs=()
arch_libraries=(libfdt1)
loader=lib/aarch64-linux-gnu/ld-linux-aarch64.so.1
loader_path=lib/ld-linux-aarch64.so.1
# Xen keeps the one serial port that the machine comes with.
results_port=/dev/ttyS0
without_guests='Xen for arm64 can neither save nor restore a guest'
without_32='The compiler for arm64 makes no programs of 32 bits'

hypervisor() { # DIR VERSION
	cat "$(one "$1/boot/xen-$2-arm64")"
}

# gic-version=2: with 3, Xen says nothing at all.
# The addresses are far enough from where QEMU puts Xen and the device tree, which
# is at the beginning of the memory, and from each other.
machine() { # XEN-ARGUMENTS KERNEL-ARGUMENTS: $machine is the one that boots these
	machine=(
		-machine 'virt,virtualization=on,gic-version=2' -cpu cortex-a57
		-serial chardev:console -device 'pci-serial,chardev=results'
		-kernel xen -append "console=dtuart $1"
		-device "guest-loader,addr=0x49000000,kernel=vmlinuz,bootargs=console=hvc0 ${2//,/,,}"
		-device 'guest-loader,addr=0x50000000,initrd=initrd.gz'
	)
}

machine_without_xen() { # KERNEL-ARGUMENTS
	machine=(
		-machine 'virt,gic-version=2' -cpu cortex-a57
		-serial chardev:console -device 'pci-serial,chardev=results'
		-kernel vmlinuz -initrd initrd.gz -append "console=ttyAMA0 $1"
	)
}

monitor_questions=$'info registers -a\n'
# Which exception, between which levels; the address is in a line of its own.
exceptions() {
	sed -n 's/ on CPU [0-9]*$//; /Taking exception/h; /\.\.\.from EL/H; /\.\.\.with ELR/{H; g; s/\n\.\.\./, /g; p}'
}

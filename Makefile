# SPDX-License-Identifier: GPL-2.0
#
# xenfs, for people: `make help`. What the kernel's build system reads is
# Kbuild. Everything that is made goes to build/.

KERNELS	?= 6.1 6.12
SERVER	?= xenstored

# The kernel to build for: KERNEL (Debian's, from the cache), KDIR, or KVER.
KVER	?= $(shell uname -r)
KDIR	?= /lib/modules/$(KVER)/build
TARGET	 = $(if $(KERNEL),--series $(KERNEL),--kdir $(KDIR)) \
	   $(if $(VMLINUX),--vmlinux $(VMLINUX))

# ARCH (x86_64, arm64), if it is not this machine's, is in the environment of all
# that is called here, as make sees to: tools/vm/lib.sh has what it means.

# Xen, if not this Debian's own
XEN_OPTION = $(if $(XEN),--xen $(XEN))

export KERNELS PLANT

all: module

help:
	@echo 'Build'
	@echo '  make                  xenfs.ko for the running kernel, in build/<release>/'
	@echo '    KVER=<release>      for another installed one'
	@echo '    KDIR=<directory>    for the one with these headers'
	@echo '    KERNEL=6.1|6.12|sid|backports'
	@echo '                        for a Debian kernel that is downloaded: the newest are'
	@echo '                        those of sid and of the backports to the next release'
	@echo '    VMLINUX=<file>      where its type information is, if not in a usual place'
	@echo '  make install          install it, for that kernel, and what uses it from the next'
	@echo '                        boot on: units, man pages: [PREFIX=/usr/local|/usr] [DESTDIR=]'
	@echo '  make uninstall        take all that away, of all kernels'
	@echo '  make modules_install  the module only'
	@echo '  make deb              xenfs-dkms, a package for Debian, in build/; rpm: for others'
	@echo
	@echo 'With ARCH=arm64 (and KERNEL, to build) all of that, and demo, shell, vm, test and so'
	@echo 'on, are for arm64: cross-built, and Xen for arm64 in QEMU. Debian 6.1 and 6.12.'
	@echo
	@echo 'See it work (a virtual machine with real Xen: no KVM, no root, no Xen here)'
	@echo '  make demo             build, boot, and use it'
	@echo '  make shell            a shell in there: [KERNEL=] [SERVER=xenstored|oxenstored] [XEN=4.17|4.20]'
	@echo
	@echo 'Test'
	@echo '  make test             all: unit tests, the rig, and boots: [KERNELS="6.1 6.12"] [V=1]'
	@echo '                        [JOBS=2]: so many machines at a time'
	@echo '  make unit             the unit tests only, in seconds'
	@echo '  make vm               one boot: [KERNEL=] [SERVER=] [XEN=] [BITS=32] [TESTS="stream watch"]'
	@echo '  make test-stock       which of the tests the stock xenfs fails'
	@echo '  make test-hostile     clients that try to hurt others'
	@echo '  make test-tracing     the examples for perf, trace-cmd and bpftrace in the documentation:'
	@echo '                        [KERNEL=] [SERVER=]'
	@echo '  make test-clients     real clients over the file, the socket and the stock device: [KERNEL=]'
	@echo '                        [CLIENTS="pyxs libxenstore.watches"]'
	@echo '  make matrix           each kernel, newest too, under each Xen with each server:'
	@echo '                        [KERNELS="6.1 6.12 sid backports"] [XEN="4.17 4.20"]'
	@echo '  make soak             1,000,000 messages to the file and to the socket: [MESSAGES=] [SEED=] [SERVER=]'
	@echo '  make check            style and static checks: checkpatch, W=1, sparse, Sphinx, shellcheck'
	@echo '  make test-debug       all on debug kernels, which are built first: [PLANT=<fault>];'
	@echo '                        debug-kernels builds them only'
	@echo '  make in-tree          build it in kernel source, as drivers/xen/xenfs, and boot that:'
	@echo '                        [KERNELS=]'
	@echo '  make htmldocs         the documentation as web pages, in build/html'
	@echo '  make release-check    all that a release has to pass, one after another: hours'
	@echo '  make dkms-test        dkms add, build, install, remove; the host stays as it is'
	@echo '  make test-package     the package, in Debian systems of its own, and in such as dom0'
	@echo '                        and guests: takes root, and an hour or two'
	@echo '  make bench            what operations cost, in instructions: [KERNEL=] [BOOTS=5]'
	@echo '                        [ROWS="read batch-*"]'
	@echo '  make bench-plot       draw what it has measured: [KERNEL=]'
	@echo '  make profile          the same by function: [KERNEL=] [ROW=read]'
	@echo
	@echo 'Else'
	@echo '  make deps             install the Debian packages that all this needs'
	@echo '  make fetch            download the kernels and Xen now: no network is needed later'
	@echo '  make clean            remove what was built; distclean: and what was downloaded'

module:
	@tools/build/module $(TARGET)

PREFIX	?= /usr/local

modules_install:
	@tools/build/module $(TARGET) --install $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR))

install:
	@tools/packaging/install --check --prefix $(PREFIX) $(if $(DESTDIR),--destdir $(DESTDIR))
	@$(MAKE) --no-print-directory modules_install
	@tools/packaging/install --prefix $(PREFIX) $(if $(DESTDIR),--destdir $(DESTDIR))
	@tools/packaging/install-tools --prefix $(PREFIX) $(if $(DESTDIR),--destdir $(DESTDIR))

uninstall:
	@tools/packaging/install --remove --prefix $(PREFIX) $(if $(DESTDIR),--destdir $(DESTDIR))
	@tools/packaging/install-tools --remove --prefix $(PREFIX) $(if $(DESTDIR),--destdir $(DESTDIR))

deb:
	@tools/build/deps --only make build-essential debhelper dh-dkms dpkg-dev fakeroot lintian python3-docutils
	@tools/packaging/deb

demo: deps
	@tools/vm/demo $(or $(KERNEL),6.1)

shell: deps
	@ko=$$(tools/build/module --series $(or $(KERNEL),6.1)) && \
	tools/vm/run --kernel $(or $(KERNEL),6.1) --server $(SERVER) $(XEN_OPTION) --module $$ko \
		--timeout 86400 --shell

# A machine in there takes one processor of this one's. What is short comes first,
# then what is longest.
JOBS	?= 2
PROVE	 = tools/testing/prove $(if $(V),-v,--failures --comments)

test: deps
	@tools/build/deps clang libclang-rt-14-dev lib32gcc-12-dev libc6-dev-i386
	@tools/vm/fetch $(KERNELS) xen
	@$(PROVE) -j $(JOBS) tools/testing/[12]*.t $$(ls -r tools/testing/[3-9]*.t)

unit: deps
	@$(PROVE) tools/testing/10-unit.t

vm: deps
	@KERNELS=$(or $(KERNEL),6.1) tools/testing/vm --kernel $(or $(KERNEL),6.1) \
		--server $(SERVER) $(XEN_OPTION) $(if $(BITS),--bits $(BITS)) $(TESTS)

test-stock: deps
	@tools/testing/stock $(or $(KERNEL),6.1) $(TESTS)

test-hostile: deps
	@$(PROVE) tools/testing/50-*.t

# The tracers are large: a hundred megabytes to download.
test-tracing: deps
	@$(PROVE) tools/testing/tracing/run :: --kernel $(or $(KERNEL),6.1) --server $(SERVER)

# Two boots.
test-clients: deps
	@tools/testing/clients/run --kernel $(or $(KERNEL),6.1) $(CLIENTS)

# Takes an hour, or more on a machine with other things to do.
soak: deps
	@tools/testing/differential/run --kernel $(or $(KERNEL),6.1) --server $(SERVER) \
		--timeout 10800 --live --messages $(or $(MESSAGES),1000000) \
		--seed $(or $(SEED),$$(date +%s))

# Two boots for each of sixteen.
matrix: deps
	@tools/testing/matrix $(if $(XEN),--xen "$(XEN)") \
		$(if $(filter file,$(origin KERNELS)),,$(KERNELS))

bench: deps
	@tools/bench/run --boots $(or $(BOOTS),5) $(if $(ROWS),--rows "$(ROWS)") \
		$(or $(KERNEL),6.1)

bench-plot: deps
	@tools/build/deps gnuplot-nox
	@tools/bench/plot $(or $(KERNEL),6.1)

profile: deps
	@tools/bench/profile/run --row $(or $(ROW),read) $(or $(KERNEL),6.1)

check: deps
	@tools/build/deps python3-docutils python3-sphinx shellcheck
	@tools/build/check $(KERNELS)

htmldocs: deps
	@tools/build/deps python3-sphinx
	@tools/build/htmldocs

# All there is, one after another: hours.
release-check: deps
	@tools/build/release-check

debug-kernels: deps
	@tools/debug/kernel dom0 kasan kcsan

test-debug: deps debug-kernels
	@tools/build/deps patch
	@$(PROVE) -j $(JOBS) $(if $(PLANT),tools/debug/30-plant.t,$$(ls -r tools/debug/*.t))

in-tree: deps
	@tools/build/deps bc bison flex libelf-dev
	@tools/build/in-tree $(KERNELS)

dkms-test: deps
	@tools/build/deps dkms
	@tools/packaging/dkms-test $(KERNELS)

rpm:
	@tools/build/deps --only make gcc libc6-dev rpm python3-docutils
	@tools/packaging/rpm

test-package: deps
	@tools/build/deps build-essential debhelper dh-dkms dpkg-dev fakeroot lintian \
		python3-docutils mmdebstrap e2fsprogs
	@$(PROVE) tools/packaging/test-install tools/packaging/test-boot

deps:
	@tools/build/deps

fetch: deps
	@tools/vm/fetch $(KERNELS) xen checkpatch

clean:
	find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} + 2>/dev/null || true

distclean:
	rm -rf build

.PHONY: all help bench bench-plot profile module install modules_install uninstall deb rpm \
	test-package demo shell test unit vm test-stock test-hostile test-clients test-tracing matrix test-debug \
	debug-kernels soak check htmldocs release-check \
	in-tree dkms-test deps fetch clean distclean

# The module where there is no Xen: F2. Nothing is loaded yet.
# (../lib/tap.sh comes before this.)

module=/modules/xenfs.ko
dir=/tmp/xenfs

# What the last command, or the log, says
said() { # PATTERN DESCRIPTION
	grep -q "$1" /tmp/tap.out
	result $? "$2" || diag </tmp/tap.out
}
log_says() { # PATTERN TIMES DESCRIPTION
	is "$(dmesg | grep -c "$1")" "$2" "$3"
}

no_mount() {
	fails "[F2] mount $1" mount -t xenfs none $dir
	said 'No such device' "[F2] it is ENODEV"
}

mkdir -p $dir
[ ! -e /proc/xen ]
result $? "[F2] there is no /proc/xen"
no_mount "without the module"

# The kernel's own code can't be loaded here.
fails "[F2] insmod of xen-privcmd" insmod /modules/xen-privcmd.ko
said 'No such device' "[F2] it is ENODEV"
fails "[F2] so insmod of xenfs" insmod $module
dmesg | grep -q 'xenfs: Unknown symbol xen_privcmd_fops'
is $? 0 "[F2] the log says why"

# Where it is built in
succeeds "[F2] insmod of what stands for it" insmod /modules/privcmd.ko
succeeds "[F2] then xenfs can be loaded" insmod $module
log_says 'xenfs: this is no Xen domain: ' 1 "[F2] the log says that it does nothing"
grep -q xenfs /proc/filesystems
is $? 1 "[F2] there is no such filesystem"
no_mount "with the module"
no_mount "once more"
log_says 'xenfs: this is no Xen domain: ' 1 "[F2] that is in the log once"
succeeds "[F2] rmmod" rmmod xenfs
finish

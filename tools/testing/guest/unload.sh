# The module's end: [I4]. The server maps a page of this module, so it is
# stopped and started again here, and the kernel's own watches are gone after
# that: run this last.
# (../lib/tap.sh comes before this.)

module=${XENFS_KO:-/modules/xenfs.ko}
pid_file=/run/xenstored.pid

# READ of "/", request 1
request() { printf '\002\000\000\000\001\000\000\000\000\000\000\000\002\000\000\000/\000'; }

# A tool over the file
ours() { XENSTORED_PATH=$XENFS_FILE limited "$@"; }

find_server() {
	server=$(cat $pid_file)
	command_line=$(tr '\0' ' ' </proc/"$server"/cmdline)
}

start_server() {
	local t=0
	rm -f $pid_file "$XENFS_SOCKET"
	$command_line || return
	until [ -S "$XENFS_SOCKET" ] && [ -s $pid_file ]; do
		t=$((t + 1))
		[ $t -lt 50 ] || return
		sleep 0.2
	done
	server=$(cat $pid_file)
}

# Nobody may reap it: a zombie has no mappings, that is enough.
running() { [ -e /proc/"$1" ] && ! grep -q '^State:.Z' /proc/"$1"/status 2>/dev/null; }

kill_server() {
	local t=0
	kill -KILL "$server"
	while running "$server" && [ $t -lt 50 ]; do
		t=$((t + 1))
		sleep 0.1
	done
	sleep 0.2
}

# Its exit status; 99 when it does not come back. Without a server there is
# nobody that it could wait for.
try_rmmod() {
	local t=0 pid
	rmmod xenfs 5>&- 2>/tmp/rmmod.out &
	pid=$!
	while running $pid; do
		t=$((t + 1))
		[ $t -lt 80 ] || return 99
		sleep 0.1
	done
	wait $pid
}

rmmod_works() { # DESCRIPTION
	try_rmmod
	case $? in
	0) result 0 "$1"; return ;;
	99)
		result 1 "$1"
		grep . /proc/"$(pidof rmmod)"/stack | diag
		echo "Bail out! rmmod hangs"
		exit 1
		;;
	esac
	result 1 "$1"
	diag </tmp/rmmod.out
}

loaded() { grep -q '^xenfs ' /proc/modules; }

in_use() {
	fails "[I4] rmmod while it is mounted and its page is mapped" rmmod xenfs
	exec 5<>/proc/xen/xenbus
	fails "[I4] umount while a file of it is open" umount /proc/xen
	kill_server
	fails "[I4] also without the server" umount /proc/xen
	exec 5>&-
}

unused() {
	succeeds "[I4] umount when nothing of it is in use" umount /proc/xen
	# The stock driver's device is not ours.
	exec 5<>/dev/xen/xenbus
	rmmod_works "[I4] rmmod when nothing of it is mounted"
	exec 5>&-
	loaded
	is $? 1 "[I4] it is gone"
}

again() {
	succeeds "[I4] insmod" insmod "$module"
	succeeds "[I4] mount" mount -t xenfs none /proc/xen
	start_server
	is $? 0 "[I4] the server starts again"
	ours xenstore-write /test/unload 1
	is "$(ours xenstore-read /test/unload)" 1 "[I4] the file works"
}

# Open over a lazy umount: the file alone holds the module.
only_open() {
	kill_server
	exec 5<>/proc/xen/xenbus
	umount -l /proc/xen
	fails "[I4] rmmod while a file is open after a lazy umount" rmmod xenfs
	exec 5>&-
	sleep 0.5
	rmmod_works "[I4] rmmod after its close"
}

# Requests that the server never took, of an open that is closed
in_flight() {
	if [ "$XENFS_MODULE" = stock ]; then
		skip "the core holds them" "[I4] rmmod with requests in flight"
		return
	fi
	kill -STOP "$server"
	request >/proc/xen/xenbus
	request >/proc/xen/xenbus
	request >/proc/xen/xenbus
	kill_server
	succeeds "[I4] umount with requests in flight" umount /proc/xen
	fails "[I4] rmmod with requests in flight" rmmod xenfs
	succeeds "[I4] mount again" mount -t xenfs none /proc/xen
	start_server
	is $? 0 "[I4] the server starts again and takes them"
	ours xenstore-write /test/unload 2
	is "$(ours xenstore-read /test/unload)" 2 "[I4] all goes on"
	settle
	kill_server
	succeeds "[I4] umount" umount /proc/xen
	rmmod_works "[I4] rmmod when they are answered"
	again
}

users() { sed -n 's/^xenfs [0-9]* \([0-9]*\) .*/\1/p' /proc/modules; }

# Closed opens are done when nobody but the mount and the server uses it.
settle() {
	local t=0
	while [ "$(users)" -gt 2 ] && [ $t -lt $((50 * ${XENFS_SLOW:-1})) ]; do
		t=$((t + 1))
		sleep 0.1
	done
}

# Load it so, and start all again.
load() { # PARAMETER...
	settle
	kill_server
	umount /proc/xen
	try_rmmod || return
	insmod "$module" "$@" || return
	mount -t xenfs none /proc/xen || return
	start_server
}

# The last of it
log_says() { # PATTERN
	dmesg | tail -n 3 | grep -q "$1"
	is $? 0 "[F2] the log says why"
}

# A parameter that is out of range is refused, and named.
refuses() { # PARAMETER RANGE
	fails "[I3] insmod $1" insmod "$module" "$1"
	log_says "xenfs: $1: must be from $2"
}

# What is no number is, too, by the kernel; a name that it doesn't know is not.
odd_parameters() {
	fails "[F2] insmod slots=many" insmod "$module" slots=many
	log_says "xenfs: .many' invalid for parameter .slots'"
	succeeds "[F2] insmod nonsense=1" insmod "$module" nonsense=1
	log_says "xenfs: unknown parameter 'nonsense' ignored"
	rmmod_works "[I4] rmmod"
}

# The kernel knows modules by their names: of ours and its own the first one stays.
already_there() {
	fails "[F2] insmod of a second xenfs" insmod "$module"
	grep -q 'File exists' /tmp/tap.out
	is $? 0 "[F2] it is EEXIST"
}

# As if it was built for another kernel: one of another release or configuration, then
# one of the same name. One byte differs.
other_kernel() {
	if [ "$XENFS_MODULE" = stock ]; then
		skip "it is a part of the kernel" "[F2] a module for another kernel"
		return
	fi
	# It was compared with the kernel's source, and does not ask again.
	if grep -q 'intree=Y' "$module"; then
		skip "it was built in the kernel's tree" "[F2] a module for another kernel"
		return
	fi
	kill_server
	umount /proc/xen
	rmmod_works "[I4] rmmod"
	sed 's/ mod_unload / mod_unloaX /' "$module" >/tmp/other.ko
	fails "[F2] insmod of a module for another configuration" insmod /tmp/other.ko
	log_says "xenfs: version magic '.* mod_unloaX .*' should be '.* mod_unload .*'"
	sed 's/#1 SMP/#9 SMP/' "$module" >/tmp/other.ko
	is "$(wc -c </tmp/other.ko)" "$(wc -c <"$module")" "[F2] a module for another kernel"
	fails "[F2] insmod" insmod /tmp/other.ko
	log_says "xenfs: built for the private types of .* #9 SMP.*: build it for this one"
	rm /tmp/other.ko
	again
}

parameters() {
	if [ "$XENFS_MODULE" = stock ]; then
		skip "it has none" "[I3] module parameters"
		return
	fi
	kill_server
	umount /proc/xen
	rmmod_works "[I4] rmmod"
	refuses slots=1 "2 to 256"
	refuses slots=257 "2 to 256"
	refuses request_bytes=0 "1 to 16777216"
	refuses reply_bytes=8447 "8448 to 16777216"
	refuses event_bytes=16777217 "0 to 16777216"
	refuses watch_bytes=16777217 "0 to 16777216"
	refuses closed_bytes=16777217 "0 to 16777216"
	refuses client_bytes=139263 "139264 to 1073741824"
	refuses all_watches=65537 "1 to 65536"
	refuses transactions=65537 "0 to 65536"
	refuses all_transactions=65537 "1 to 65536"
	refuses transaction_wait=3601 "0 to 3600"
	odd_parameters
	again
	load slots=2 request_bytes=1 reply_bytes=8448 event_bytes=0 closed_bytes=0
	is $? 0 "[I3] the smallest of all"
	ours xenstore-write /test/unload 3
	is "$(ours xenstore-read /test/unload)" 3 "[I3] the file works"
	ours xenstore-watch -n 1 /test/unload | head -n 1 | grep -q unload
	is $? 0 "[I3] and watches"
	load watch_bytes=0 transactions=0
	is $? 0 "[I3] no watches and no transactions"
	XENSTORED_PATH=$XENFS_FILE fails "[I3] a watch" xenstore-watch -n 1 /test/unload
	XENSTORED_PATH=$XENFS_FILE fails "[I3] a transaction" \
		xenstore-write /test/unload 4 /test/unload2 4
	load all_transactions=1
	is $? 0 "[I3] one transaction of all"
	XENSTORED_PATH=$XENFS_FILE succeeds "[I3] a transaction" \
		xenstore-write /test/unload 5 /test/unload2 5
	ours xenstore-rm /test/unload2
	load
	is $? 0 "[I3] the defaults again"
}

round() {
	kill_server
	umount /proc/xen || return
	try_rmmod || return
	insmod "$module" && mount -t xenfs none /proc/xen && start_server
}

if [ "$XENFS_MODULE" = builtin ]; then
	skip "it is a part of the kernel" "[I4] the module goes and comes"
	finish
fi
find_server
# The test before this one may have closed what the server is still to be told
# of, and what it takes and never answers is in use for ever.
settle
already_there
in_use
unused
again
only_open
again
in_flight
other_kernel
parameters
rounds=0
while [ $rounds -lt 3 ] && round; do
	rounds=$((rounds + 1))
done
is $rounds 3 "[I4] three more rounds"
XENSTORED_PATH=$XENFS_SOCKET limited xenstore-rm /test/unload 2>/dev/null
finish

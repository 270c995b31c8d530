# The module's end: [I4]. The server maps a page of this module, so it is
# stopped and started again here, and the kernel's own watches are gone after
# that: run this last.
# (lib/tap.sh comes before this.)

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
	kill_server
	succeeds "[I4] umount" umount /proc/xen
	sleep 0.5
	rmmod_works "[I4] rmmod when they are answered"
	again
}

find_server
in_use
unused
again
only_open
again
in_flight
round() {
	kill_server
	umount /proc/xen || return
	try_rmmod || return
	insmod "$module" && mount -t xenfs none /proc/xen && start_server
}

rounds=0
while [ $rounds -lt 3 ] && round; do
	rounds=$((rounds + 1))
done
is $rounds 3 "[I4] three more rounds"
XENSTORED_PATH=$XENFS_SOCKET limited xenstore-rm /test/unload 2>/dev/null
finish

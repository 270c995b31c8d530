# The xenstore-* tools, each at least once, over XENFS_FILE, file or socket; more of
# them over the file is in ../guest/tools.sh.
# (../lib/tap.sh comes before this.)

export XENSTORED_PATH="$XENFS_FILE"
root=/test/clients-tools

trap 'native xenstore-rm $root 2>/dev/null' EXIT
native xenstore-rm $root 2>/dev/null

one_each() {
	succeeds "[W3] xenstore-write" xenstore-write $root/a one $root/b/c two
	is "$(limited xenstore-read $root/a)" one "[R1] xenstore-read"
	is "$(limited xenstore-list $root | tr '\n' ' ')" "a b " "[R1] xenstore-list"
	succeeds "[W3] xenstore-exists" xenstore-exists $root/b/c
	fails "[W3] xenstore-exists of nothing there fails" xenstore-exists $root/d
	succeeds "[W3] xenstore-chmod -r" xenstore-chmod -r $root n0 r1
	is "$(limited xenstore-ls -f -p $root)" "$(native xenstore-ls -f -p $root)" \
		"[R1] xenstore-ls -f -p is as on the socket"
	is "$(limited xenstore-ls -f /tool)" "$(native xenstore-ls -f /tool)" \
		"[R1] xenstore-ls of what is not ours, too"
	succeeds "[W3] xenstore-rm" xenstore-rm $root/b
	fails "[W3] what was below is gone" xenstore-exists $root/b/c
	succeeds "[W3] xenstore-control" xenstore-control print something
}

large() {
	local value
	value=$(head -c 2000 /dev/zero | tr '\0' v)
	succeeds "[W2] xenstore-write of 2000 bytes" xenstore-write $root/large "$value"
	is "$(limited xenstore-read $root/large)" "$value" "[R1] xenstore-read of them"
}

# The first event says that the watch is there.
watch() {
	local pid
	limited xenstore-watch -n 4 $root/w >/tmp/watch.out 2>&1 &
	pid=$!
	await [ -s /tmp/watch.out ]
	for key in x y z; do
		limited xenstore-write $root/w/$key 1
	done
	wait $pid
	is $? 0 "[E2] xenstore-watch ends after 4 events"
	is "$(sort -u /tmp/watch.out | tr '\n' ' ')" \
		"$root/w $root/w/x $root/w/y $root/w/z " "[E2] the first one and three more"
}

parallel() {
	local i pids='' good=0
	for i in 1 2 3 4 5 6; do
		(
			for j in 1 2 3 4 5; do
				limited xenstore-write $root/p/$i-$j $i$j || exit 1
				[ "$(limited xenstore-read $root/p/$i-$j)" = $i$j ] || exit 1
			done
		) &
		pids="$pids $!"
	done
	for i in $pids; do
		wait "$i" && good=$((good + 1))
	done
	is $good 6 "[I2] six processes that write and read at once"
	is "$(native xenstore-list $root/p | wc -l)" 30 "[W3] all they wrote is there"
}

one_each
large
watch
parallel
finish

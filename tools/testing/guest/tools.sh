# The real tools over the file: they are what it is for.
# (../lib/tap.sh comes before this.)

export XENSTORED_PATH="$XENFS_FILE"
root=/test/tools

trap 'native xenstore-rm $root 2>/dev/null' EXIT
native xenstore-rm $root 2>/dev/null

read_write() {
	succeeds "[W3] xenstore-write" xenstore-write $root/a one
	is "$(limited xenstore-read $root/a)" one "[R1] xenstore-read"
	is "$(native xenstore-read $root/a)" one "[W3] the socket agrees"
	fails "[W3] xenstore-read of nothing there fails" xenstore-read $root/none
	succeeds "[T1] xenstore-write of 3 keys" \
		xenstore-write $root/b 1 $root/c 2 $root/c/d 3
	is "$(limited xenstore-read $root/b $root/c $root/c/d | tr '\n' ' ')" "1 2 3 " \
		"[R1] xenstore-read of 3 keys"
}

lists() {
	is "$(limited xenstore-list $root | sort | tr '\n' ' ')" "a b c " "[W3] xenstore-list"
	succeeds "[W3] xenstore-exists" xenstore-exists $root/c/d
	fails "[W3] xenstore-exists of nothing there fails" xenstore-exists $root/e
	is "$(limited xenstore-ls -f -p $root)" "$(native xenstore-ls -f -p $root)" \
		"[R1] xenstore-ls -f -p is as on the socket"
	is "$(limited xenstore-ls -f /local)" "$(native xenstore-ls -f /local)" \
		"[R1] xenstore-ls of everything is as on the socket"
}

permissions() {
	succeeds "[W3] xenstore-chmod" xenstore-chmod $root/a n0 r1
	is "$(limited xenstore-ls -f -p $root | grep /a)" \
		"$root/a = \"one\"   (n0,r1)" "[W3] xenstore-ls shows it"
	succeeds "[W3] xenstore-chmod -r" xenstore-chmod -r $root n0 b2
	is "$(limited xenstore-ls -f -p $root | grep -c '(n0,b2)')" 4 \
		"[W3] it reached all 4 below"
}

large() {
	local value
	# oxenstored's own limit is 2048
	value=$(head -c 2000 /dev/zero | tr '\0' v)
	succeeds "[W2] xenstore-write of 2000 bytes" xenstore-write $root/large "$value"
	is "$(limited xenstore-read $root/large)" "$value" "[W2] xenstore-read of them"
}

removes() {
	succeeds "[W3] xenstore-rm of a tree" xenstore-rm $root/c
	fails "[W3] what was below is gone" xenstore-exists $root/c/d
	succeeds "[W3] xenstore-rm -t" xenstore-rm -t $root/b
}

watches() {
	local pid fds t
	limited xenstore-watch -n 4 $root/w >/tmp/watch.out 2>&1 &
	pid=$!
	t=0
	fds=
	while [ $t -lt 20 ] && [ -z "$fds" ]; do
		sleep 0.1
		fds=$(for p in $(pidof xenstore-watch); do ls -l /proc/"$p"/fd; done |
			grep -o "$XENFS_FILE" | head -n 1)
		t=$((t + 1))
	done
	is "$fds" "$XENFS_FILE" "[E1] xenstore-watch has the file open"
	# The first event says that the watch is there.
	await [ -s /tmp/watch.out ]
	for key in x y z; do
		native xenstore-write $root/w/$key 1
		sleep 0.2
	done
	wait $pid
	is $? 0 "[E2] xenstore-watch ends after 4 events"
	is "$(sort -u /tmp/watch.out | tr '\n' ' ')" \
		"$root/w $root/w/x $root/w/y $root/w/z " "[E2] the initial one and three more"
}

parallel() {
	local i pids
	pids=
	for i in 1 2 3 4 5 6; do
		(
			for j in 1 2 3 4 5; do
				limited xenstore-write $root/p/$i-$j $i$j || exit 1
			done
		) &
		pids="$pids $!"
	done
	j=0
	for i in $pids; do
		wait "$i" && j=$((j + 1))
	done
	is $j 6 "[I2] 6 processes that write at once"
	is "$(native xenstore-list $root/p | wc -l)" 30 "[W3] all they wrote is there"
}

bound_elsewhere() {
	touch /tmp/elsewhere
	succeeds "[F2] mount --bind of the file" mount --bind "$XENFS_FILE" /tmp/elsewhere
	is "$(XENSTORED_PATH=/tmp/elsewhere limited xenstore-read $root/a)" one \
		"[F2] the tools work with it there"
	succeeds "[F2] umount" umount /tmp/elsewhere
}

# Xen's own tests
xen_tests() {
	if ! command -v test-xenstore >/dev/null; then
		skip "it is not installed" "[T1] test-xenstore"
		return
	fi
	LIMIT=60 succeeds "[T1] Xen's test-xenstore, three times over" test-xenstore -i 3
	fails "[T1] which leaves nothing behind" xenstore-exists xenstore-test
}

read_write
lists
permissions
large
removes
watches
parallel
bound_elsewhere
xen_tests
finish

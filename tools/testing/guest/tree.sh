# xenstore-tree prints what xenstore-ls does, byte for byte, by many requests at once.
# (../lib/tap.sh comes before this.)

export XENSTORED_PATH="$XENFS_FILE"
root=/test/tree

trap 'native xenstore-rm $root 2>/dev/null' EXIT
native xenstore-rm $root 2>/dev/null

# DESCRIPTION ARGUMENT...: both print the same, and end the same
same() {
	local what=$1 theirs=0 ours=0
	shift
	native xenstore-ls "$@" >/tmp/ls.out 2>/tmp/ls.err || theirs=$?
	LIMIT=60 limited /tests/xenstore-tree "$@" >/tmp/tree.out 2>/tmp/tree.err || ours=$?
	cmp -s /tmp/ls.out /tmp/tree.out && [ $ours = $theirs ]
	result $? "[W3] $what: $(wc -l </tmp/tree.out) lines" && return
	echo "# exited with $ours, xenstore-ls with $theirs, and said:"
	diag </tmp/tree.err
	diff /tmp/ls.out /tmp/tree.out | head -n 20 | diag
}

# COUNT NAME: pairs for xenstore-write
children() {
	local i=0
	while [ $i -lt "$1" ]; do
		echo "$root/$2/child-number-$i-has-a-name" "$i"
		i=$((i + 1))
	done
}

value_of() { head -c "$1" /dev/zero | tr '\0' v; }

make_values() {
	local n
	# about where a line is cut, where dots end, and where neither is
	for n in 0 1 40 41 42 43 44 45 46 47 48 55 56 57 58 59 60 61 62 63 64 65 500; do
		echo "$root/values/$n" "$(value_of $n)"
	done | sed 's/ $/ \\x41/' | xargs xenstore-write
	xenstore-write $root/values/odd '\x01\x07\x08\x7f\xff\t\r\n\\"1' \
		$root/values/none '' $root/values/nul 'a\x00b'
	xenstore-write $root/values/odd-and-long '\x01\x02\n\x03'"$(value_of 70)"
	xenstore-chmod $root/values/odd n0 r1 w2 b3
}

native xenstore-write $root/a/b/c/d/e/f/g/h/i/j deep
make_values
for flags in "" -f -p "-f -p"; do
	# shellcheck disable=SC2086 # some, or none
	same "xenstore-tree $flags, values of many kinds" $flags $root
	# shellcheck disable=SC2086
	same "xenstore-tree $flags of all there is" $flags
done
children 60 few | xargs xenstore-write
same "more children than requests at once" -p $root/few
# Their names take more than a reply.
children 250 many | xargs xenstore-write
same "a list that comes in pieces, as it is too long for one reply" -f $root/many
same "two subtrees" $root/a $root/few
same "nothing there" $root/none
same "not a path" "$root//"
# The kernel's own driver loses replies to several requests at once.
if [ "$XENFS_MODULE" = ours ] && [ -c /dev/xen/xenbus ]; then
	XENSTORED_PATH=/dev/xen/xenbus same "over the kernel's own driver" -f -p $root
fi
finish

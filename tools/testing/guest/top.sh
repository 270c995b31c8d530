# xenbus-top shows who has the file open, and how much that does.
# (../lib/tap.sh comes before this.)

export XENSTORED_PATH="$XENFS_FILE"
root=/test/top

top() { limited /tests/xenbus-top "$@"; }

# What --json says of xenstore-watch, NAME: a number
of_watcher() {
	top --once --json | tr '{}' '\n\n' | grep '"program":"xenstore-watch"' |
		grep -o "\"$1\":[0-9]*" | cut -d: -f2
}

has_watch() { [ "$(of_watcher watches)" = 1 ]; }
is_listed() { [ "$(top --once | grep -c " $1 ")" = 1 ]; } # PID

if [ "$XENFS_MODULE" != ours ]; then
	is "$(top --once | head -n 1)" "0 opens, 0 watches, 0 transactions" \
		"[F3] there is nothing to see of the kernel's own"
	finish
	exit
fi

native xenstore-write $root/key 1
xenstore-watch $root/key >/dev/null 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; native xenstore-rm $root' EXIT
await has_watch
is "$(of_watcher watches)" 1 "[F3] xenbus-top --once --json: a watcher, and its watch"
is "$(of_watcher pid)" $pid "[F3] which process that is"
is "$(of_watcher requests)" 1 "[F3] its one request"
is "$(top --once | sed -n '2p' | tr -s ' ')" \
	" PID PROGRAM REQUESTS EVENTS QUEUED UNREAD WATCHES TRANS BYTES WAITS FOR" \
	"[F3] xenbus-top --once: a table"
is "$(top --once | grep -c " $pid xenstore-watch ")" 1 "[F3] with a line for the watcher"
# By a name that is gone, as packages have it when they are removed
: >/tmp/bound
mount --bind "$XENFS_FILE" /tmp/bound
exec 6<>/tmp/bound
umount -l /tmp/bound
is_listed $$
result $? "[F3] who opened it where it is no more"
exec 6>&-
odd=/tmp/$(printf 'odd\033[2J')
cp "$(command -v xenstore-watch)" "$odd"
"$odd" watch $root/odd >/dev/null 2>&1 &
odd_pid=$!
await is_listed $odd_pid
is "$(top --once --json | grep -c '"program":"odd?\[2J"')" 1 \
	"[F3] a name is told without what a terminal obeys"
kill $odd_pid
before=$(of_watcher events)
top -d 2 -n 1 >/tmp/top.out 2>&1 &
looks=$!
sleep 0.5
native xenstore-write $root/key 2
wait $looks
is $? 0 "[F3] xenbus-top -d 2 -n 1 ends by itself"
is "$(of_watcher events)" $((before + 1)) "[F3] an event more"
is "$(grep -c 'a second: ' /tmp/top.out)" 1 "[F3] what was a second's is told"
fails "[F3] xenbus-top --nonsense" /tests/xenbus-top --nonsense
fails "[F3] xenbus-top -d 0" /tests/xenbus-top -d 0
fails "[F3] xenbus-top -d 5m" /tests/xenbus-top -d 5m -n 1
fails "[F3] xenbus-top -n x" /tests/xenbus-top -n x
kill $pid
[ -d /sys/kernel/tracing/events ] || mount -t tracefs none /sys/kernel/tracing
if [ ! -e /sys/kernel/tracing/synthetic_events ]; then
	skip "this kernel can't count it" "[F3] xenbus-latency"
	finish
	exit
fi
# Or the kernel patches its scheduler, and that is nothing for QEMU: see inside.c.
echo 0 >/sys/kernel/tracing/options/record-cmd
sh /tests/xenbus-latency 2 >/tmp/latency.out 2>/tmp/latency.err &
counts=$!
# It counts for two seconds, but nobody knows from when on.
while kill -0 $counts 2>/dev/null; do
	limited xenstore-ls / >/dev/null
done
wait $counts
is $? 0 "[F3] xenbus-latency 2 ends by itself"
diag </tmp/latency.err
is "$(head -n 1 /tmp/latency.out | tr -s ' ')" " open microseconds requests" \
	"[F3] it draws"
is "$(sed -n '2,$p' /tmp/latency.out | grep -c '^ *[0-9]* *[0-9]* to *[0-9]* *[0-9]* ##*$')" \
	"$(sed -n '2,$p' /tmp/latency.out | wc -l)" "[F3] a bar for each"
# The last is a power of two, and the first is the one behind half of it.
is "$(sed -n '2,$s/^ *[0-9]* *\([0-9]*\) to *\([0-9]*\) .*/\1 \2/p' /tmp/latency.out |
	while read -r from to; do
		[ $((to & (to - 1))) = 0 ] && { [ $from = $((to / 2 + 1)) ] || [ $from$to = 01 ]; } ||
			echo "$from to $to"
	done)" "" "[F3] of what the kernel rounds up to it"
is $((0 $(sed -n '2,$s/.* to *[0-9]* *\([0-9]*\) #.*/+ \1/p' /tmp/latency.out | tr '\n' ' ') > 10)) \
	1 "[F3] it has counted the requests of xenstore-ls"
diag </tmp/latency.out
is "$(cat /sys/kernel/tracing/synthetic_events)" "" "[F3] nothing of it is left"
sh /tests/xenbus-latency 1000 >/dev/null 2>&1 &
counts=$!
t=0
while [ $t -lt 100 ] && [ -z "$(cat /sys/kernel/tracing/synthetic_events)" ]; do
	sleep 0.1
	t=$((t + 1))
done
kill -HUP $counts
wait $counts
is "$(cat /sys/kernel/tracing/synthetic_events)" "" "[F3] nor when its terminal is gone"
finish

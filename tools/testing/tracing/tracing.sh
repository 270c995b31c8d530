# The examples of Documentation/tracing.rst, run as they are there, show what they say.
# (../lib/tap.sh comes before this.)
#
# shellcheck disable=SC2154 # for what is in tap.sh

examples=/tests/examples
names="errors latency paths record report requests script stat throttled trace"
# How long one may take that hangs: compilers in an emulated machine need some
LIMIT=100

# What an example has to print: each of these expressions has a line.
wanted() {
	case $1 in
	stat)
		for event in request sent reply refused event event_merged event_collapsed \
			throttled; do
			echo "^ +[1-9][0-9,]* +xenfs:xenfs_$event "
		done
		;;
	script)
		echo "^ *traffic +[0-9]+ .* xenfs:xenfs_request: open=[0-9]+ type=READ req_id="
		echo " xenfs:xenfs_sent: open=[0-9]+ type=WRITE req_id="
		echo " xenfs:xenfs_reply: open=[0-9]+ type=READ req_id=[0-9]+ tx_id=0 len=5$"
		echo " xenfs:xenfs_refused: open=[0-9]+ type=MKDIR .* error=-22$"
		echo " xenfs:xenfs_event: open=[0-9]+ path=/test/tracing/many/0+$"
		echo " xenfs:xenfs_event_merged: open=[0-9]+ path=/test/tracing/many"
		echo " xenfs:xenfs_event_collapsed: open=[0-9]+ path=/test/tracing/many$"
		echo "traffic .* xenfs:xenfs_throttled: open=[0-9]+ waits-for=room$"
		;;
	report) echo "^ +[1-9][0-9.]*% +traffic *$" ;;
	trace)
		echo " traffic/[0-9]+ xenfs:xenfs_request\(open: [0-9]+, type: 2, req_id: "
		echo " xenfs:xenfs_throttled\(open: [0-9]+, waits_for: \"room\""
		;;
	record)
		echo "traffic-[0-9]+ .* xenfs_request: +open=[0-9]+ type=READ req_id="
		echo " xenfs_reply: +open=[0-9]+ type=READ req_id=[0-9]+ tx_id=0 len=5$"
		echo " xenfs_event: +open=[0-9]+ path=/test/tracing/many/0+$"
		echo "traffic-.* xenfs_throttled: +open=[0-9]+ waits-for=room$"
		;;
	errors) echo " xenfs_reply: +open=[0-9]+ type=ERROR req_id=" ;;
	requests) echo "^@\[traffic\]: [1-9]" ;;
	latency)
		echo "^@us\[traffic, [0-9]+\]:"
		echo "^\[[0-9]+[KM]?, [0-9]+[KM]?\) +[1-9][0-9]* \|.*@"
		;;
	throttled) echo "^@throttled\[traffic, [0-9]+, room\]: [1-9]" ;;
	paths) echo "^@\[/test/tracing/many/0+\]: [1-9]" ;;
	esac
}

# And what it must not print
unwanted() {
	case $1 in
	errors)    echo " type=[^E]" ;;
	latency)   echo "^@(program|begun)" ;;
	throttled) echo "^@program" ;;
	*)         echo "(FAILED TO PARSE|type=[^A-Z])" ;;
	esac
}

example() { # NAME
	local status=0 patterns
	patterns=$(wanted "$1")
	limited sh "$examples/$1" >/tmp/example.out 2>&1 || status=$?
	is $status 0 "[F3] $1: it runs"
	while IFS= read -r pattern; do
		grep -qE -- "$pattern" /tmp/example.out
		result $? "[F3] $1: $pattern"
	done <<-END
		$patterns
	END
	! grep -E -- "$(unwanted "$1")" /tmp/example.out >/tmp/unwanted.out
	result $? "[F3] $1: nothing that is not to be there"
	head -n 5 /tmp/unwanted.out | cut -c -160 | diag
	echo "$1: $(wc -l </tmp/example.out) lines, some of them:" | diag
	{ head -n 12; echo ...; tail -n 12; } </tmp/example.out | cut -c -160 | diag
}

if [ "$XENFS_MODULE" != ours ]; then
	skip "it has no tracepoints" "[F3] examples of tracing"
	finish
	exit
fi

# As every system has them
mount -t debugfs none /sys/kernel/debug
mount -t tracefs none /sys/kernel/tracing

# What stands in for sleep is in its place while there is traffic, as bpftrace takes it
# from there only.
/tests/tracing/traffic >/tmp/traffic.out 2>&1 &
traffic=$!
trap 'ln -sf busybox /bin/sleep; kill $traffic; wait $traffic' EXIT
ln -sf /tests/tracing/sleep /bin/sleep

is "$(cd $examples && echo *)" "$names" "[F3] the examples that this test knows, and no other"
for name in $names; do
	example "$name"
done
kill -0 $traffic
result $? "[F3] the traffic went on all the time"
diag </tmp/traffic.out
finish

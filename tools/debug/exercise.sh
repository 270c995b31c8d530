#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
#
# A little use of the file, for 30-plant.t: a fault in what every request goes
# through shows.
# shellcheck shell=dash
export XENSTORED_PATH="$XENFS_FILE"
i=0
while [ $i -lt 40 ] && xenstore-write /test/exercise $i &&
	[ "$(xenstore-read /test/exercise)" = $i ]; do
	i=$((i + 1))
done
[ $i = 40 ] || printf 'not '
echo "ok 1 - 40 writes and reads"
xenstore-rm /test
echo 1..1

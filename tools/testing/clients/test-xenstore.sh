# Xen's own tests of xenstore, over XENFS_FILE, file or socket
# (../lib/tap.sh comes before this.)

export XENSTORED_PATH="$XENFS_FILE"

for name in 'read 1' 'read 2000' 'write 1' 'write 2000' dir 'rm node' 'rm dir' \
	'ta empty' 'ta empty x' 'ta rmw' 'ta rmw x' 'ta err'; do
	LIMIT=20 succeeds "[T1] test-xenstore: $name" test-xenstore -i 3 -t "$name"
done
LIMIT=60 succeeds "[T1] test-xenstore: random ones, for two seconds" test-xenstore -r 2
fails "[T1] which leaves nothing behind" xenstore-exists xenstore-test
finish

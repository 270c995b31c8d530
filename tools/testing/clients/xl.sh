# xl, and xenconsoled, over XENFS_FILE, file or socket: a guest is created, saved,
# restored and destroyed. It is of type PV: QEMU lets a PVH guest die where there are
# two processors (tools/vm/README.md).
# (../lib/tap.sh comes before this.)

export XENSTORED_PATH="$XENFS_FILE"
console=/tmp/console/guest-client.log
LIMIT=60
mkdir -p /tmp/console
rm -f $console
# So it is called while it is restored.
ln -sf $console /tmp/console/guest-client--incoming.log

# xl and xenconsoled have a connection of their own each, and leave it open.
has_open() { # NAME
	local pid open
	for pid in $(pidof "$1"); do
		open=$(ls -l "/proc/$pid/fd")
		case $XENFS_FILE,$open in
		*/socket,*/xenbus*)  ;;
		*/socket,*socket:*)  return ;;
		*,*"$XENFS_FILE"*)   return ;;
		esac
	done
	return 1
}

# How often the guest has said that it lives
lives() { grep -c '^alive' $console 2>/dev/null; }

more_than() { [ "$(lives)" -gt "$1" ]; }

gone() { ! limited xl domid client; }

# DESCRIPTION COMMAND...: it does, in a minute
comes() {
	local what=$1 t=0
	shift
	until "$@" >/dev/null 2>&1; do
		t=$((t + 1))
		[ $t -lt $((60 * XENFS_SLOW)) ] || break
		sleep 1
	done
	"$@" >/dev/null 2>&1
	result $? "$what"
}

cat >/tmp/client.cfg <<CFG
name = "client"
type = "pv"
kernel = "/clients/guest/vmlinuz"
ramdisk = "/clients/guest/initrd.gz"
memory = 128
vcpus = 1
extra = "console=hvc0 panic=-1 quiet"
on_reboot = "destroy"
on_crash = "destroy"
CFG

guest() {
	local said
	succeeds "[W3] xl create" xl create /tmp/client.cfg || return
	comes "[W3] the guest lives, and xenconsoled has what it says" more_than 0
	comes "[E1] xl waits for its end, over what is under test" has_open xl
	succeeds "[W3] xl list" xl list client
	succeeds "[W3] xl save" xl save client /tmp/client.image || return
	comes "[W3] the guest is gone" gone
	said=$(lives)
	succeeds "[W3] xl restore" xl restore /tmp/client.image || return
	comes "[W3] the guest lives on" more_than "$said"
	succeeds "[W3] xl destroy" xl destroy client
	comes "[W3] it is gone" gone
}

succeeds "[W3] xenconsoled" xenconsoled --log=guest --log-dir=/tmp/console \
	--pid-file /tmp/console/pid
comes "[E1] which uses what is under test" has_open xenconsoled
guest
# Whatever became of it: the next way finds no guest and no daemon.
XENSTORED_PATH=$XENFS_SOCKET limited xl destroy client 2>/dev/null
for pid in $(pidof xl) $(pidof xenconsoled); do
	kill -KILL "$pid"
done
rm -f /tmp/client.image
finish

# These, in the place of the kernel's own size
# (../lib/tap.sh comes before this, tools.sh behind it.)
mkdir -p /tmp/tools-32
for name in chmod exists list ls read rm watch write; do
	ln -sf /tests/xenstore-32 /tmp/tools-32/xenstore-$name
done
export PATH=/tmp/tools-32:$PATH
is "$(dd if="$(command -v xenstore-ls)" bs=1 skip=4 count=1 2>/dev/null | tr '\1' x)" x \
	"[F2] xenstore-ls is a program of 32 bits"

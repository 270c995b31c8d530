# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What Debian's archive has that the host's apt is not set up for: other suites,
# and other architectures. Their packages are looked up and downloaded with lists,
# state and cache of our own in build/cache/apt-SUITE. The host's apt knows nothing
# of it, and needs no root. Source it behind lib.sh.
# shellcheck disable=SC2154 # $cache, $arch and so on are from there

# This machine's own suite
own_suite() {
	# shellcheck source=/dev/null
	(. /etc/os-release && printf '%s\n' "$VERSION_CODENAME")
}

# Where it has it from, with what was updated since: a line "URI SUITE" for each
own_archives() {
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sed -nE "s/ ($(own_suite)(-(updates|security))?) main\$/ \1/p" | sort -u
}

# suite_archives SUITE: the same of another suite. The archive that this machine is
# set up for serves all of them.
suite_archives() {
	local suite=$1 uri
	[ "$suite" != "$(own_suite)" ] || { own_archives; return; }
	uri=$(own_archives | sed -n "s/ $(own_suite)\$//p" | head -n1)
	[ -n "$uri" ] || return 0
	printf '%s\n' "$uri $suite"
	# what is not in there is in the release below it
	[[ $suite != *-backports ]] || printf '%s\n' "$uri ${suite%-backports}"
}

# in_suite SUITE PROGRAM ARGUMENT...: apt-get or apt-cache, for that suite; with
# type=deb-src in the environment for its sources
in_suite() {
	local suite=$1 program=$2 type=${type:-deb} dir archives options
	dir=$cache/apt-$suite${foreign}
	[ "$type" = deb ] || dir+=-${type#deb-}
	shift 2
	if [ ! -e "$dir/sources.list" ]; then
		archives=$(suite_archives "$suite")
		[ -n "$archives" ] || die "apt's sources name no archive with this machine's own suite"
		mkdir -p "$dir/lists" "$dir/archives" "$dir/none"
		: >"$dir/status"
		sed "s/.*/$type & main/" <<<"$archives" >"$dir/sources.list"
	fi
	options=(-o APT::Architecture="$arch" -o APT::Architectures::="$arch")
	# kbuild's programs run here.
	[ -z "$foreign" ] || options+=(-o APT::Architectures::="$own_arch")
	# What updates a suite is no less wanted than the suite.
	[ "$suite" = "$(own_suite)" ] || options+=(-o APT::Default-Release="$suite")
	"$program" -qq -o APT::Sandbox::User="$(id -un)" "${options[@]}" \
		-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts="$dir/none" \
		-o Dir::Etc::preferencesparts="$dir/none" -o Dir::State="$dir" \
		-o Dir::State::status="$dir/status" -o Dir::Cache="$dir" \
		-o Acquire::Languages=none "$@"
}

# with_dependencies SUITE PACKAGE...: these and all that they need, as if nothing
# were there yet
with_dependencies() {
	local suite=$1
	shift
	in_suite "$suite" apt-get --simulate --no-install-recommends install "$@" |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p'
}

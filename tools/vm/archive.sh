# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Other suites of Debian's archive than the host's own: packages of them are
# looked up and downloaded with lists, state and cache of our own in
# build/cache/apt-SUITE. The host's apt knows nothing of it, and needs no root.
# Source it behind lib.sh.
# shellcheck disable=SC2154 # $cache is from there

# The archive that this machine is set up for serves all suites.
archive_uri() {
	local codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s\n' "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		sed -n "s/ $codename main\$//p" | head -n1
}

# in_suite SUITE PROGRAM ARGUMENT...: apt-get or apt-cache, for that suite
in_suite() {
	local suite=$1 program=$2 dir=$cache/apt-$1 uri
	shift 2
	if [ ! -e "$dir/sources.list" ]; then
		uri=$(archive_uri)
		[ -n "$uri" ] || die "apt's sources name no archive with this machine's own suite"
		mkdir -p "$dir/lists" "$dir/archives" "$dir/none"
		: >"$dir/status"
		{
			printf 'deb %s main\n' "$uri $suite"
			# what is not in there is in the release below it
			[[ $suite != *-backports ]] || printf 'deb %s main\n' "$uri ${suite%-backports}"
		} >"$dir/sources.list"
	fi
	"$program" -qq -o APT::Sandbox::User="$(id -un)" -o APT::Default-Release="$suite" \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 \
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

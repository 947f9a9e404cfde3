#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian packages of another release or architecture, unpacked in a folder to build and run against: nothing of it is
# installed. Prints the folder.
#
#     scripts/foreign.sh NAME SUITE ARCHITECTURE PACKAGE[/SUITE]...
#     scripts/foreign.sh trixie-amd64 trixie amd64 libc6 libc6-dev libssl-dev/experimental
#
# apt itself fetches them from the mirror that this machine uses, with indexes of its own, and so checks signatures and
# sums. Kept in $MATRIX_CACHE (~/.cache/sluice-matrix) and fetched once: remove a folder there to have it anew.
# Exit status 3: the mirror does not have them.
set -eu

cache=${MATRIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-matrix}
name=$1
suite=$2
architecture=$3
shift 3
folder=$cache/$name
wanted="$suite $architecture $*"

if [ "$(cat "$folder/.complete" 2>/dev/null)" = "$wanted" ]; then
	echo "$folder"
	exit
fi

missing() {
	echo "foreign.sh: $*" >&2
	exit 3
}

# shellcheck disable=SC2016 # apt's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' \
	'Component: main' | head -n 1)
[ -n "$mirror" ] || missing 'apt knows no mirror of Debian here: add one to its sources, and run apt-get update'
mirror=${mirror%/}

# Beside its place until it is whole, so that neither a failure nor a second run leaves half of it there.
mkdir -p "$cache"
work=$(mktemp -d "$cache/.$name.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/packages" "$work/root/usr"
: >"$work/status"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
option=
[ ! -f "$keyring" ] || option="[signed-by=$keyring] "
for each in "$suite" $(printf '%s\n' "$@" | sed -n 's,.*/,,p' | sort -u); do
	echo "deb $option$mirror $each main"
done >"$work/sources.list"

# Apart from the machine's apt in all: settings, lists, and what it thinks is installed.
apt_apart() {
	apt-get -q -q -o Acquire::Retries=3 -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false \
		-o APT::Sandbox::User="$(id -un)" -o APT::Architecture="$architecture" -o APT::Architectures::="$architecture" \
		-o Dir::State="$work" -o Dir::State::status="$work/status" -o Dir::Cache="$work" \
		-o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null "$@" >&2
}
apt_apart -o APT::Update::Error-Mode=any update || missing "the mirror does not serve $suite for $architecture (see above)"
(cd "$work/packages" && apt_apart download "$@") || missing "the mirror's $suite for $architecture lacks one of: $*"

for package in "$work/packages"/*.deb; do dpkg-deb -x "$package" "$work/root"; done
# Newer releases have /lib and the like as links that no package holds; and links from the root on must stay within.
for link in lib lib64; do
	[ -e "$work/root/$link" ] || [ ! -d "$work/root/usr/$link" ] || ln -s "usr/$link" "$work/root/$link"
done
find "$work/root" -type l -lname '/*' -printf '%l %p\n' | while read -r target link; do
	ln -sfn "$folder$target" "$link"
done
echo "$wanted" >"$work/root/.complete"
rm -rf "$folder"
mv -T "$work/root" "$folder"
echo "$folder"

#!/bin/sh
# SPDX-License-Identifier: MIT
# The source of Debian's openssl package, as its authors released it, for what the lab takes from it: published test
# vectors and OpenSSL's own engine. Prints the folder that it is in.
#
#     tests/lab/openssl_source.sh          of the release that this machine runs
#     tests/lab/openssl_source.sh trixie   of another one
#
# apt itself fetches it, from the mirror that this machine uses, with indexes of its own, and so checks signature and
# sums. Kept in $SLUICE_LAB_CACHE (~/.cache/sluice-lab); fetched once.
set -eu

cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}
# shellcheck disable=SC1091 # of the machine
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
suite=${1:-$here}
folder=$cache/openssl/$suite

if [ -e "$folder/.complete" ]; then
	echo "$folder"
	exit
fi

# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $here" 'Component: main' 'Created-By: Packages' | head -n 1)
[ -n "$mirror" ] || {
	echo "openssl_source: apt knows no Debian mirror for $here: run apt-get update" >&2
	exit 1
}

# Beside its place until it is whole, so that neither a failure nor a second run leaves half of it there.
mkdir -p "$cache/openssl"
work=$(mktemp -d "$cache/openssl/.$suite.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/source"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror%/} $suite main" >"$work/sources.list"

apt() {
	apt-get -q -q -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" \
		-o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" "$@" >&2
}
apt update
(cd "$work" && apt --download-only source openssl)
tar -x -C "$work/source" --strip-components=1 --no-same-owner -f "$work"/openssl_*.orig.tar.?z
touch "$work/source/.complete"
rm -rf "$folder"
mv -T "$work/source" "$folder"
echo "$folder"

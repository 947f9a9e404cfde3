#!/bin/sh
# SPDX-License-Identifier: MIT
# The source of this machine's openssl package, as its authors released it, for what the lab takes from it: published
# test vectors and OpenSSL's own engine. Prints the folder that it is in.
#
#     tests/lab/openssl_source.sh
#
# Of the version that is installed, or of the newest that the mirror has of this machine's release
# (scripts/debian_source.sh). Kept in $SLUICE_LAB_CACHE (~/.cache/sluice-lab); fetched once.
set -eu

scripts=$(realpath "$(dirname "$0")/../../scripts")
cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}
# shellcheck disable=SC1091 # of the machine
folder=$cache/openssl/$(. /etc/os-release && echo "$VERSION_CODENAME")

if [ -e "$folder/.complete" ]; then
	echo "$folder"
	exit
fi

# Beside its place until it is whole, so that neither a failure nor a second run leaves half of it there.
mkdir -p "$cache/openssl"
work=$(mktemp -d "$cache/openssl/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
version=$("$scripts/debian_source.sh" openssl "$work/files")
mkdir "$work/source"
tar -x -C "$work/source" --strip-components=1 --no-same-owner -f "$work"/files/openssl_*.orig.tar.?z
echo "$version" >"$work/source/.complete"
rm -rf "$folder"
mv -T "$work/source" "$folder"
echo "$folder"

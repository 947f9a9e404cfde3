#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds OpenSSL 1.1.1 from Debian 11's source, statically and with the devcrypto engine that Debian leaves out
# (enable-devcryptoeng), which sees our header of the ABI in place of the kernel module's. Prints the folder that it is
# installed in, in $SLUICE_LAB_CACHE (~/.cache/sluice-lab). Takes some minutes, once. Exit status 3: no source to be had.
#
#     tests/lab/openssl_111.sh
set -eu

lab=$(realpath "$(dirname "$0")")
cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}
prefix=$cache/openssl-1.1.1

if [ -e "$prefix/.complete" ]; then
	echo "$prefix"
	exit
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/.openssl-1.1.1.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
version=$("$lab/../../scripts/debian_source.sh" openssl "$work/files" bullseye)
mkdir "$work/source"
tar -x -C "$work/source" --strip-components=1 --no-same-owner -f "$work"/files/openssl_*.orig.tar.?z
cd "$work/source"
case $(dpkg --print-architecture) in
amd64) target=linux-x86_64 ;;
arm64) target=linux-aarch64 ;;
armhf | armel) target=linux-armv4 ;;
*) target=linux-generic$(getconf LONG_BIT) ;;
esac
./Configure "$target" --prefix="$prefix" --libdir=lib --openssldir=/usr/lib/ssl enable-devcryptoeng no-shared no-tests \
	"-I$lab/foreign" "-I$lab/../.." >"$work/log"
make -j"$(nproc)" build_libs >>"$work/log" 2>&1 && make DESTDIR="$work/installed" install_dev >>"$work/log" 2>&1 || {
	tail -n 40 "$work/log" >&2
	exit 1
}
echo "$version" >"$work/installed$prefix/.complete"
rm -rf "$prefix"
mv -T "$work/installed$prefix" "$prefix"
echo "$prefix"

#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the command as one static file against musl, with OpenSSL and cJSON from Debian's source packages, and prints
# the stripped sizes of library and command, shared and static. The result is build/musl/sluice. OpenSSL alone takes
# some minutes, once.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

prefix=$(scripts/musl.sh)
work=$PWD/build/musl

say 'Sluice, static'
rm -rf "$work/build"
CC=musl-gcc PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig meson setup "$work/build" -Dbuildtype=minsize -Dprefer_static=true \
	-Ddefault_library=static -Dtests=false -Dc_link_args=-static >/dev/null
ninja -C "$work/build" tools/sluice
strip -o "$work/sluice" "$work/build/tools/sluice"
"$work/sluice" --version

say 'Sluice, shared'
rm -rf build/size
meson setup build/size -Dbuildtype=minsize -Dtests=false >/dev/null
ninja -C build/size
strip -o build/size/libsluice.stripped build/size/src/libsluice.so.0
strip -o build/size/sluice.stripped build/size/tools/sluice

say 'stripped sizes, bytes'
stat -c '%10s' build/size/libsluice.stripped | sed 's/$/  libsluice.so.0 (glibc, OpenSSL shared)/'
stat -c '%10s' build/size/sluice.stripped | sed 's/$/  sluice (glibc, everything shared but Sluice itself)/'
stat -c '%10s' "$work/sluice" | sed 's/$/  sluice (musl, static, OpenSSL within)/'

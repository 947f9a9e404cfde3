#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds OpenSSL, cJSON and cmocka for musl from Debian's source packages, statically, and prints the folder that they are
# installed in; the kernel's headers are in kernel, within it. OpenSSL takes some minutes, once: remove that folder to have
# it anew. Exit status 3: no sources to be had.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh
exec 3>&1 >&2 # all but the result is said beside it

# shellcheck disable=SC2086 # a list
install_packages $build_packages musl-tools linux-libc-dev dpkg-dev make perl
work=${MATRIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-matrix}/musl
prefix=$work/prefix
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig"
scripts=$PWD/scripts
triplet=$(gcc -dumpmachine)

# debian_source PACKAGE: its source as Debian has it becomes the working folder.
debian_source() {
	"$scripts/debian_source.sh" "$1" "$work/$1.files" || exit
	rm -rf "${work:?}/$1"
	dpkg-source --no-check -x "$work/$1.files"/*.dsc "$work/$1"
	rm -rf "$work/$1.files"
	cd "$work/$1"
}

# musl-gcc sees musl's headers only; OpenSSL and the tests want the kernel's too.
mkdir -p "$prefix/kernel"
for folder in linux asm-generic; do ln -sfn "/usr/include/$folder" "$prefix/kernel/$folder"; done
ln -sfn "/usr/include/$triplet/asm" "$prefix/kernel/asm"
cc="musl-gcc -idirafter $prefix/kernel"

if [ ! -f "$prefix/lib/libssl.a" ]; then
	say 'OpenSSL for musl'
	debian_source openssl
	case $(dpkg --print-architecture) in
	amd64) target=linux-x86_64 ;;
	arm64) target=linux-aarch64 ;;
	armhf | armel) target=linux-armv4 ;;
	*) target=linux-generic$(getconf LONG_BIT) ;;
	esac
	CC=$cc ./Configure "$target" --prefix="$prefix" --libdir=lib --openssldir=/usr/lib/ssl no-shared no-async no-engine \
		no-tests no-legacy no-ui-console >configure.log
	make -j"$(nproc)" build_libs >build.log 2>&1 || {
		tail -n 40 build.log
		exit 1
	}
	make install_dev >>build.log 2>&1
fi
if [ ! -f "$prefix/lib/libcjson.a" ]; then
	say 'cJSON for musl'
	debian_source cjson
	$cc -O2 -c cJSON.c -o cJSON.o
	ar rcs "$prefix/lib/libcjson.a" cJSON.o
	mkdir -p "$prefix/include/cjson"
	cp cJSON.h "$prefix/include/cjson/"
	printf 'Name: libcjson\nDescription: JSON\nVersion: 1.7\nLibs: -L%s/lib -lcjson\nCflags: -I%s/include\n' \
		"$prefix" "$prefix" >"$prefix/lib/pkgconfig/libcjson.pc"
fi
if [ ! -f "$prefix/lib/libcmocka.a" ]; then
	say 'cmocka for musl'
	debian_source cmocka
	$cc -O2 -Iinclude -D_GNU_SOURCE -DHAVE_SIGNAL_H -DHAVE_STDLIB_H -DHAVE_STRUCT_TIMESPEC \
		-DHAVE_CLOCK_GETTIME_REALTIME -c src/cmocka.c -o cmocka.o
	ar rcs "$prefix/lib/libcmocka.a" cmocka.o
	cp include/cmocka.h "$prefix/include/"
	printf 'Name: cmocka\nDescription: unit tests\nVersion: 1.1\nLibs: -L%s/lib -lcmocka\nCflags: -I%s/include\n' \
		"$prefix" "$prefix" >"$prefix/lib/pkgconfig/cmocka.pc"
fi
echo "$prefix" >&3

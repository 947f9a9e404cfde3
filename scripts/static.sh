#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the command as one static file against musl, with OpenSSL and cJSON from Debian's source packages, and prints
# the stripped sizes of library and command, shared and static. The result is build/musl/sluice. OpenSSL alone takes
# some minutes, once.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# shellcheck disable=SC2086 # a list
install_packages $build_packages musl-tools linux-libc-dev dpkg-dev make perl libcmocka-dev
work=$PWD/build/musl
prefix=$work/prefix
mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" "$prefix/include" "$prefix/lib/pkgconfig"
triplet=$(gcc -dumpmachine)

# apt_private COMMAND...: apt-get with the source packages of the machine's own mirrors, as any user.
apt_private() {
	apt-get -q -o "Dir::Etc::SourceList=$work/apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache=$work/apt" -o APT::Sandbox::User= "$@"
}

# debian_source PACKAGE: unpacks it in the working folder. A mirror's security archive may be in the middle of an
# update: then the release's own version serves.
debian_source() {
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format 'deb-src $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		grep ' main$' | sort -u >"$work/apt/all.list"
	for without in '^$' -security; do
		grep -v -e "$without" "$work/apt/all.list" >"$work/apt/sources.list"
		if apt_private update && apt_private source "$1"; then
			return 0
		fi
	done
	echo "static.sh: no source package of $1 to be had: check the machine's apt sources" >&2
	return 1
}

# musl-gcc sees musl's headers only; OpenSSL wants the kernel's too.
mkdir -p "$work/kernel"
for folder in linux asm-generic; do ln -sfn "/usr/include/$folder" "$work/kernel/$folder"; done
ln -sfn "/usr/include/$triplet/asm" "$work/kernel/asm"
cc="musl-gcc -idirafter $work/kernel"

if [ ! -f "$prefix/lib/libssl.a" ]; then
	say 'OpenSSL for musl'
	cd "$work"
	rm -rf openssl-*
	debian_source openssl
	cd openssl-*/
	case $(dpkg --print-architecture) in
	amd64) target=linux-x86_64 ;;
	arm64) target=linux-aarch64 ;;
	armhf | armel) target=linux-armv4 ;;
	*) target=linux-generic$(getconf LONG_BIT) ;;
	esac
	CC=$cc ./Configure "$target" --prefix="$prefix" --libdir=lib --openssldir=/usr/lib/ssl no-shared no-async no-engine \
		no-tests no-legacy no-ui-console >configure.log
	make -j"$(nproc)" build_libs >build.log 2>&1 || { tail -n 40 build.log; exit 1; }
	make install_dev >>build.log 2>&1
	cd ../../..
fi
if [ ! -f "$prefix/lib/libcjson.a" ]; then
	say 'cJSON for musl'
	cd "$work"
	rm -rf cjson-*
	debian_source cjson
	cd cjson-*/
	$cc -O2 -c cJSON.c -o cJSON.o
	ar rcs "$prefix/lib/libcjson.a" cJSON.o
	mkdir -p "$prefix/include/cjson"
	cp cJSON.h "$prefix/include/cjson/"
	printf 'Name: libcjson\nDescription: JSON\nVersion: 1.7\nLibs: -L%s/lib -lcjson\nCflags: -I%s/include\n' \
		"$prefix" "$prefix" >"$prefix/lib/pkgconfig/libcjson.pc"
	cd ../../..
fi

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

#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds OpenSSL, cJSON and cmocka for musl from Debian's source packages, statically, and prints the folder that they are
# installed in. OpenSSL takes some minutes, once: remove that folder to have it anew. Exit status 3: no sources to be had.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh
exec 3>&1 >&2 # all but the result is said beside it

# shellcheck disable=SC2086 # a list
install_packages $build_packages musl-tools linux-libc-dev dpkg-dev make perl
work=${MATRIX_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-matrix}/musl
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
	echo "musl.sh: no source package of $1 to be had: check the machine's apt sources" >&2
	return 3
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
	make -j"$(nproc)" build_libs >build.log 2>&1 || {
		tail -n 40 build.log
		exit 1
	}
	make install_dev >>build.log 2>&1
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
fi
if [ ! -f "$prefix/lib/libcmocka.a" ]; then
	say 'cmocka for musl'
	cd "$work"
	rm -rf cmocka-*
	debian_source cmocka
	cd cmocka-*/
	$cc -O2 -Iinclude -D_GNU_SOURCE -DHAVE_SIGNAL_H -DHAVE_STDLIB_H -DHAVE_STRUCT_TIMESPEC \
		-DHAVE_CLOCK_GETTIME_REALTIME -c src/cmocka.c -o cmocka.o
	ar rcs "$prefix/lib/libcmocka.a" cmocka.o
	cp include/cmocka.h "$prefix/include/"
	printf 'Name: cmocka\nDescription: unit tests\nVersion: 1.1\nLibs: -L%s/lib -lcmocka\nCflags: -I%s/include\n' \
		"$prefix" "$prefix" >"$prefix/lib/pkgconfig/cmocka.pc"
fi
echo "$prefix" >&3

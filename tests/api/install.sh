#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh SOURCE BUILD PREFIX COMPILER...: what is installed is enough to build the examples, shared and static.
set -u
source=$1 build=$2 prefix=$3
shift 3
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0 n=0

report() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=1
	fi
}

meson install -C "$build" --no-rebuild --quiet --destdir "$folder"
report $? 'it installs'
pc=$(find "$folder" -name sluice.pc)
PKG_CONFIG_PATH=${pc%/*}
export PKG_CONFIG_PATH
flags() { # OPTIONS...
	pkg-config --define-variable=prefix="$folder$prefix" "$@" sluice
}
libdir=$(flags --variable=libdir)
for example in "$source"/examples/*.c; do
	name=${example##*/}
	# shellcheck disable=SC2046 # lists
	"$@" -o "$folder/shared" "$example" $(flags --cflags --libs) &&
		LD_LIBRARY_PATH=$libdir "$folder/shared" 2>&1 | grep -q usage
	report $? "$name with the shared library"
	# shellcheck disable=SC2046
	"$@" -o "$folder/static" "$example" $(flags --cflags) "$libdir/libsluice.a" \
		$(flags --static --libs | sed 's/-lsluice//') && "$folder/static" 2>&1 | grep -q usage
	report $? "$name with the static library"
done
report "$([ "$(flags --modversion)" ] && echo 0)" 'it has a version'
if [ -e "${pc%/*}/librtmp.pc" ]; then
	dropin() { # OPTIONS...
		pkg-config --define-variable=prefix="$folder$prefix" "$@" librtmp
	}
	cat >"$folder/dropin.c" <<-END
		#include <librtmp/rtmp.h>
		#include <librtmp/http.h>
		#include <librtmp/log.h>
		#include <stdio.h>
		int main(void) { return printf("%x\\n", RTMP_LibVersion()) < 0; }
	END
	# shellcheck disable=SC2046
	"$@" -o "$folder/dropin" "$folder/dropin.c" $(dropin --cflags --libs) &&
		[ "$(LD_LIBRARY_PATH=$libdir "$folder/dropin")" = 20300 ]
	report $? 'a program of librtmp with the drop-in'
	report "$([ "$(readlink "$libdir/librtmp.so")" = librtmp.so.1 ] && echo 0)" 'the drop-in under its names'
	report "$([ "$(dropin --modversion)" = v2.4 ] && echo 0)" "librtmp's version"
fi
echo "1..$n"
exit $failed

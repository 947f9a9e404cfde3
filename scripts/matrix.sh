#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds Sluice against other OpenSSLs, other processors and another C library, and runs there: the unit tests, those of
# both ends in one process, the fuzz corpora, the command end to end over TLS, and OpenSSL's published test vectors through
# the provider; or, of an OpenSSL with the devcrypto engine, RTMPS by that over the lab's /dev/crypto. A column is one of
# these; what it takes comes from the machine's own Debian mirror (scripts/foreign.sh) and is installed nowhere.
#
#     scripts/matrix.sh                  all columns, three quarters of an hour on 2 cores
#     scripts/matrix.sh --list           their names, and what each covers
#     scripts/matrix.sh s390x musl       these
#     scripts/matrix.sh --smoke          in a minute, a part of two columns: scripts/test.sh runs it
#     scripts/matrix.sh --left-by-smoke  what that leaves out, in one line
#     --allow-missing                    what the mirror does not have is skipped, and no failure
#     --results FOLDER                   for the JUnit files; build/matrix/results
#
# Ends with a line a column, "NAME N passed, N failed, N skipped", and their sum. Exit status 0: nothing failed.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

all='openssl-1.1.1 devcryptoeng openssl-3.0 openssl-3.5 openssl-4.0 armhf i386 s390x musl'
smoke='openssl-1.1.1 armhf'
native=$(dpkg --print-architecture)

# column NAME: what it is made of. suite, architecture and packages are Debian's; tests: suites of Meson.
column() {
	suite=bookworm architecture=$native libraries=libssl3
	tests='unit loop fuzz'
	end_to_end='tests/net/test_tls.py tests/net/test_push.py tests/net/test_pull.py tests/net/test_serve.py tests/net/test_serve_tls.py'
	end_to_end="$end_to_end tests/net/test_serve_listen.py tests/net/test_serve_keys.py"
	vectors=tests/lab/test_vectors.py
	guest=
	case $1 in
	openssl-1.1.1)
		covers='OpenSSL 1.1.1 and glibc 2.31, Debian 11: no provider'
		suite=bullseye libraries=libssl1.1 vectors=
		smoke_tests='crypto proto+crypto net net+tls'
		;;
	devcryptoeng)
		covers="OpenSSL 1.1.1 built with enable-devcryptoeng: RTMPS by its engine, in user-mode Linux"
		tests='' end_to_end='' guest=tests/lab/guest/test_engine.py
		;;
	openssl-3.0) covers='OpenSSL 3.0 and glibc 2.36, Debian 12' ;;
	openssl-3.5)
		covers='OpenSSL 3.5 and glibc 2.41, Debian 13'
		suite=trixie libraries='libssl3t64 zlib1g libzstd1'
		;;
	openssl-4.0)
		covers='OpenSSL 4.0 of Debian experimental, over Debian 13: no engines, opaque ASN1_STRING'
		suite=trixie libraries='libssl4/experimental zlib1g libzstd1'
		;;
	armhf)
		covers='32 bits: ARMv7 under qemu-user, OpenSSL 3.0'
		architecture=armhf
		smoke_tests='proto provider compat'
		;;
	i386)
		covers="librtmp's interface alone, where 64 bits are aligned to 4 bytes: i386 under qemu-user"
		architecture=i386 tests=compat end_to_end='' vectors=
		;;
	s390x)
		covers='big-endian: s390x under qemu-user, OpenSSL 3.0'
		architecture=s390x
		;;
	musl) covers="static, against musl, with the machine's OpenSSL release built from Debian's source" ;;
	*)
		echo "matrix.sh: no column is called $1: see --list" >&2
		exit 2
		;;
	esac
	case $libraries in
	*/*) development=libssl-dev/${libraries#*/} development=${development%% *} ;;
	*) development=libssl-dev ;;
	esac
	packages="libc6 libc6-dev linux-libc-dev libgcc-s1 libcjson1 libcjson-dev libcmocka0 libcmocka-dev zlib1g zlib1g-dev"
	packages="$packages $development $libraries"
}

list() {
	for name in $all; do
		column "$name"
		printf '%-14s %s\n' "$name" "$covers"
	done
}

# left_by_smoke: a line that says what only the whole matrix runs.
left_by_smoke() {
	rest=
	for name in $all; do
		case " $smoke " in
		*" $name "*) ;;
		*) rest="$rest $name" ;;
		esac
	done
	echo "left to scripts/matrix.sh:$rest, and most of $smoke"
}

# trouble NAME KIND MESSAGE: what kept a column from running its tests, as a test case. KIND: failure, skipped.
trouble() {
	echo "$1: $3" >&2
	printf '<testsuites><testsuite name="%s"><testcase classname="column" name="%s"><%s message="%s"/></testcase>' \
		"$1" "$1" "$2" "$3" >"$results/matrix-$1-column.xml"
	printf '</testsuite></testsuites>\n' >>"$results/matrix-$1-column.xml"
}

# cross_file ROOT: Meson's description of the column, on stdout.
cross_file() {
	case $architecture in
	"$native") triplet=$(gcc -dumpmachine) compiler=gcc cpu=$(uname -m) wrapper= ;;
	armhf) triplet=arm-linux-gnueabihf compiler=$triplet-gcc cpu=arm wrapper="'qemu-arm', '-L', '$1'" ;;
	i386) triplet=i686-linux-gnu compiler=$triplet-gcc cpu=x86 wrapper="'qemu-i386', '-L', '$1'" ;;
	s390x) triplet=s390x-linux-gnu compiler=$triplet-gcc cpu=s390x wrapper="'qemu-s390x', '-L', '$1'" ;;
	esac
	folder=$triplet
	[ "$architecture" != i386 ] || folder=i386-linux-gnu
	endian=little
	[ "$architecture" != s390x ] || endian=big
	link="'--sysroot=$1'"
	if [ -z "$wrapper" ]; then
		# The column's own loader and C library, so that its libraries may be newer or older than the machine's; and
		# its start files and C library before those next to the compiler, which a sysroot does not hide.
		loader=$(LC_ALL=C readelf -l "$(command -v readelf)" | sed -n 's,.*interpreter: .*/\([^]]*\)].*,\1,p')
		path=$1/lib/$triplet
		link="$link, '-B$1/usr/lib/$triplet/', '-L$path', '-Wl,--dynamic-linker=$path/$loader', '-Wl,--disable-new-dtags,-rpath,$path:$1/usr/lib/$triplet'"
	fi
	cat <<END
[binaries]
c = '$compiler'
ar = '$triplet-ar'
nm = '$triplet-nm'
strip = '$triplet-strip'
pkgconfig = '$(command -v pkg-config)'
${wrapper:+exe_wrapper = [$wrapper]}
[built-in options]
c_args = ['--sysroot=$1']
c_link_args = [$link]
[properties]
${wrapper:+needs_exe_wrapper = true}
sys_root = '$1'
pkg_config_libdir = ['$1/usr/lib/$folder/pkgconfig']
[host_machine]
system = 'linux'
cpu_family = '$cpu'
cpu = '$cpu'
endian = '$endian'
END
}

# configure NAME: sets up build/matrix/NAME, and $emulator for the programs that it makes.
configure() {
	emulator=
	rm -rf "build/matrix/$1"
	if [ "$1" = musl ]; then
		prefix=$(scripts/musl.sh) || return
		CC=musl-gcc PKG_CONFIG_LIBDIR=$prefix/lib/pkgconfig meson setup "build/matrix/$1" --werror -Dprefer_static=true \
			-Dzlib=disabled -Ddefault_library=static -Dc_args="-idirafter $prefix/kernel" -Dc_link_args=-static
		return
	fi
	if [ "$1" = devcryptoeng ]; then
		prefix=$(tests/lab/openssl_111.sh) || return
		PKG_CONFIG_PATH=$prefix/lib/pkgconfig meson setup "build/matrix/$1" --werror
		return
	fi
	# shellcheck disable=SC2086 # a list
	root=$(scripts/foreign.sh "$1" "$suite" "$architecture" $packages) || return
	cross_file "$root" >"build/matrix/$1.ini"
	case $architecture in
	armhf) emulator="qemu-arm -L $root" ;;
	i386) emulator="qemu-i386 -L $root" ;;
	s390x) emulator="qemu-s390x -L $root" ;;
	esac
	PKG_CONFIG_PATH='' meson setup "build/matrix/$1" --cross-file "build/matrix/$1.ini" --werror
}

# left_out NAME: what tests/unit/leave_out.h says becomes tests that were skipped.
left_out() {
	case='<testcase classname="left out" name="\1"><skipped message="\2"/></testcase>'
	sed -n "s,^# left out: \([^:]*\): \(.*\),$case,p" "build/matrix/$1/meson-logs/testlog.txt" >"build/matrix/$1/left-out.txt"
	[ -s "build/matrix/$1/left-out.txt" ] || return 0
	{
		printf '<testsuites><testsuite name="left out">'
		cat "build/matrix/$1/left-out.txt"
		printf '</testsuite></testsuites>\n'
	} >"$results/matrix-$1-left-out.xml"
}

# unit NAME: the tests that Meson knows. It builds what they need and no more.
unit() {
	chosen=
	for each in $tests; do chosen="$chosen --suite $each"; done
	if [ -n "$part" ]; then chosen="$chosen --no-suite long"; fi
	# shellcheck disable=SC2086 # a list
	SLU_TEST_QEMU_USER=${emulator:+1} meson test -C "build/matrix/$1" $chosen --print-errorlogs --num-processes 2 \
		--timeout-multiplier "$([ -z "$emulator" ] && echo 2 || echo 8)"
	[ $? != 125 ] || return 1 # 125: not built
	cp "build/matrix/$1/meson-logs/testlog.junit.xml" "$results/matrix-$1.xml"
	cp "build/matrix/$1/meson-logs/testlog.json" "$results/matrix-$1.json"
	left_out "$1"
}

# end_to_end NAME: the command against itself and the tests' own peers, over TLS and without, and the test vectors. Not how
# often it asks the heap, for valgrind knows this machine's C library alone.
end_to_end() {
	command=$PWD/build/matrix/$1/tools/sluice
	if [ -n "$emulator" ]; then
		mkdir -p "build/matrix/$1/emulated"
		printf '#!/bin/sh\nexec %s %s "$@"\n' "$emulator" "$command" >"build/matrix/$1/emulated/sluice"
		command=$PWD/build/matrix/$1/emulated/sluice
		chmod +x "$command"
	fi
	report=$results/matrix-$1-end-to-end.xml
	# shellcheck disable=SC2086 # a list
	ninja -C "build/matrix/$1" tools/sluice ${vectors:+tests/lab/run_vectors} || return 1
	# shellcheck disable=SC2086 # a list
	SLUICE=$command SLUICE_EMULATED=$emulator /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider \
		--deselect tests/net/test_push.py::test_no_allocation_for_each_message --junitxml="$report" \
		-o junit_suite_name="matrix-$1-end-to-end" $end_to_end $vectors || echo "$1: some tests failed"
	[ -s "$report" ]
}

# in_guest NAME: over a /dev/crypto, in the second kernel. The device is a program of the machine's own build, for it wants
# a newer OpenSSL.
in_guest() {
	[ -f build/matrix/device/build.ninja ] || meson setup build/matrix/device || return 1
	ninja -C "build/matrix/$1" tools/sluice && ninja -C build/matrix/device tests/lab/cusecrypto || return 1
	rm -f "build/matrix/$1/guest-uml.xml"
	SLUICE_TESTS=$guest SLUICE_CUSECRYPTO=$PWD/build/matrix/device/tests/lab/cusecrypto SLUICE_ENGINE=devcrypto \
		tests/lab/guest.sh "build/matrix/$1" uml "build/matrix/$1" -m 'not emulated and not module' || echo "$1: some tests failed"
	mv "build/matrix/$1/guest-uml.xml" "$results/matrix-$1.xml"
}

# run NAME
run() {
	say "$1: $covers"
	rm -f "$results/matrix-$1".xml "$results/matrix-$1"-*.xml
	status=0
	configure "$1" || status=$?
	if [ $status = 3 ]; then
		trouble "$1" "$if_missing" 'its packages cannot be had from this mirror'
	elif [ $status != 0 ]; then
		trouble "$1" failure 'it cannot be configured'
	else
		[ -z "$tests" ] || unit "$1" || trouble "$1" failure 'its tests cannot be built'
		[ -z "$guest" ] || in_guest "$1" || trouble "$1" failure 'its tests in the second kernel cannot be run'
		[ -z "$end_to_end" ] || end_to_end "$1" || trouble "$1" failure 'its end-to-end tests cannot be run'
	fi
}

# files NAME...: their reports.
files() {
	for name in "$@"; do find "$results" -name "matrix-$name.xml" -o -name "matrix-$name-*.xml"; done
}

# report NAME...: what failed and why, a line a column, and the sum.
report() {
	say 'results'
	# shellcheck disable=SC2046 # lists
	for name in "$@"; do
		/usr/bin/python3 scripts/report.py $(files "$name") >"build/matrix/$name.txt" || true
		sed '$d' "build/matrix/$name.txt"
	done
	for name in "$@"; do printf '%-14s %s\n' "$name" "$(tail -n 1 "build/matrix/$name.txt")"; done
	# shellcheck disable=SC2046
	total=$(/usr/bin/python3 scripts/report.py $(files "$@")) && status=0 || status=1
	echo "$total" | tail -n 1
	return "$status"
}

results=build/matrix/results
if_missing=failure
columns=
part=
while [ $# -gt 0 ]; do
	case $1 in
	--list)
		list
		exit
		;;
	--smoke) part=smoke ;;
	--left-by-smoke)
		left_by_smoke
		exit
		;;
	--allow-missing) if_missing=skipped ;;
	--results)
		[ $# -gt 1 ] || { echo 'matrix.sh: --results wants a folder' >&2; exit 2; }
		results=$2
		shift
		;;
	-*)
		echo "matrix.sh: there is no option $1: see the head of this file" >&2
		exit 2
		;;
	*)
		column "$1"
		columns="$columns $1"
		;;
	esac
	shift
done
if [ -n "$part" ]; then columns=$smoke; fi
columns=${columns:-$all}
mkdir -p build/matrix "$results"
results=$(cd "$results" && pwd)

# shellcheck disable=SC2086 # a list
install_packages $build_packages binutils python3-pytest valgrind
for name in $columns; do
	column "$name"
	[ -z "$guest" ] || install_packages make perl user-mode-linux busybox-static cpio xz-utils libfuse3-dev nginx \
		libnginx-mod-rtmp libnginx-mod-stream
	case $architecture in
	"$native") ;;
	armhf) install_packages gcc-arm-linux-gnueabihf qemu-user ;;
	i386) install_packages gcc-i686-linux-gnu qemu-user ;;
	s390x) install_packages gcc-s390x-linux-gnu qemu-user ;;
	esac
	if [ -n "$part" ]; then tests=$smoke_tests end_to_end=; fi
	run "$name"
done
# shellcheck disable=SC2086 # a list
report $columns

#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what the tests need, builds, and runs every suite. The last line is "N passed, N failed, N skipped".
#
#     scripts/test.sh            everything, under 30 minutes on 2 cores
#     FUZZ_SECONDS=300 scripts/test.sh
#                                fuzz each target longer than the usual 10 seconds; FUZZ_SEED=0 with other inputs
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# shellcheck disable=SC2086 # a list
install_packages $build_packages g++ make clang llvm libcmocka-dev zlib1g-dev libzstd-dev python3-pytest python3-pytest-xdist valgrind strace iproute2 man-db \
	nginx libnginx-mod-rtmp libnginx-mod-stream ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
	gstreamer1.0-plugins-bad python3-gi gir1.2-gstreamer-1.0 rtmpdump librtmp1 librtmp-dev python3-librtmp abigail-tools curl faketime nftables \
	microsocks tinyproxy dante-server libio-socket-socks-perl nmap-common testssl.sh \
	yamdi flvmeta nmap sslscan socat systemd util-linux gnutls-bin libnss3-tools lighttpd lighttpd-mod-mbedtls caddy
# The lab's second kernel: tests/lab.
[ "$(dpkg --print-architecture)" != amd64 ] ||
	install_packages user-mode-linux busybox-static qemu-system-x86 cpio xz-utils perl libfuse3-dev
clang_version=$(clang -dumpversion | cut -d. -f1)
install_packages "libclang-rt-$clang_version-dev" "clang-format-$clang_version"

results=$PWD/build/results
rm -rf "$results"
mkdir -p "$results"
began=$(date +%s)
broken=0 # steps that failed without a test report of their own

# step NAME COMMAND...: runs it; a failure is kept for the end, so that all suites run.
step() {
	say "$1 (after $((($(date +%s) - began) / 60)) min)"
	name=$1
	shift
	"$@" || {
		echo "FAILED: $name"
		broken=$((broken + 1))
	}
}

# build FOLDER COMPILER TARGET OPTION...
build() {
	folder=build/$1
	compiler=$2
	target=$3
	shift 3
	[ ! -f "$folder/build.ninja" ] || rm -rf "$folder"
	CC=$compiler meson setup "$folder" "$@" && $nice ninja -C "$folder" "$target"
}
nice=

# prepare NAME COMMAND...: runs it while other things go on; prepared NAME waits for all that goes on, and
# tells of it.
prepare() {
	name=$1
	shift
	nice='nice'
	"$@" >"build/$name.log" 2>&1 && : >"build/$name.done" || true
}
prepared() {
	wait "$preparing"
	cat "build/$1.log"
	[ -f "build/$1.done" ]
}

fuzz() {
	$nice scripts/fuzz.sh build/fuzz "${FUZZ_SECONDS:-10}" "$results/fuzz.xml"
}

# suite FOLDER PATIENCE OPTION...: the tests that Meson knows, each TAP line a test.
suite() {
	folder=$1
	patience=$2
	shift 2
	meson test -C "build/$folder" --no-rebuild --print-errorlogs --num-processes 2 --timeout-multiplier "$patience" "$@" ||
		echo "some tests failed"
	cp "build/$folder/meson-logs/testlog.junit.xml" "$results/$folder.xml"
	cp "build/$folder/meson-logs/testlog.json" "$results/$folder.json"
}

# end_to_end FOLDER TESTS OPTION...: the command itself, against itself, bad peers and other people's software. Most of the
# time they wait for one another: four go on at once.
end_to_end() {
	folder=$1
	tests=$2
	shift 2
	SLUICE=$PWD/build/$folder/tools/sluice SLUICE_BUILD=$PWD/build/$folder /usr/bin/python3 -m pytest -q -rs -n 4 --dist loadfile \
		-p no:cacheprovider --junitxml="$results/end-to-end-$folder.xml" -o junit_suite_name="end-to-end-$folder" "$@" "$tests" ||
		echo "some tests failed"
	[ -s "$results/end-to-end-$folder.xml" ]
}

# guest FOLDER BACKEND: what needs another kernel, in it.
guest() {
	tests/lab/guest.sh "build/$1" "$2" "$results" || echo "some tests failed"
	[ -s "$results/guest-$2.xml" ]
}

# smoke: its failures are in the reports, and a release that the mirror no longer has is a test skipped.
smoke() {
	scripts/matrix.sh --smoke --allow-missing --results "$results" || echo "some tests failed"
	ls "$results"/matrix-*.xml >/dev/null
}

ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
TSAN_OPTIONS=halt_on_error=1:die_after_fork=0
export ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS

step 'build, optimised, gcc' build gcc gcc all --werror -Dbuildtype=release
step 'unit, loop and corpus tests, optimised' suite gcc 1
step 'end-to-end tests, optimised' end_to_end gcc tests
# A guest has one processor and waits a lot: what needs no other quiet goes on beside it, at a lower priority.
rm -f build/*.done
{
	prepare asan build asan clang all --werror -Db_sanitize=address,undefined -Db_lundef=false
	prepare fuzz-build build fuzz clang fuzzers -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	prepare fuzz fuzz
	prepare tsan build tsan clang threaded --werror -Db_sanitize=thread -Db_lundef=false
} &
preparing=$!
if [ "$(uname -m)" = x86_64 ]; then # Debian has user-mode Linux for PCs only, and a PC runs this machine's programs
	step 'over a /dev/crypto, in user-mode Linux' guest gcc uml
	step 'over the TLS of a newer kernel' guest gcc uml-next
	step 'over an emulated crypto device' guest gcc x86
fi

step 'build, ASan and UBSan, clang' prepared asan
step 'build, libFuzzer, clang' prepared fuzz-build
step 'fuzz' prepared fuzz
step 'unit, loop and corpus tests, sanitized' suite asan 4
step 'end-to-end tests, sanitized' end_to_end asan tests --ignore=tests/lab \
	--ignore=tests/probe/test_foreign.py # which test no build

# With another one, what has threads, and a server of which all sides want something.
step 'build, TSan, clang' prepared tsan
step 'unit tests with threads, sanitized' suite tsan 4 --suite threads
# For TSan, a descriptor that one thread closes and another opens is the same thing still, where it does not know the call
# (accept4, openat): what is done to descriptors and by the C library is not held against anybody here.
TSAN_OPTIONS=$TSAN_OPTIONS:ignore_interceptors_accesses=1
step 'the server under siege, with threads, sanitized' end_to_end tsan tests/net/test_siege.py -k 'breaking or storms or reading'

step 'a part of the matrix: another OpenSSL, another processor' smoke

say 'results'
/usr/bin/python3 scripts/report.py --broken "$broken" --note "$(scripts/matrix.sh --left-by-smoke)" "$results"/*.xml

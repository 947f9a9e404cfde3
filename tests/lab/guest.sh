#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the tests in tests/lab/guest, which need another kernel than this machine's, one boot for all: in user-mode Linux
# (uml), or those that are marked as emulated in an emulated PC (x86), which has a crypto device and no AES instructions, or
# those that are for both in the user-mode Linux of Debian's next release (uml-next).
# A build with AddressSanitizer does not start in user-mode Linux.
#
#     tests/lab/guest.sh BUILD uml|uml-next|x86 [RESULTS [PYTEST OPTION...]]
#
# RESULTS is a folder, which gets guest-BACKEND.xml. For a build that differs: SLUICE_TESTS, the tests to run (all);
# SLUICE_CUSECRYPTO, the program that is the device (the build's); SLUICE_ENGINE, the engine that is pushed through
# (OpenSSL's devcrypto, as a module).
set -eu
build=$(realpath "$1")
backend=$2
results=$(realpath "${3:-$build}")
shift $(($# < 3 ? $# : 3))
lab=$(realpath "$(dirname "$0")")

case $backend in
uml)
	set -- -m 'not emulated' "$@"
	machine='-b uml -M 1024 -t 900'
	;;
uml-next)
	set -- -m both_kernels "$@"
	machine='-b uml-next -M 1024 -t 300'
	;;
x86)
	set -- -m emulated "$@"
	machine='-b x86 -H -M 1024 -t 600'
	;;
*)
	echo "guest.sh: there is no backend '$backend': uml, uml-next or x86" >&2
	exit 2
	;;
esac

# Their source comes from the network, which the guest has not.
foreign=$("$lab/foreign.sh")
vectors=$("$lab/openssl_source.sh")/test/recipes/30-test_evp_data
# Nor the next release, which a mirror may lack: then its tests are skipped.
next=$("$lab/host/next.sh") || next=
if [ "$backend" = uml-next ] && [ -z "$next" ]; then
	skipped='<testcase classname="guest" name="uml-next"><skipped message="the mirror has no user-mode-linux of the next release"/></testcase>'
	echo "<testsuites><testsuite name=\"guest-uml-next\">$skipped</testsuite></testsuites>" >"$results/guest-uml-next.xml"
	exit
fi
# shellcheck disable=SC2086 # a list
exec "$lab/lab.sh" $machine -d "$lab/../.." -o "$results" -- \
	env SLUICE="$build/tools/sluice" SLUICE_BUILD="$build" SLUICE_FOREIGN="$foreign" SLUICE_VECTORS="$vectors" \
	SLUICE_NEXT="$next" \
	SLUICE_CUSECRYPTO="${SLUICE_CUSECRYPTO:-$build/tests/lab/cusecrypto}" SLUICE_ENGINE="${SLUICE_ENGINE:-$foreign}" \
	/usr/bin/python3 -m pytest -q -rs --tb=short -p no:cacheprovider \
	--junitxml="/out/guest-$backend.xml" -o junit_suite_name="guest-$backend" "$@" "${SLUICE_TESTS:-tests/lab/guest}"

#!/bin/sh
# SPDX-License-Identifier: MIT
# What it takes to find out what a TLS server accepts: connections, bytes and time of sluice probe, nmap, sslscan and
# testssl.sh, over a line with a round trip of 50 ms between two network namespaces; and whether ours keeps its limits.
# About five minutes. bench/probe.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. bench/lib.sh

help_of bench/probe.py "$@"
# shellcheck disable=SC2086 # a list
install_packages $build_packages libcmocka-dev nginx gnutls-bin nmap sslscan testssl.sh
[ -f build/bench/build.ninja ] || meson setup build/bench -Dbuildtype=release >/dev/null
ninja -C build/bench >build/bench/ninja.log || {
	cat build/bench/ninja.log
	exit 1
}
apart='unshare --map-root-user --net'
[ "$(id -u)" != 0 ] || apart='unshare --net'
# shellcheck disable=SC2086 # a list
exec $apart /usr/bin/python3 bench/probe.py --build build/bench "$@"

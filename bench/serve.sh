#!/bin/sh
# SPDX-License-Identifier: MIT
# One publisher and 1, 100 and 1,000 players: CPU, delay and memory of sluice serve, beside nginx-rtmp, over RTMP and RTMPS;
# and whether ours keeps its limits. About ten minutes. bench/serve.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. bench/lib.sh

help_of bench/serve.py "$@"
# shellcheck disable=SC2086 # a list
install_packages $build_packages libcmocka-dev nginx libnginx-mod-stream libnginx-mod-rtmp
[ -f build/bench/build.ninja ] || meson setup build/bench -Dbuildtype=release >/dev/null
ninja -C build/bench all bench/libheld.so >build/bench/ninja.log || {
	cat build/bench/ninja.log
	exit 1
}
exec /usr/bin/python3 bench/serve.py --build build/bench "$@"

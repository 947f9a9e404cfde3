#!/bin/sh
# SPDX-License-Identifier: MIT
# What publishing costs, side by side: `sluice push`, FFmpeg's own rtmp(s), GStreamer's rtmp2sink, and two floors that
# only read, copy and write. Same clip, alternating, at least 5 runs. bench/publish.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# shellcheck disable=SC2086 # a list
install_packages $build_packages libcmocka-dev ffmpeg valgrind strace
[ -f build/bench/build.ninja ] || meson setup build/bench -Dbuildtype=release >/dev/null
ninja -C build/bench >build/bench/ninja.log || {
	cat build/bench/ninja.log
	exit 1
}
exec /usr/bin/python3 bench/publish.py --build build/bench "$@"

#!/bin/sh
# SPDX-License-Identifier: MIT
# The same programs on Debian's librtmp.so.1 and on ours: FFmpeg with --enable-librtmp, and GStreamer's rtmpsink, publish
# the same clip over TLS 1.2, taking turns. bench/dropin.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# shellcheck disable=SC2086 # a list
install_packages $build_packages libcmocka-dev ffmpeg strace make librtmp1 librtmp-dev gstreamer1.0-tools \
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
[ -f build/bench/build.ninja ] || meson setup build/bench -Dbuildtype=release >/dev/null
ninja -C build/bench >build/bench/ninja.log || {
	cat build/bench/ninja.log
	exit 1
}
ffmpeg=$(tests/interop/ffmpeg.sh librtmp)/ffmpeg
exec /usr/bin/python3 bench/dropin.py --build build/bench --ffmpeg "$ffmpeg" "$@"

#!/bin/sh
# SPDX-License-Identifier: MIT
# What RTMPS costs with the crypto device of a machine without AES instructions, and without it: `sluice push` in four
# cipher suites in software, and in two through /dev/crypto. The machine is emulated (QEMU, virtio-crypto), so its
# seconds are those of no board: its time goes by instructions, 250 million a second, with no memory or cache in it, so
# that ratios and counts come out alike on any machine, however busy. About five minutes.
# bench/offload.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. scripts/lib.sh

# shellcheck disable=SC2086 # a list
install_packages $build_packages libcmocka-dev libfuse3-dev ffmpeg qemu-system-x86 busybox-static cpio xz-utils
[ -f build/bench/build.ninja ] || meson setup build/bench -Dbuildtype=release >/dev/null
ninja -C build/bench >build/bench/ninja.log || {
	cat build/bench/ninja.log
	exit 1
}
clip=$PWD/build/bench/offload.flv
[ -s "$clip" ] || scripts/make-clip.sh bench "$clip"
echo "emulated, no board's figures: a PC of 250 million instructions a second, without those for AES, with virtio-crypto"
echo "the /dev/crypto is a program in user space, for Debian has no package of the kernel's module (cryptodev-linux)"
exec tests/lab/lab.sh -b x86 -H -I 2 -M 1024 -t 1200 /usr/bin/python3 bench/offload.py --build "$PWD/build/bench" --clip "$clip" "$@"

#!/bin/sh
# SPDX-License-Identifier: MIT
# What RTMPS costs with the crypto device of a machine without AES instructions, and without it: `sluice push` in four
# cipher suites in software, and in two through /dev/crypto. The machine is emulated (QEMU, virtio-crypto), so its
# seconds are those of no board: its time goes by instructions, 250 million a second, with no memory or cache in it, so
# that ratios and counts come out alike on any machine, however busy. About five minutes.
# bench/offload.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. bench/lib.sh

help_of bench/offload.py "$@"
prepare
clip=$(clip)
echo "emulated, no board's figures: a PC of 250 million instructions a second, without those for AES, with virtio-crypto"
echo "the /dev/crypto is a program in user space, for Debian has no package of the kernel's module (cryptodev-linux)"
exec tests/lab/lab.sh -b x86 -H -I 2 -M 1024 -t 1200 /usr/bin/python3 bench/offload.py --build "$PWD/build/bench" --clip "$clip" "$@"

#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether streams cost what `sluice doctor` says they will: it measures in one boot of a machine, and in the next one what it
# kept is turned into predictions for all suites, all ways of encrypting and two record sizes that it did not measure, and
# streams of such records are sent. The machine is emulated (QEMU, virtio-crypto, no AES instructions), and its time goes by
# instructions, 250 million a second. About five minutes. bench/predict.sh --help lists the options.
# Exit status 1: a prediction was off by more than 20 per cent.
set -eu
cd "$(dirname "$0")/.."
. bench/lib.sh

help_of bench/predict.py "$@"
prepare
out=$PWD/build/bench/predict
rm -rf "$out"
mkdir -p "$out"
boot() {
	tests/lab/lab.sh -b x86 -H -I 2 -M 1024 -t 600 -o "$out" /usr/bin/python3 bench/predict.py "$@" --build "$PWD/build/bench"
}
echo "emulated, no board's figures: a PC of 250 million instructions a second, without those for AES, with virtio-crypto"
echo "the /dev/crypto is a program in user space, for Debian has no package of the kernel's module (cryptodev-linux)"
boot measure "$@"
boot compare "$@"

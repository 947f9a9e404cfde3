#!/bin/sh
# SPDX-License-Identifier: MIT
# The kernel's TLS against OpenSSL's on the same stream: CPU, system calls and copies, of `sluice push` in bulk and of a
# live stream that is flushed for each frame. In a machine that QEMU emulates, once without AES instructions and once with
# them; its time goes by instructions, 250 million a second, with no memory or cache in it: ratios and counts come out alike
# on any machine, seconds are those of no board, and a copy costs less than where memory is slow. About five minutes.
# bench/ktls.sh --help lists the options.
set -eu
cd "$(dirname "$0")/.."
. bench/lib.sh

help_of bench/ktls.py "$@"
prepare strace
clip=$(clip)
short=$(short_clip)
measure() {
	tests/lab/lab.sh -b x86 "$@"
}
echo "emulated, no board's figures: a PC of 250 million instructions a second, without those for AES"
measure -H -I 2 -M 1024 -t 600 /usr/bin/python3 bench/ktls.py --build "$PWD/build/bench" --clip "$clip" --short "$short" "$@"
echo
echo "the same with AES instructions, TLS 1.2: each counts as one instruction, which flatters them"
# The kernel's module for them is loaded where there is udev.
measure -I 2 -M 1024 -m aesni_intel -t 600 /usr/bin/python3 bench/ktls.py --build "$PWD/build/bench" --clip "$clip" --short "$short" --versions 1.2 "$@"

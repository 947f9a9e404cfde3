#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether "--tls-offload auto --ciphers auto" takes what costs least: each suite by each way of encrypting is tried on the
# stream itself, and then it has to choose, with servers that take all suites and some of them. First in a machine that QEMU
# emulates (virtio-crypto, no AES instructions; its time goes by instructions, 250 million a second), by its CPU; then on an
# ARM Cortex-A7, which has none either, by QEMU's user emulation and the instructions that are carried out. About five
# minutes. bench/choice.sh --help lists the options, and --parts machine or --parts processor runs one of them.
# Exit status 1: it took what is dearer than the cheapest by more than the turns differ.
set -eu
cd "$(dirname "$0")/.."
. bench/lib.sh

help_of bench/choice.py "$@"
parts='machine processor'
if [ "${1-}" = --parts ]; then
	parts=$2
	shift 2
fi
prepare
clip=$(clip)
short=$(short_clip)
out=$PWD/build/bench/choice
rm -rf "$out"
mkdir -p "$out"
status=0

in_machine() {
	echo "emulated, no board's figures: a PC of 250 million instructions a second, without those for AES, with virtio-crypto"
	echo "the /dev/crypto is a program in user space, for Debian has no package of the kernel's module (cryptodev-linux)"
	tests/lab/lab.sh -b x86 -H -I 2 -M 1024 -t 600 -o "$out" /usr/bin/python3 bench/choice.py machine \
		--build "$PWD/build/bench" --clip "$clip" --short "$short" "$@" || status=1
}

# The command for ARM: against Debian's libraries for it, which are installed nowhere.
build_for_arm() {
	install_packages gcc-arm-linux-gnueabihf qemu-user
	root=$(scripts/foreign.sh choice-armhf bookworm armhf libc6 libc6-dev linux-libc-dev libgcc-s1 libcjson1 libcjson-dev \
		libssl-dev libssl3)
	cat >build/bench/arm.ini <<-END
		[binaries]
		c = 'arm-linux-gnueabihf-gcc'
		ar = 'arm-linux-gnueabihf-ar'
		strip = 'arm-linux-gnueabihf-strip'
		pkgconfig = '$(command -v pkg-config)'
		[built-in options]
		c_args = ['--sysroot=$root']
		c_link_args = ['--sysroot=$root']
		[properties]
		sys_root = '$root'
		pkg_config_libdir = ['$root/usr/lib/arm-linux-gnueabihf/pkgconfig']
		needs_exe_wrapper = true
		[host_machine]
		system = 'linux'
		cpu_family = 'arm'
		cpu = 'arm'
		endian = 'little'
	END
	[ -f build/bench-arm/build.ninja ] || PKG_CONFIG_PATH='' meson setup build/bench-arm --cross-file build/bench/arm.ini \
		-Dbuildtype=release -Dtests=false >/dev/null
	ninja -C build/bench-arm tools/sluice >build/bench-arm/ninja.log || {
		cat build/bench-arm/ninja.log
		exit 1
	}
}

# The version of the interface that this QEMU has: 1 up to QEMU 8.
build_plugin() {
	for version in 1 2 3 4 5 6; do
		cc -shared -fPIC -O2 -DPLUGIN_VERSION=$version -o "$out/instructions.so" bench/instructions.c
		qemu-arm -plugin "$out/instructions.so" -L "$root" build/bench-arm/tools/sluice --version >/dev/null 2>&1 && return
	done
	echo "choice.sh: qemu-arm does not take bench/instructions.c as a plugin" >&2
	exit 1
}

on_processor() {
	build_for_arm
	build_plugin
	echo "emulated, no board's figures: the instructions of an ARM Cortex-A7, which are not alike in time"
	/usr/bin/python3 bench/choice.py processor --build build/bench --clip "$clip" --short "$short" --folder "$out" \
		--sluice build/bench-arm/tools/sluice --root "$root" --plugin "$out/instructions.so" "$@" || status=1
}

case $parts in *machine*) in_machine "$@" ;; esac
case $parts in *processor*) on_processor "$@" ;; esac
exit $status

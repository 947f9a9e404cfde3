# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC1091,SC2154 # sourced, and sources
# Sourced by the scripts here that measure in the lab's emulated machine, with the project's root as working folder.
. scripts/lib.sh

# help_of PROGRAM ARGUMENT...: its help, where that is asked for: it takes neither a build nor a machine.
help_of() {
	program=$1
	shift
	for argument in "$@"; do
		case $argument in
		-h | --help) exec /usr/bin/python3 "$program" --help ;;
		esac
	done
}

# prepare PACKAGE...: installs what building and emulating take, and these, and builds into build/bench.
prepare() {
	# shellcheck disable=SC2086 # a list
	install_packages $build_packages libcmocka-dev libfuse3-dev ffmpeg qemu-system-x86 busybox-static cpio xz-utils "$@"
	[ -f build/bench/build.ninja ] || meson setup build/bench -Dbuildtype=release >/dev/null
	ninja -C build/bench all bench/libcopies.so >build/bench/ninja.log || {
		cat build/bench/ninja.log
		exit 1
	}
}

# clip: the 20 s one, made once.
clip() {
	[ -s build/bench/offload.flv ] || scripts/make-clip.sh bench build/bench/offload.flv >/dev/null
	echo "$PWD/build/bench/offload.flv"
}

# short_clip: its first second, what starting and connecting cost is told by.
short_clip() {
	[ -s build/bench/short.flv ] || ffmpeg -v error -y -i "$(clip)" -t 1 -c copy build/bench/short.flv
	echo "$PWD/build/bench/short.flv"
}

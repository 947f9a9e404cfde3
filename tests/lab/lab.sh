#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs one program on a second Linux kernel, which has what a container's machine may lack: CUSE, kernel TLS, AF_ALG,
# network namespaces, netem and, with an emulated machine, a crypto device. All comes from Debian's packages.
#
#     tests/lab/lab.sh [OPTION...] [--] PROGRAM [ARGUMENT...]
#
#     -b BACKEND   uml: user-mode Linux (the default; starts in a second, user code as fast as here, no crypto device)
#                  uml-next: the same, of Debian's next release: a kernel from 7.2 on
#                  x86: a PC that QEMU emulates, with a virtio-crypto device (starts in five to ten seconds)
#     -H           the emulated CPU has no AES instructions, so that the kernel takes the crypto device instead
#     -d FOLDER    where PROGRAM starts (default: here)
#     -o FOLDER    is /out in the guest, the one place that outlives it
#     -m MODULES   kernel modules to load besides the usual ones
#     -t SECONDS   time limit, from the kernel's start (default 120)
#     -M MIB       the guest's memory (default 512)
#     -c CPUS      of the emulated machine (default 1)
#     -I SHIFT     the emulated machine's time goes by instructions, 2^SHIFT ns each while it is busy: what it measures
#                  does not depend on this machine and what else that does
#     -v           the kernel's log, and the time it took, on stderr
#
# The guest's root is this machine's own file tree, so all paths are the same; what is written there, but for /out, is
# gone at the end. PROGRAM runs as the guest's root with an empty stdin; output is live. Needs no root; an ordinary
# user's guest reads and writes what that user may.
# SLUICE_LAB_CACHE names the folder where kernels are kept (default ~/.cache/sluice-lab).
#
# Exit status: PROGRAM's own; 124: time limit; 125: the lab failed, and stderr says why.
set -u
lab=$(realpath "$(dirname "$0")")
# shellcheck source=tests/lab/host/kernel.sh
. "$lab/host/kernel.sh"
# shellcheck source=tests/lab/host/uml.sh
. "$lab/host/uml.sh"
# shellcheck source=tests/lab/host/qemu.sh
. "$lab/host/qemu.sh"

cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sluice-lab}
backend=uml folder=$PWD linux_folder=$PWD out='' modules='' limit=120 memory=512 cpus=1 no_aes='' shift='' verbose=''

usage() {
	sed -n '3,/^set -u/p' "$0" | sed '$d;s/^# \{0,1\}//' >&2
	exit 125
}

die() {
	echo "lab: $*" >&2
	exit 125
}

# need COMMAND PACKAGE
need() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || die "$1 is missing: install the package $2"
}

while getopts b:d:o:m:t:M:c:I:Hv option; do
	case $option in
	b) backend=$OPTARG ;;
	d) folder=$OPTARG ;;
	o) out=$OPTARG ;;
	m) modules=$OPTARG ;;
	t) limit=$OPTARG ;;
	M) memory=$OPTARG ;;
	c) cpus=$OPTARG ;;
	I) shift=$OPTARG ;;
	H) no_aes=1 ;;
	v) verbose=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
for number in "$limit" "$memory" "$cpus"; do
	[[ $number =~ ^[1-9][0-9]*$ ]] || die "'$number' is no positive number"
done
[[ $shift =~ ^([0-9]|10)?$ ]] || die "-I takes 0 to 10, not '$shift'"
folder=$(realpath -e "$folder") || die "no such folder"
need busybox busybox-static

work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-lab.XXXXXX") || die "cannot make a temporary folder"
machine='' timer=''
# shellcheck disable=SC2317 # by trap
finish() {
	[ -z "$timer" ] || kill "$timer" 2>/dev/null
	stop_machine
	rm -rf "$work"
}

# User-mode Linux is a session of several processes: they go together. SIGTERM lets it end its children; SIGKILL is for
# what is left.
stop_machine() {
	[ -n "$machine" ] || return 0
	kill -TERM "$machine" 2>/dev/null && sleep 0.2
	kill -KILL -- "-$machine" "$machine" 2>/dev/null
	machine=
}
trap finish EXIT
trap 'exit 125' INT TERM HUP

if [ -n "$out" ]; then
	out=$(realpath -e "$out") || die "no such folder for -o"
	[ -w "$out" ] || die "$out is not writable"
else
	out=$work/out
	mkdir "$out"
fi

# What the guest's side reads. The backend's prepare adds to it.
cp "$lab"/boot/* "$work/"
quote() {
	printf "'%s' " "${1//\'/\'\\\'\'}"
}
setting() {
	echo "$1=$(quote "$2")"
}
modules="ipv6 af_alg algif_skcipher algif_aead algif_hash algif_rng tls fuse cuse $modules"
{
	setting backend "$backend"
	setting folder "$folder"
	setting modules "$modules"
	setting verbose "$verbose"
} >"$work/settings"
{
	printf 'set -- '
	for word in "$@"; do quote "$word"; done
} >"$work/command"

case $backend in
uml | uml-next | x86) ;;
*) die "there is no backend '$backend': uml, uml-next or x86" ;;
esac
[ "$backend" != x86 ] && [ -n "$no_aes" ] && die "-H is for the emulated machine: user code of uml runs on this CPU"
[ "$backend" != x86 ] && [ -n "$shift" ] && die "-I is for the emulated machine: user code of uml runs on this CPU"
"prepare_$backend"

# The guest's output passes through cat, so that no emulator changes the modes of the caller's terminal.
exec 4> >(cat)
stdout_copier=$!
exec 5> >(cat >&2)
stderr_copier=$!
: >"$work/console"
: >"$work/report"
began=$(date +%s%N)
"start_$backend" </dev/null >"$work/host" 2>&1 6>>"$work/report" & # sets nothing here: it becomes the emulator
machine=$!
exec 4>&- 5>&-
setpriv --pdeathsig KILL sleep "$limit" &
timer=$!
wait -n "$machine" "$timer" 2>/dev/null
late=
kill -0 "$machine" 2>/dev/null && late=1
stop_machine
wait "$stdout_copier" "$stderr_copier" 2>/dev/null

if [ -n "$verbose" ]; then
	cat "$work/host" "$work/console" >&2
	echo "lab: $backend, kernel $release, ready at $(sed -n 's/^ready \([^ ]*\).*/\1/p' "$work/report") s of its" \
		"time, whole run $((($(date +%s%N) - began) / 1000000)) ms" >&2
fi
if [ -n "$late" ]; then
	echo "lab: '$1' did not end within the time limit of $limit s" >&2
	exit 124
fi
status=$(sed -n 's/^status //p' "$work/report" | tr -d '\r')
if [ -z "$status" ]; then
	tail -n 25 "$work/host" "$work/console" >&2
	die "the guest ($backend) ended before '$1' had; its last words are above"
fi
exit "$status"

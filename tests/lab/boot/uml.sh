#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC1091 # the settings that lab.sh wrote
# Process 1 under user-mode Linux. Its root is the host's, read-only. busybox runs its own commands first, and finds
# itself through /proc.
here=${0%/*}
. "$here/settings"
. "$here/enter.sh"
/bin/busybox mount -t proc proc /proc
mount -t tmpfs -o mode=1777 lab /tmp
for module in $first_modules; do insmod "$module_folder/$module"; done
mkdir /tmp/lab /tmp/upper /tmp/work /tmp/root
mount -t hostfs -o "$work" lab /tmp/lab
mount -t overlay -o lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work root /tmp/root
cd /tmp/root || poweroff -f
mkdir -p out "lib/modules/$release"
mount -t devtmpfs dev dev
mount -t hostfs -o "$out" out out
mount --bind "$module_folder" "lib/modules/$release"
for terminal in tty1 tty2 tty3; do stty -opost <"dev/$terminal"; done
enter /tmp/lab /dev/tty1 /dev/tty2 /dev/tty3

#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC1091 # the settings that lab.sh wrote
# Process 1 in the emulated machine, in its initial RAM disk.
. /settings
. /enter.sh
/bin/busybox mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=1777 lab /tmp
for module in $first_modules; do insmod "/modules/${module##*/}"; done
mkdir /tmp/upper /tmp/work /tmp/host /tmp/root
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /tmp/host
mount -t overlay -o lowerdir=/tmp/host,upperdir=/tmp/upper,workdir=/tmp/work root /tmp/root
cd /tmp/root || poweroff -f
mkdir -p out "lib/modules/$release"
mount --bind /dev dev
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 out out
mount --bind "/tmp/host$module_folder" "lib/modules/$release"
enter / '/dev/vport*p1' '/dev/vport*p2' '/dev/vport*p3'

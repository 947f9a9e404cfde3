# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced by the first process of the guest, in the folder that is to be its root.

# enter LAB STDOUT STDERR REPORT: mounts what a system has, and goes on there with LAB's run.sh. The devices are
# patterns. exec: the kernel's module loader uses the root of process 1.
enter() {
	mount -t proc proc proc
	mount -t sysfs sysfs sys
	mkdir -p dev/shm dev/pts run
	mount -t tmpfs -o mode=1777 shm dev/shm
	mount -t devpts devpts dev/pts
	mount -t tmpfs -o mode=1777 run run # also the temporary folder: /tmp is the host's, with what lies there
	mkdir run/lab
	cp "$1/settings" "$1/command" "$1/run.sh" run/lab/
	ln -sf /bin/busybox sbin/modprobe
	[ -e dev/fd ] || ln -s /proc/self/fd dev/fd
	exec chroot . /bin/busybox sh /run/lab/run.sh "$2" "$3" "$4"
}

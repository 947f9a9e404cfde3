# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables pass between lab.sh and what it sources
# Sourced by lab.sh: a machine that QEMU emulates in software, with a crypto device.

prepare_x86() {
	[ "$(dpkg --print-architecture)" = amd64 ] || die "the x86 machine runs this machine's programs: it wants an amd64"
	need qemu-system-x86_64 qemu-system-x86
	need cpio cpio
	get_kernel linux-image-amd64
	local boot_modules disk=$work/disk module
	boot_modules=$(load_order "$module_folder" virtio_pci virtio_console 9pnet_virtio 9p overlay)
	{
		setting release "$release"
		setting module_folder "$module_folder"
		setting first_modules "$boot_modules"
		setting modules "virtio_crypto $modules"
	} >>"$work/settings"

	mkdir -p "$disk"/{bin,proc,sys,dev,tmp,modules}
	cp "$(command -v busybox)" "$disk/bin/busybox"
	cp "$work"/{settings,command,enter.sh,run.sh} "$disk/"
	cp "$work/qemu.sh" "$disk/init"
	for module in $boot_modules; do cp "$module_folder/$module" "$disk/modules/"; done
	(cd "$disk" && find . | cpio -o -H newc --quiet) >"$work/initrd" || die "cannot write the RAM disk"
}

# An uncompressed kernel enters by PVH, which the q35 machine starts fastest. aesni_intel: user code follows the CPU's
# flags, but the kernel's module would still win over the device. Where time goes by instructions, a string instruction
# counts as one for each of its rounds: without erms, copies are made of wide moves, and not byte by byte.
start_x86() {
	local without= time=(-accel tcg,thread=multi)
	local kernel_line="console=ttyS0 quiet panic=-1 cryptomgr.notests random.trust_cpu=on tsc=reliable no_timer_check"
	kernel_line+=" mitigations=off"
	if [ -n "$no_aes" ]; then
		without=,-aes
		kernel_line+=" module_blacklist=aesni_intel"
	fi
	if [ -n "$shift" ]; then
		time=(-accel tcg,thread=single -icount "shift=$shift,sleep=on")
		without+=,-erms,-fsrm
	fi
	exec setpriv --pdeathsig KILL qemu-system-x86_64 -M q35 -cpu "max$without" "${time[@]}" -smp "$cpus" \
		-m "$memory" -nodefaults -nic none -display none -no-reboot \
		-kernel "$kernel_image" -initrd "$work/initrd" -append "$kernel_line" -serial "file:$work/console" \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
		-virtfs "local,path=$out,mount_tag=out,security_model=none" \
		-object cryptodev-backend-builtin,id=engine -device virtio-crypto-pci,cryptodev=engine \
		-device virtio-serial-pci \
		-chardev file,id=stdout,path=/dev/fd/4 -device virtserialport,chardev=stdout,nr=1 \
		-chardev file,id=stderr,path=/dev/fd/5 -device virtserialport,chardev=stderr,nr=2 \
		-chardev "file,id=report,path=$work/report" -device virtserialport,chardev=report,nr=3
}

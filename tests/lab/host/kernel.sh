# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables pass between lab.sh and what it sources
# Sourced by lab.sh: kernels and their modules, out of Debian's packages, unpacked in the cache and never installed.

# load_order MODULE_FOLDER NAME...: the files of the named modules and all that they need, in the order of loading.
load_order() {
	awk -v wanted="${*:2}" '
		{
			file = $1; sub(/:$/, "", file)
			name = file; sub(/.*\//, "", name); sub(/\.ko.*/, "", name); gsub(/-/, "_", name)
			file_of[name] = file
			$1 = ""; needs[file] = $0
		}
		function show(file, n, list, i) {
			if (seen[file]++) return
			n = split(needs[file], list, " ")
			for (i = n; i >= 1; i--) show(list[i])
			print file
		}
		END {
			n = split(wanted, list, " ")
			for (i = 1; i <= n; i++) {
				gsub(/-/, "_", list[i])
				if (list[i] in file_of) show(file_of[list[i]])
			}
		}' "$1/modules.dep"
}

# own_apt COMMAND...: apt-get or apt-cache with package lists of the lab's own, which any user can fetch.
own_apt() {
	local command=$1
	shift
	"$command" -qq -o Dir::State="$cache/apt" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$cache/apt" \
		-o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}

machine_apt() {
	local command=$1
	shift
	"$command" -qq "$@"
}

# image_package APT META: the newest kernel's package, which the package META depends on.
image_package() {
	"$1" apt-cache depends "$2" 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }'
}

# download META: the kernel's package, into the current folder; sets package. First with the machine's package lists;
# where there are none, or they are of yesterday, with fresh ones.
download() {
	local apt
	for apt in machine_apt own_apt; do
		if [ $apt = own_apt ]; then
			mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
			own_apt apt-get update || echo "lab: some package lists could not be had" >&2
		fi
		package=$(image_package $apt "$1")
		[ -n "$package" ] || continue
		echo "lab: downloading $package" >&2
		$apt apt-get -o APT::Sandbox::User= download "$package" && return 0
	done
	return 1
}

# Without signatures: the virtio_crypto module brings an RSA driver, which the kernel then uses to verify the modules
# that follow, and which fails ("Key was rejected by service").
plain_modules() {
	local packed
	mapfile -d '' -t packed < <(find "$1" -name '*.ko.*' -print0)
	if [ ${#packed[@]} -gt 0 ]; then xz -d "${packed[@]}" || return; fi
	# shellcheck disable=SC2016 # Perl's variables
	find "$1" -name '*.ko' -print0 | xargs -0 perl -e '
		my $magic = "~Module signature appended~\n";
		for my $file (@ARGV) {
			open(my $module, "+<", $file) or die "$file: $!\n";
			binmode $module;
			my $size = -s $module;
			my $trailer;
			seek $module, $size - 40, 0;
			read $module, $trailer, 40;
			next unless substr($trailer, 12) eq $magic;
			truncate $module, $size - 40 - unpack("N", substr($trailer, 8, 4));
		}'
}

# uncompressed_kernel VMLINUZ VMLINUX: saves the emulator three seconds of unpacking. Nothing is lost when the kernel is
# packed in another way: then it boots as it is.
uncompressed_kernel() {
	local offset
	offset=$(LC_ALL=C grep -aboP '\xfd7zXZ\x00' "$1" | head -n 1 | cut -d: -f1)
	[ -n "$offset" ] || return 1
	tail -c +$((offset + 1)) "$1" | xz -dc --single-stream 2>/dev/null >"$2" # what follows the stream is no error of it
	[ "$(head -c 4 "$2")" = $'\177ELF' ] || rm -f "$2"
}

# unpack_kernel META: the current folder becomes a kernel's.
unpack_kernel() {
	download "$1" || die "cannot get the kernel, package $1: is the package archive reachable? (apt-get update)"
	dpkg-deb -x ./*.deb . || die "cannot unpack $package"
	rm ./*.deb
	release=${package#linux-image-}
	release=${release%-unsigned}
	[ -d lib ] || ln -s usr/lib lib
	rm -rf "lib/modules/$release/kernel"/{sound,drivers/{gpu,infiniband,media,net/ethernet,net/wireless,scsi,usb}} # half of all
	plain_modules "lib/modules/$release" || die "cannot unpack the modules of $package"
	busybox depmod -b . "$release" || die "cannot list the modules of $package"
	mv "boot/vmlinuz-$release" kernel
	uncompressed_kernel kernel vmlinux && mv vmlinux kernel
	echo "$release" >release
}

# get_kernel META: sets release, module_folder and kernel_image. Whoever comes first unpacks it, the others wait.
get_kernel() {
	local kernel=$cache/$1
	mkdir -p "$cache" || die "cannot make the folder $cache: SLUICE_LAB_CACHE may name another"
	if [ ! -e "$kernel/release" ]; then
		need perl perl
		need xz xz-utils
		(
			flock 9
			[ ! -e "$kernel/release" ] || exit 0
			rm -rf "$kernel.new" "$kernel"
			mkdir "$kernel.new" && cd "$kernel.new" || exit
			unpack_kernel "$1"
			cd .. && mv "$kernel.new" "$kernel"
		) 9>"$cache/lock" || exit
	fi
	release=$(cat "$kernel/release")
	module_folder=$kernel/lib/modules/$release
	kernel_image=$kernel/kernel
}

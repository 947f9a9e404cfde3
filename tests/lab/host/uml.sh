# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables pass between lab.sh and what it sources
# Sourced by lab.sh: user-mode Linux, a kernel that is a process of this machine.

prepare_uml() {
	need linux.uml user-mode-linux
	linux=(linux.uml)
	prepare_registers
	module_folder=/usr/lib/uml/modules/$("${linux[@]}" --version)
	prepare_user_mode
}

# A processor with more registers than that kernel has room for: fp_registers.c.
prepare_registers() {
	local made=$cache/fp_registers.so
	grep -q -m 1 '^flags.* amx_tile' /proc/cpuinfo || return 0
	need cc gcc
	mkdir -p "$cache"
	(
		flock 9
		[ ! "$made" -nt "$lab/host/fp_registers.c" ] || exit 0
		cc -D_GNU_SOURCE -O2 -Wall -Wextra -shared -fPIC -o "$made.new" "$lab/host/fp_registers.c" && mv "$made.new" "$made"
	) 9>"$cache/lock" || die "cannot build $made"
	linux=(env "LD_PRELOAD=$made" linux.uml)
}

# The kernel of Debian's next release, which wants a newer C library than this machine may have. A program that is
# started by a loader, not by the kernel, has its heap elsewhere, which user-mode Linux does not survive; so the loader's
# name in the program becomes one that is found in the working folder.
prepare_uml-next() {
	local root kernel=$cache/next
	need perl perl
	root=$(SLUICE_LAB_CACHE=$cache "$lab/host/next.sh") || die "cannot get user-mode-linux of Debian's next release"
	(
		flock 9
		[ ! "$kernel/linux.uml" -nt "$root/.complete" ] || exit 0
		mkdir -p "$kernel"
		cp "$root/lib64/ld-linux-x86-64.so.2" "$kernel/ld.so"
		cp "$root"/usr/lib/x86_64-linux-gnu/libc.so.6 "$kernel/"
		perl -0777 -pe 's{/lib64/ld-linux-x86-64\.so\.2\0}{pack "a28", "ld.so"}e' "$root/usr/bin/linux.uml" >"$kernel/new"
		chmod +x "$kernel/new"
		mv "$kernel/new" "$kernel/linux.uml"
	) 9>"$cache/lock" || exit
	linux=(env "LD_LIBRARY_PATH=$kernel" ./linux.uml)
	linux_folder=$kernel
	module_folder=$root/usr/lib/uml/modules/$(cd "$kernel" && "${linux[@]}" --version) || exit
	prepare_user_mode
}

prepare_user_mode() {
	release=${module_folder##*/}
	[ -f "$module_folder/modules.dep" ] || die "no modules in $module_folder: install the package user-mode-linux again"
	{
		setting release "$release"
		setting module_folder "$module_folder"
		setting first_modules "$(load_order "$module_folder" overlay)"
		setting work "$work"
		setting out "$out"
	} >>"$work/settings"
	memory_folder=$(find_memory_folder) || die "no folder with $memory MiB of room for the guest's memory"
}

# The guest's memory is a file that is mapped executable: a container's /dev/shm may be too small for it, or not allow
# that.
find_memory_folder() {
	local candidate
	for candidate in /dev/shm "$work"; do
		[ -w "$candidate" ] || continue
		[ "$(df --output=avail -k "$candidate" | tail -n 1)" -ge $((memory * 1024)) ] || continue
		case ,$(findmnt -n -o OPTIONS --target "$candidate"), in *,noexec,*) continue ;; esac
		echo "$candidate"
		return 0
	done
	return 1
}

start_uml-next() {
	start_uml
}

# The initcalls that are left out, and the 256 old terminals, are two seconds of waiting. HOME: where it keeps its
# process id.
start_uml() {
	export HOME=$work TMPDIR=$memory_folder
	cd "$linux_folder" || exit
	exec setpriv --pdeathsig TERM "${linux[@]}" mem="${memory}M" rootfstype=hostfs rootflags=/ ro quiet init="$work/uml.sh" \
		lpj=6000000 pty.legacy_count=0 \
		initcall_blacklist=raid6_select_algo,calibrate_xor_blocks,init_zswap,init_jfs_fs,init_xfs_fs,init_btrfs_fs \
		con=null con0=null,fd:3 con1=null,fd:4 con2=null,fd:5 con3=null,fd:6 ssl=null 3> >(cat >"$work/console")
}

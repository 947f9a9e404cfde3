# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154,SC2034 # variables pass between lab.sh and what it sources
# Sourced by lab.sh: user-mode Linux, a kernel that is a process of this machine.

prepare_uml() {
	need linux.uml user-mode-linux
	release=$(linux.uml --version)
	module_folder=/usr/lib/uml/modules/$release
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

# The initcalls that are left out, and the 256 old terminals, are two seconds of waiting. HOME: where it keeps its
# process id.
start_uml() {
	export HOME=$work TMPDIR=$memory_folder
	exec setpriv --pdeathsig TERM linux.uml mem="${memory}M" rootfstype=hostfs rootflags=/ ro quiet init="$work/uml.sh" \
		lpj=6000000 pty.legacy_count=0 \
		initcall_blacklist=raid6_select_algo,calibrate_xor_blocks,init_zswap,init_jfs_fs,init_xfs_fs,init_btrfs_fs \
		con=null con0=null,fd:3 con1=null,fd:4 con2=null,fd:5 con3=null,fd:6 ssl=null 3> >(cat >"$work/console")
}

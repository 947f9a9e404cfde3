# SPDX-License-Identifier: MIT
# Sourced by the other scripts, with the project's root as working folder.

say() {
	printf '\n== %s\n' "$*"
}

# Installs those of the named Debian packages that are missing.
install_packages() {
	missing=
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	say "installing$missing"
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get -q update
	# shellcheck disable=SC2086 # a list, and sudo may be nothing
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends install $missing
}

# What building takes, and no more.
# shellcheck disable=SC2034 # used by those who source this
build_packages="gcc libc6-dev meson ninja-build pkg-config libssl-dev libcjson-dev openssl python3"

#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches the source of a Debian package, of the release that this machine runs or of another: the files of one version,
# into a folder that is new and theirs alone. Prints the version.
#
#     scripts/debian_source.sh PACKAGE FOLDER [RELEASE]
#
# A mirror's index may name a version whose files it has no more, or has not yet. So the version that is installed is
# tried first, then what else the index names, from the newest on. apt itself fetches, from the mirrors that this machine
# uses, with indexes of its own, and so checks signatures and sums.
# Exit status 3: the mirror has none.
set -eu

package=$1
folder=$2
# shellcheck disable=SC1091 # of the machine
own=$(. /etc/os-release && echo "$VERSION_CODENAME")
release=${3:-$own}

none() {
	echo "debian_source.sh: no source of $package to be had: $*" >&2
	exit 3
}

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(dirname "$folder")/.$package.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$work/lists/partial" "$work/archives/partial"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
option=
[ ! -f "$keyring" ] || option="[signed-by=$keyring] "
# shellcheck disable=SC2016 # apt's own variables
apt-get indextargets --format "deb-src $option"'$(REPO_URI) $(CODENAME) main' 'Created-By: Packages' 'Origin: Debian' \
	'Component: main' | sort -u | sed "s, $own main\$, $release main," |
	grep -E " $release(-[a-z-]+)? main\$" >"$work/sources.list" ||
	none "apt knows no mirror of Debian $release: add one to its sources, and run apt-get update"

# apart COMMAND...: apt-get or apt-cache with lists of its own, so that any user can fetch them.
apart() {
	command=$1
	shift
	"$command" -q -q -o Acquire::Retries=3 -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" \
		-o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" "$@"
}

apart apt-get update >&2 || echo 'debian_source.sh: some indexes could not be had (see above)' >&2
installed=$(dpkg-query -W -f '${source:Package} ${source:Version} ${db:Status-Status}\n' |
	sed -n "s/^$package \(.*\) installed\$/\1/p" | sort -u)
named=$(apart apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -u -r -V)
[ -n "$named" ] || none "no index of the mirror's names it (see above)"

tried=
for version in $installed $named; do
	case " $tried " in *" $version "*) continue ;; esac
	echo "$named" | grep -qxF "$version" || continue
	tried="$tried $version"
	rm -rf "$work/files"
	mkdir "$work/files"
	if (cd "$work/files" && apart apt-get --download-only source "$package=$version" >&2); then
		rm -rf "$folder"
		mv -T "$work/files" "$folder"
		echo "$version"
		exit
	fi
	echo "debian_source.sh: the mirror names $package $version, but does not have it: looking for another" >&2
done
none "of what the mirror's indexes name, it has the files of none:$tried (see above). It may be in the middle of an update: try again later"

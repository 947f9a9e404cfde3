#!/bin/sh
# SPDX-License-Identifier: MIT
# All C of the tree stands as .clang-format says: format.sh CLANG-FORMAT ROOT
set -eu
cd "$2"
{ git ls-files '*.c' '*.h' 2>/dev/null || find . -name build\* -prune -o -name '*.[ch]' -print; } |
	xargs "$1" --dry-run -Werror

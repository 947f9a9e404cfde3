#!/bin/sh
# SPDX-License-Identifier: MIT
# headers.sh DIR c|c++ COMPILER...: every public header compiles alone, strictly, in that language.
dir=$1 lang=$2
shift 2
case $lang in
c) std=c11 ;;
c++) std=c++17 ;;
esac
failed=0 n=0
for header in "$dir"/*/*.h; do
	n=$((n + 1))
	name=${header#"$dir"/}
	if printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" |
		"$@" -std=$std -pedantic-errors -Wall -Wextra -Werror -fsyntax-only -I "$dir" -x "$lang" -; then
		echo "ok $n - $name as $std"
	else
		echo "not ok $n - $name as $std"
		failed=1
	fi
done
echo "1..$n"
[ $n -gt 0 ] && exit $failed

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what the engine may call: symbols.py NM [--must-find NAME,...] ARCHIVE...

What an archive leaves undefined must be defined by itself or one before it, or be in the list below: memory, strings,
formatting into memory, and the compiler's own runtime. No socket, clock, random, file. With --must-find the archives
must break the rule by just these names: that is how the test is tested."""

import re
import subprocess
import sys

ALLOWED = re.compile(
    r"""(mem\w+ | bcmp | str\w+ | malloc | calloc | realloc | free | v?snprintf
    | __(mem|str)\w+_chk | __v?snprintf_chk | __isoc23_str\w+  # glibc's checked and newer variants
    | __stack_chk_(fail|guard)(_local)? | _GLOBAL_OFFSET_TABLE_ | __(aeabi|gnu|atomic)_\w+
    | __(u?(div|mod|divmod)|mul|[al]sh[lr]|lshr|u?cmp|fix\w*|float\w*|clz|ctz|bswap|popcount)\w*[sdtx][fi]\d?
    | ___?(asan|ubsan|sanitizer|sancov|tsan|msan|hwasan|gcov|llvm|(start|stop)_(__sancov|asan))\w*)""",
    re.X,
)


def symbols(nm, archive):
    """The defined and the undefined symbols of an archive."""
    text = subprocess.run([nm, archive], check=True, capture_output=True, text=True).stdout
    defined, undefined = set(), set()
    for kind, name in re.findall(r"^[0-9a-fA-F ]* ([A-Za-z]) (\S+)$", text, re.M):
        (undefined if kind in "UwW" and kind != "W" else defined).add(name)
    return defined, undefined


def main():
    nm, *args = sys.argv[1:]
    expected = set()
    if args[0] == "--must-find":
        expected = set(args[1].split(","))
        args = args[2:]
    known, found, count = set(), set(), 0
    for archive in args:
        defined, undefined = symbols(nm, archive)
        assert defined, f"{archive} defines nothing: wrong file?"
        known |= defined
        count += len(undefined - known)
        for name in sorted(undefined - known):
            if not ALLOWED.fullmatch(name):
                found.add(name)
                print(f"{archive} calls {name}")
    print(f"{len(args)} archives, {count} symbols from outside, {len(found)} of them not allowed")
    return 0 if found == expected else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What librtmp.so.1 exports, name by name, with types and sizes: exports.py SYMBOLS LIBRARY

SYMBOLS was written down from Debian's library, and is held to that where it is installed, or unpacked in LIBRTMP_DEV."""

import os
import pathlib
import re
import subprocess
import sys

import tap

SYMBOL = re.compile(r"^ *\d+: [0-9a-f]+ +(\S+) (\w+) +(\w+) +(\w+) +(\w+) +(\S+)", re.M)

def readelf(*args):
    return subprocess.run(["readelf", "-W", *args], check=True, capture_output=True, text=True, env={"LC_ALL": "C"}).stdout


def exported(library):
    """By name: the kind, and for variables the size. A name with a version keeps it."""
    found = {}
    for size, kind, binding, visibility, section, name in SYMBOL.findall(readelf("--dyn-syms", library)):
        if section != "UND" and binding != "LOCAL":
            found[name] = (kind, int(size, 0) if kind == "OBJECT" else None, binding, visibility)
    return found


def listed(path, bits):
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, name, *sizes = line.split() if not line.startswith("#") else ("", "")
        if kind:
            found[name] = (kind, int(sizes[bits == 32]) if sizes else None, "GLOBAL", "DEFAULT")
    return found


def differences(wanted, found):
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} is one too many"
        elif wanted[name] != found[name]:
            yield f"{name} is {found[name]}, not {wanted[name]}"


def bits_of(library):
    return 64 if "ELF64" in readelf("-h", library) else 32


def compare(symbols, library, whose):
    wanted, found = listed(symbols, bits_of(library)), exported(library)
    wrong = list(differences(wanted, found))
    functions = sum(kind == "FUNC" for kind, *_ in found.values())
    tap.tell(not wrong, f"{whose}: {functions} functions and {len(found) - functions} variables", *wrong)


def dynamic(library):
    text = readelf("-d", library)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    tap.tell("Library soname: [librtmp.so.1]" in text, "its name")
    tap.tell(not any("sluice" in name for name in needed), "all of Sluice is inside", *needed)
    tap.tell("SYMBOLIC" not in text, "its variables are found where the program has them", text)
    tap.tell(re.search(r"FLAGS_1\).*NODELETE", text), "it is never unloaded", text)
    tap.tell("(VERDEF)" not in text, "its symbols have no versions", text)


def debians():
    """Where Debian's own is, if anywhere: of this machine's processor."""
    root = pathlib.Path(os.environ.get("LIBRTMP_DEV", "/"))
    found = sorted(root.glob("usr/lib/*/librtmp.so.1"))
    return next((path for path in found if "GNUTLS" in readelf("-V", path) or "gnutls" in readelf("-d", path)), None)


def main():
    symbols, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    compare(symbols, library, "ours")
    dynamic(library)
    theirs = debians()
    if theirs:
        compare(symbols, theirs, "Debian's")
    else:
        tap.tell(True, "Debian's # SKIP librtmp1 is not installed")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

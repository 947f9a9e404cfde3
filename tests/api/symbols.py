#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""symbols.py HEADERS_DIR MAP LIBRARY: the library exports what the headers declare, and the map lists, no more and no
less; and all of it is named slu_*."""
import pathlib
import re
import subprocess
import sys


def declared(folder):
    names = set()
    for path in sorted(pathlib.Path(folder).glob("*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        text = re.sub(r"^\s*#(.*\\\n)*.*$", "", text, flags=re.M)
        names.update(re.findall(r"\b(\w+)\s*\([^*]", text))
    return {n for n in names if n.startswith("slu_")}


def listed(path):
    text = re.sub(r"/\*.*?\*/", "", pathlib.Path(path).read_text(), flags=re.S)
    return set(re.findall(r"\b(slu_\w+);", text))


def exported(path):
    out = subprocess.run(["nm", "-D", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    symbols = (line.split() for line in out.splitlines())
    return {s[-1].split("@")[0] for s in symbols if s[-2] != "A"}


def main():
    headers, in_map, in_lib = declared(sys.argv[1]), listed(sys.argv[2]), exported(sys.argv[3])
    checks = [
        ("the headers declare functions", [] if headers else ["none found"]),
        ("all that is declared is in the map", headers - in_map),
        ("all that is in the map is declared", in_map - headers),
        ("all that is in the map is exported", in_map - in_lib),
        ("all that is exported is in the map", in_lib - in_map),
    ]
    print(f"1..{len(checks)}")
    for n, (what, wrong) in enumerate(checks, 1):
        print(f"{'not ok' if wrong else 'ok'} {n} - {what}{': ' if wrong else ''}{' '.join(sorted(wrong))}")
    return any(wrong for _, wrong in checks)


if __name__ == "__main__":
    sys.exit(main())

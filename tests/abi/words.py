#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each option of the command that a sentence of the library advises has another word in the drop-in: words.py ROOT

The server's sentences are its own: the drop-in has no part of it."""

import pathlib
import re
import sys

TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
OPTION = re.compile(r"--[a-z][a-z-]*[a-z]")


def options(text):
    return {option for string in TEXT.findall(text) for option in OPTION.findall(string)}


def main():
    root = pathlib.Path(sys.argv[1])
    table = (root / "compat" / "librtmp" / "tls_words.c").read_text(encoding="utf-8")
    known = {option for theirs in re.findall(r'\{"([^"]*)"', table) for option in OPTION.findall(theirs)}
    said = {}
    for file in sorted((root / "src").rglob("*.c")):
        if file.is_relative_to(root / "src" / "server"):
            continue
        for option in options(file.read_text(encoding="utf-8")):
            said.setdefault(option, file.relative_to(root))
    print("1..2")
    missing = sorted(f"{option} in {file}" for option, file in said.items() if option not in known)
    print("not ok" if missing or len(said) < 10 else "ok", f"1 - {len(said)} options have their words", *missing)
    unused = sorted(known - said.keys())
    print("not ok" if unused else "ok", "2 - no words but for these", *unused)
    return bool(missing or unused)


if __name__ == "__main__":
    sys.exit(main())

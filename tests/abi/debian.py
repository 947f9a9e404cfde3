#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares our librtmp headers with those of Debian's librtmp-dev: debian.py ROOT COMPILER...

layout.h's numbers hold with either, for 64 and 32 bits; both declare the same functions with the same types, and the same
macros; and each constant that Debian's have is in layout.h. LIBRTMP_DEV is where the package is unpacked, unless it is
installed."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import tap

HEADERS = ("rtmp", "amf", "log", "http")
PROGRAM = "#include <stddef.h>\n" + "".join(f"#include <librtmp/{name}.h>\n" for name in HEADERS)
# Data models by compiler options. The C library's headers for 32 bits need not be there: stubs-32.h stands in for them.
MODELS = {"as it is": [], "i386": ["-m32"]}
CLANG = {"armhf": "arm-linux-gnueabihf", "s390x": "s390x-linux-gnu", "riscv64": "riscv64-linux-gnu"}

def run(command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def works(command):
    try:
        return run(command + ["-fsyntax-only", "-x", "c", "-"], "#include <string.h>\n").returncode == 0
    except OSError:
        return False


def layouts(compiler, layout, folders, stubs):
    """layout.c has an assertion for each number, so that it compiles is what counts."""
    more = ["-isystem", str(stubs), "-isystem", "/usr/include", "-isystem", f"/usr/include/{sys.implementation._multiarch}"]
    commands = {model: compiler + options + (more if options else []) for model, options in MODELS.items()}
    commands.update({model: ["clang", f"--target={target}"] + more for model, target in CLANG.items()})
    for model, command in commands.items():
        if not works(command):
            tap.tell(True, f"layout, {model} # SKIP {command[0]} cannot compile for it here")
            continue
        for who, folder in folders.items():
            made = run(command + ["-std=c11", "-fsyntax-only", "-I", str(folder), str(layout)])
            tap.tell(made.returncode == 0, f"layout, {model}, {who}", *made.stderr.splitlines()[:9])


def prototypes(folder, scratch):
    """The functions that the headers declare, as gcc writes them down, by name. Other compilers do not."""
    into = scratch / "prototypes"
    made = run(["gcc", "-fsyntax-only", "-aux-info", str(into), "-I", str(folder), "-x", "c", "-"], PROGRAM)
    if made.returncode or not into.exists():
        return {}
    lines = re.findall(r"^/\* (.*?):\d+:.*? \*/ (.*)$", into.read_text(encoding="utf-8"), re.M)
    into.unlink()
    found = [line for file, line in lines if "/librtmp/" in file]
    return {re.search(r"(\w+) \(", line)[1]: line for line in found}


def macros(compiler, folder):
    """Name to definition, of those macros that the headers add."""

    def all_of(text):
        made = run(compiler + ["-dM", "-E", "-I", str(folder), "-x", "c", "-"], text)
        return dict(re.findall(r"^#define (\w+(?:\(.*?\))?)[ \t]*(.*)$", made.stdout, re.M))

    common = "#include <errno.h>\n#include <stdint.h>\n#include <stddef.h>\n#include <stdio.h>\n#include <stdarg.h>\n#include <string.h>\n"
    before = all_of(common)
    return {name: value for name, value in all_of(common + PROGRAM).items() if name not in before}


def enumerators(compiler, folder):
    made = run(compiler + ["-E", "-P", "-I", str(folder), "-x", "c", "-"], PROGRAM)
    bodies = re.findall(r"enum\s*\w*\s*\{(.*?)\}", made.stdout, re.S)
    names = {name for body in bodies for name in re.findall(r"\b([A-Z]\w+)\b", body)}
    return {name for name in names if re.match(r"AMF|RTMP|HTTP", name)}


def bare(name):
    return name.split("(")[0]


def headers():
    """Where Debian's are, or None."""
    folder = pathlib.Path(os.environ.get("LIBRTMP_DEV", "/")) / "usr" / "include"
    return folder if (folder / "librtmp" / "rtmp.h").exists() else None


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]
    debian, ours = headers(), root / "compat" / "librtmp" / "include"
    if not debian:
        print("1..0 # SKIP librtmp-dev is not installed")
        return 0
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        (scratch / "gnu").mkdir()
        for stub in ("stubs-32.h", "stubs-lp64.h", "stubs-hard.h"):
            (scratch / "gnu" / stub).touch()
        layouts(compiler, root / "tests" / "abi" / "layout.c", {"Debian's": debian, "ours": ours}, scratch)
        theirs, own = (prototypes(folder, scratch) if shutil.which("gcc") else {} for folder in (debian, ours))
    if shutil.which("gcc"):
        differing = [f"{theirs.get(k)} / {own.get(k)}" for k in theirs.keys() | own.keys() if theirs.get(k) != own.get(k)]
        tap.tell(len(theirs) > 100 and not differing, f"{len(theirs)} functions with their types", *differing)
    else:
        tap.tell(True, "functions with their types # SKIP gcc is not installed")
    theirs, own = macros(compiler, debian), macros(compiler, ours)
    guards = {name for name in theirs if re.fullmatch(r"__\w+_H__", name)}
    missing = {bare(n) for n in theirs} - {bare(n) for n in guards} - {bare(n) for n in own}
    tap.tell(len(theirs) > 60 and not missing, f"{len(theirs)} macros", *sorted(missing))
    more = {bare(n) for n in own} - {bare(n) for n in theirs}
    extra = {n for n in more if not n.startswith("LIBRTMP_")}
    tap.tell(not extra, "none but ours in their own name space", *sorted(extra))
    listed = set(re.findall(r"^VALUE\((\w+),", (root / "tests" / "abi" / "layout.h").read_text(encoding="utf-8"), re.M))
    constants = {n for n, value in theirs.items() if value and "(" not in n} | enumerators(compiler, debian)
    tap.tell(len(constants) > 90 and constants <= listed, f"{len(constants)} constants are in layout.h", *sorted(constants - listed))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Asks abidiff what of librtmp.so.1's interface differs from Debian's: abidiff.py ROOT LIBRARY COMPILER...

Debian's library has no debugging information, so that only its symbols can be compared. For the types of functions and
variables, and all that these reach, a library is made of Debian's headers, with functions that do nothing, and one of ours.
What may differ is in abidiff.ini, and why. LIBRTMP_DEV is where the packages are unpacked, unless they are installed."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import debian
import exports
import tap

VARIABLES = """const char RTMPProtocolStringsLower[9][7] = {{0}};
const AVal RTMP_DefaultFlashVer;
RTMP_LogLevel RTMP_debuglevel;
int RTMP_ctrlC;
"""


def reference(compiler, folder, names, scratch, name, *options):
    """A library of what these headers declare and Debian's exports."""
    into, source, library = scratch / "prototypes", scratch / f"{name}.c", scratch / f"{name}.so"
    command = [*compiler, *options, "-I", str(folder), "-x", "c"]
    debian.run([*command, "-fsyntax-only", "-aux-info", str(into), "-"], debian.PROGRAM)
    lines = re.findall(r"^/\* (.*?):\d+:.*? \*/ extern (.*);$", into.read_text(encoding="utf-8"), re.M)
    functions = [line for file, line in lines if "/librtmp/" in file and re.search(r"(\w+) \(", line)[1] in names]
    text = "#include <sys/socket.h>\n" + debian.PROGRAM + "".join(f"{line} {{ __builtin_trap(); }}\n" for line in functions) + VARIABLES
    source.write_text(text, encoding="utf-8")
    made = debian.run([*command, "-std=gnu2x", "-w", "-g", "-shared", "-fPIC", "-Wl,-soname,librtmp.so.1", "-o",
                       str(library), str(source)])
    tap.tell(made.returncode == 0 and len(functions) > 100, f"a library of {len(functions)} functions: {name}", made.stderr)
    return library


def differences(old, new, *options):
    """What abidiff says, or nothing."""
    done = debian.run(["abidiff", "--harmless", *options, str(old), str(new)])
    return done.stdout.splitlines() + done.stderr.splitlines() if done.returncode else []


def with_types(compiler, root, library):
    """Ours once more, with debugging information whatever the build has. What it takes of Sluice stays undefined."""
    folder = root / "compat" / "librtmp"
    made = debian.run([*compiler, "-std=c11", "-w", "-g", "-shared", "-fPIC", "-D_GNU_SOURCE",
                       *(f"-I{path}" for path in (folder / "include", folder, root / "include", root / "src")),
                       f"-Wl,--version-script={folder / 'librtmp.map'}", "-Wl,-soname,librtmp.so.1", "-o", str(library),
                       *map(str, sorted(folder.glob("*.c")))])
    tap.tell(made.returncode == 0, "ours with its types", *made.stderr.splitlines()[:9])
    return library


def main():
    root, library, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    headers, theirs = debian.headers(), exports.debians()
    if not shutil.which("abidiff") or "gcc" not in compiler[-1] or not headers or not theirs:
        print("1..0 # SKIP abidiff (abigail-tools), gcc, librtmp-dev or librtmp1 is missing")
        return 0
    names = exports.listed(root / "tests" / "abi" / "symbols.txt", 64).keys()
    explained = ["--suppressions", str(root / "tests" / "abi" / "abidiff.ini")]
    wrong = differences(theirs, library, "--no-added-syms")
    tap.tell(not wrong, "the symbols of Debian's library", *wrong)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        their = reference(compiler, headers, names, scratch, "Debian's headers")
        own = reference(compiler, root / "compat" / "librtmp" / "include", names, scratch, "our headers")
        other = reference(compiler, headers, names, scratch, "another configuration", "-DNO_CRYPTO")
        wrong = differences(their, own)
        tap.tell(not wrong, "the types of both headers", *wrong)
        tap.tell(differences(their, other), "a structure of another size is found")
        typed = with_types(compiler, root, scratch / "ours.so")
        wrong = differences(their, typed, *explained)
        tap.tell(not wrong, "the types of the library", *wrong)
        tap.tell(differences(their, typed), "what is explained is a difference")
        tap.tell(differences(other, typed, *explained), "a structure of another size is found in it")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

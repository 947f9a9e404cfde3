#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One conversation, with Debian's librtmp and with ours at either end: talk.py TALK OUR_LIBRARY

talk is linked with librtmp.so.1; which one it gets is the loader's to find. A server sees and says the same with
either library. A client sees the same, and its server sees of it what is in OURS and DEBIANS else."""

import os
import pathlib
import re
import subprocess
import sys

import tap

MODES = ("play", "publish", "chunks", "call", "part", "live", "again", "by-hand", "early", "hurry", "closed")
# Debian's makes a stream for each createStream that was ever sent, and asks each to play, and leaves before all of it has
# come. Ours makes one.
ONE_STREAM = ("by-hand", "early")
# What only our clients send: larger chunks, and the end of a stream by its name; what only Debian's do: a buffer's
# length before there is a stream.
OURS = (r"got type 1 stream 0 time 0 size 4 00 01 00 00", r"got type 20 stream 1 time 0 size 24 sum c8b6e5df", r"command closeStream")
DEBIANS = (r"got type 4 stream 0 time 0 size 10 00 03 00 00 00 00 00 00 01 2c",)
# Debian's numbers commands that have no answer, 29 pause, 26 seek, 34 deleteStream, where the specification has 0; so what
# follows, 25 createStream and 32 play, has other numbers. And its set_playlist, 42, says that one entry is three.
NUMBERED = r"(got type 20 .* size (?:29|26|34|25|32|42) sum) \w+"
# The first chunk of a message has as short a header as its server makes.
FIRST = r"(chunk of type \d+: header) [012]"

def environment(library):
    """One that has the loader find this library first; what is in it under another name is not looked at."""
    return {**os.environ, "LD_LIBRARY_PATH": str(library)}


def talk(program, server, client, mode):
    """What each printed."""
    with subprocess.Popen([program, "serve"], env=environment(server), stdout=subprocess.PIPE, text=True) as one:
        try:
            port = one.stdout.readline().strip()
            other = subprocess.run(
                [program, mode, port], env=environment(client), stdout=subprocess.PIPE, text=True, timeout=60, check=False
            )
            heard, _ = one.communicate(timeout=60)
        finally:
            one.kill()
    return heard + f"exit {one.returncode}\n", other.stdout + f"exit {other.returncode}\n"


def library_of(program, library):
    made = subprocess.run(["ldd", program], env=environment(library), capture_output=True, text=True, check=False)
    found = re.search(r"librtmp\.so\.1 => (\S+)", made.stdout)
    return pathlib.Path(found[1]).resolve() if found else None


def debians():
    for folder in ("/usr/lib", "/lib"):
        for file in pathlib.Path(folder).glob("*/librtmp.so.1"):
            return file.parent
    return None


def without(text, lines):
    return [re.sub(NUMBERED, r"\1", line) for line in text.splitlines() if not any(re.fullmatch(l, line) for l in lines)]


def compare(name, one, other):
    one, other = ([re.sub(FIRST, r"\1 first", line) for line in lines] for lines in (one, other))
    notes = [f"{a!r} / {b!r}" for a, b in zip(one, other) if a != b][:5] + [f"{len(one)} / {len(other)} lines"]
    tap.tell(one == other and len(one) > 3, name, *notes)


def main():
    program, ours, debian = sys.argv[1], pathlib.Path(sys.argv[2]).parent, debians()
    if not debian:
        print("1..0 # SKIP Debian's librtmp1 is not installed")
        return 0
    used = {library_of(program, ours), library_of(program, debian)}
    tap.tell(len(used) == 2 and None not in used, "two libraries", *map(str, used))
    for mode in MODES:
        heard, seen = {}, {}
        for s, server in (("ours", ours), ("Debian's", debian)):
            for c, client in (("ours", ours), ("Debian's", debian)):
                heard[s, c], seen[s, c] = talk(program, server, client, mode)
        for c in ("ours", "Debian's") if mode not in ONE_STREAM else ():
            compare(f"{mode}: servers hear {c}", heard["ours", c].splitlines(), heard["Debian's", c].splitlines())
            compare(f"{mode}: {c} sees servers", seen["ours", c].splitlines(), seen["Debian's", c].splitlines())
        compare(f"{mode}: clients see", seen["Debian's", "ours"].splitlines(), seen["Debian's", "Debian's"].splitlines())
        # The order of what nobody waits for differs.
        if mode not in ONE_STREAM:
            compare(
                f"{mode}: clients are heard",
                sorted(without(heard["Debian's", "ours"], OURS)),
                sorted(without(heard["Debian's", "Debian's"], DEBIANS)),
            )
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())

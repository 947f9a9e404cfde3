# SPDX-License-Identifier: MIT
"""The Test Anything Protocol, as meson reads it."""

count = failed = 0


def tell(ok, name, *notes):
    global count, failed
    count += 1
    failed += not ok
    print(f"{'ok' if ok else 'not ok'} {count} - {name}")
    for note in notes if not ok else ():
        print("#", note)


def end():
    """The plan, and the exit code."""
    print(f"1..{count}")
    return failed != 0

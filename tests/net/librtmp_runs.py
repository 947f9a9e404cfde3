# SPDX-License-Identifier: MIT
"""Both librtmp.so.1, and a program over either."""

import ctypes.util
import os
import pathlib
import sys

import pytest

import support

PROGRAM = pathlib.Path(__file__).with_name("librtmp_program.py")


@pytest.fixture(scope="module")
def ours(sluice_path):
    build = pathlib.Path(os.environ.get("SLUICE_BUILD") or pathlib.Path(sluice_path).parent.parent)
    library = build / "compat" / "librtmp" / "librtmp.so.1"
    if not library.exists() or sys.maxsize < 2**32:
        pytest.skip("no librtmp.so.1 of ours for this Python")
    if support.sanitized(library):
        pytest.skip("Python does not load a library with AddressSanitizer")
    return library


@pytest.fixture(scope="module")
def debians():
    library = ctypes.util.find_library("rtmp")
    if not library:
        pytest.skip("Debian's librtmp.so.1 is not installed")
    return library


def run(library, *args, env=None, timeout=60):
    with support.Process([sys.executable, PROGRAM, library, *args], env=env) as process:
        return process.wait(timeout)

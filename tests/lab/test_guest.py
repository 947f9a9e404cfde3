# SPDX-License-Identifier: MIT
"""Runs guest/, whose tests need another kernel than this machine's, in user-mode Linux; and those of them that are
marked as emulated on an emulated PC, which has a crypto device and no AES instructions."""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
FILES = sorted(path.name for path in (HERE / "guest").glob("test_*.py"))
EMULATED = [name for name in FILES if "pytest.mark.emulated" in (HERE / "guest" / name).read_text()]

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64", reason="Debian has user-mode Linux for PCs only, and the PC runs this machine's programs")


@pytest.fixture(scope="session")
def foreign():
    """OpenSSL's own engine. Its source comes from the network, which the guest has not."""
    done = subprocess.run([HERE / "foreign.sh"], stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    return done.stdout.strip()


def in_guest(options, name, marks, sluice, module):
    settings = [f"SLUICE={sluice}", f"SLUICE_FOREIGN={module}"]
    pytest_ = ["/usr/bin/python3", "-m", "pytest", "-q", "-rs", "--tb=short", "-p", "no:cacheprovider", *marks, HERE / "guest" / name]
    done = subprocess.run(
        [HERE / "lab.sh", *options, "-d", HERE.parents[1], "env", *settings, *pytest_],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=700,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.parametrize("name", FILES)
def test_in_user_mode_linux(name, sluice_path, foreign):
    in_guest(["-b", "uml", "-t", "300"], name, ["-m", "not emulated"], sluice_path, foreign)


@pytest.mark.parametrize("name", EMULATED)
def test_in_an_emulated_machine(name, sluice_path, foreign):
    in_guest(["-b", "x86", "-H", "-t", "300"], name, ["-m", "emulated"], sluice_path, foreign)

# SPDX-License-Identifier: MIT
"""Fixtures of what runs in the second kernel."""

import pathlib

import pytest

from device import Device


def pytest_configure(config):
    config.addinivalue_line("markers", "emulated: needs the emulated PC, for its crypto device or for 32-bit programs")


@pytest.fixture(scope="session")
def build(sluice_path):
    """The build's programs, those of the lab among them."""
    return pathlib.Path(sluice_path).parent.parent


@pytest.fixture(scope="session")
def cusecrypto(build):
    program = build / "tests/lab/cusecrypto"
    if not program.exists():
        pytest.skip("this build has no cusecrypto: it needs libfuse 3.12 and OpenSSL 3.0")
    return program


@pytest.fixture
def device(cusecrypto):
    """device(*faults, name=, passing=) starts one; all end with the test."""
    started = []

    def start(*faults, **options):
        started.append(Device(cusecrypto, *faults, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()

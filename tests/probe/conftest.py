# SPDX-License-Identifier: MIT
"""TLS servers of others, running."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import servers  # noqa: E402


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for path in (folder, *folder.parents[:1]):
        path.chmod(0o755)
    try:
        return servers.Certificates(folder)
    except FileNotFoundError as missing:
        pytest.skip(f"{missing.filename} is not installed")


@pytest.fixture(scope="module")
def running(request, keys, tmp_path_factory):
    """(configuration, server), by indirect parametrization."""
    try:
        server = request.param.start(tmp_path_factory.mktemp("server"), keys)
    except servers.Missing as missing:
        pytest.skip(f"{missing} is not installed")
    yield request.param, server
    server.stop()

# SPDX-License-Identifier: MIT
"""TLS servers of others, running, and what is seen of them."""
import concurrent.futures
import contextlib
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


def start_and_look(configuration, look, folder, keys):
    """A server, and what is seen of it, or the program that is missing."""
    server = configuration.start(folder, keys)
    try:
        return server, look(server, keys)
    except servers.Missing as missing:
        return server, missing
    except BaseException:
        server.stop()
        raise


@pytest.fixture(scope="module")
def looks(request, keys, tmp_path_factory):
    """What start_and_look() will have returned, by the name of each configuration that the module's tests are about.
    A few go on at a time, for they wait a lot: so the module's tests of one go on beside the looks at the next ones."""
    look = request.getfixturevalue("look")
    wanted = {item.callspec.params["running"].name: item.callspec.params["running"] for item in request.session.items
              if item.module is request.module and "running" in item.callspec.params}
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        under_way = {name: pool.submit(start_and_look, configuration, look, tmp_path_factory.mktemp("server"), keys)
                     for name, configuration in wanted.items()}
        yield under_way
        pool.shutdown(cancel_futures=True)
    for future in under_way.values():
        with contextlib.suppress(Exception, concurrent.futures.CancelledError):
            future.result()[0].stop()


@pytest.fixture(scope="module")
def running(request, looks):
    """(configuration, server), by indirect parametrization. Nothing looks at it any more."""
    try:
        server, _ = looks[request.param.name].result()
    except servers.Missing as missing:
        pytest.skip(f"{missing} is not installed")
    yield request.param, server
    server.stop()


@pytest.fixture(scope="module")
def seen(running, looks):
    """What the module's look() returned."""
    _, found = looks[running[0].name].result()
    if isinstance(found, servers.Missing):
        pytest.skip(f"{found} is not installed")
    return found

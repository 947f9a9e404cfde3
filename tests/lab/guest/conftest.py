# SPDX-License-Identifier: MIT
"""Fixtures of what runs in the second kernel."""

import os
import pathlib

import pytest

import pushing
from device import Device

import flv  # of tests/net: pushing knows where that is
import nginx  # of tests/interop


def pytest_configure(config):
    config.addinivalue_line("markers", "emulated: needs the emulated PC, for its crypto device or for 32-bit programs")
    config.addinivalue_line("markers", "both_kernels: runs in the kernel of Debian's next release, too")
    config.addinivalue_line("markers", "module: not for the engine that is built into OpenSSL 1.1.1")


@pytest.fixture(scope="session")
def build(sluice_path):
    """The build's programs, those of the lab among them."""
    return pathlib.Path(sluice_path).parent.parent


@pytest.fixture(scope="session")
def cusecrypto(build):
    """SLUICE_CUSECRYPTO names that of another build, for one that cannot have it."""
    program = pathlib.Path(os.environ.get("SLUICE_CUSECRYPTO", build / "tests/lab/cusecrypto"))
    if not program.exists():
        pytest.skip("this build has no cusecrypto: it needs libfuse 3.12 and OpenSSL 3.0")
    return program


@pytest.fixture
def device(cusecrypto, sluice):
    """device(*faults, name=, passing=) starts one; all end with the test, and before the command: where they hang, that
    does not end before them."""
    started = []

    def start(*faults, **options):
        started.append(Device(cusecrypto, *faults, **options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return pushing.make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def long_flv(tmp_path_factory):
    """Some 3 MB: two hundred full records."""
    path = tmp_path_factory.mktemp("flv") / "long.flv"
    path.write_bytes(flv.flv(flv.frames(280, size=12000)))
    return path


@pytest.fixture(scope="session")
def short_flv(tmp_path_factory):
    """Some thirty full records."""
    path = tmp_path_factory.mktemp("flv") / "short.flv"
    path.write_bytes(flv.flv(flv.frames(42, size=12000)))
    return path


@pytest.fixture
def serve_suite(certificate, tmp_path):
    """serve_suite(suite): a server that takes this one."""
    servers = []

    def start(suite):
        servers.append(pushing.Server(tmp_path / f"nginx{len(servers)}", certificate, suite))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def plain_nginx(certificate, tmp_path_factory):
    """One for all who bring their own TLS server."""
    server = nginx.Nginx(tmp_path_factory.mktemp("plain") / "nginx", *certificate)
    yield server
    server.stop()


@pytest.fixture
def push_to_openssl(sluice, certificate, plain_nginx, short_flv):
    """push_to_openssl(suite, **settings): a whole push through the device to `openssl s_server`."""
    servers = []

    def push(suite, **settings):
        servers.append(pushing.OpensslServer(plain_nginx, certificate, suite))
        options = ["--tls-offload", pushing.option(**settings)]
        return pushing.Push(sluice, servers[-1], short_flv, *options).wait()

    yield push
    for server in servers:
        server.stop()


@pytest.fixture
def begin_push(sluice, serve_suite, long_flv):
    """begin_push(suite, **settings): a push through the device, to a server of its own."""

    def begin(suite, **settings):
        return pushing.Push(sluice, serve_suite(suite), long_flv, "--tls-offload", pushing.option(**settings))

    return begin


@pytest.fixture
def push(begin_push):
    """The same to its end, which must be a good one, with what was stored identical."""
    return lambda suite, **settings: begin_push(suite, **settings).wait()

# SPDX-License-Identifier: MIT
"""What rtmpsrv's options change."""
import os
import re
import shlex
import ssl
import subprocess

import pytest

import peers
import stubs
import support
from stubs import URL, ask, asks


def test_device_and_port(sluice, tmp_path):
    program = stubs.beside(sluice, "rtmpsrv")
    with support.Process([program, "--device", "127.0.0.2", "--sport", "0"], cwd=tmp_path) as stub:
        port = int(stub.expect(r"Streaming on rtmp://127\.0\.0\.2:(\d+)\n")[1])
        with peers.Client("127.0.0.2", port) as client:
            ask(client, **URL)
        with support.Process([program, "-D", "127.0.0.2", "-g", str(port)]) as second:
            result = second.wait(20)
        assert result.code == 1 and "ERROR: Failed to start RTMP server, exiting!" in result.err
        assert "something listens there already" in result.err
    with support.Process([program, "-D", "::1", "-g", "0"], cwd=tmp_path) as stub:
        stub.expect(r"Streaming on rtmp://\[::1\]:\d+\n")


def test_tls(sluice, srv, certificates):
    stub = srv("-c", certificates / "good.pem", "-k", certificates / "good.key")
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    with stub.client(tls=context) as client:
        ask(client, **URL)
    assert stub.line() == 'rtmpdump -r "rtmp://h/live" -a "live" -y "foo" -o foo.flv'
    result = sluice.run("pull", "--ca-file", certificates / "ca.pem", stub.url("live/other", "rtmps"), os.devnull)
    assert f'rtmpdump -r "{stub.url("live", "rtmps")}" -a "live"' in stub.lines()[-1], result.err
    with stub.client() as client:
        client.send(b"\x03" + bytes(1536))
        assert client.ended(20)
    long = srv("--cert", certificates / "good.pem", "--key", certificates / "good.key")
    with long.client(tls=context) as client:
        ask(client, **URL)


def test_ffmpeg_over_tls(srv, certificates):
    stub = srv("-c", certificates / "good.pem", "-k", certificates / "good.key")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", stub.url("live/some", "rtmps"), "-f", "null", "-"],
                   capture_output=True, timeout=60, check=False)
    assert shlex.split(stub.line())[-4:] == ["-y", "some", "-o", "some.flv"]


@pytest.mark.parametrize("options", [
    ["-c", "good.pem"], ["-k", "good.key"], ["-c", "missing.pem", "-k", "good.key"], ["-c", "good.pem", "-k", "expired.key"],
    ["--nonsense"], ["operand"], ["-g"], ["-g", "70000"], ["-D", "no.such.host.invalid"],
])
def test_what_cannot_be(sluice, certificates, options):
    with support.Process([stubs.beside(sluice, "rtmpsrv"), "-D", "127.0.0.1", "-g", "0", *options], cwd=certificates) as stub:
        result = stub.wait(20 * sluice.patience)
    assert result.code == 1 and result.out == b"" and len(result.err.splitlines()) > 2


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(sluice, option):
    with support.Process([stubs.beside(sluice, "rtmpsrv"), option]) as stub:
        result = stub.wait(20)
    assert result.code == 0
    assert set(re.findall(r"--[a-z-]+", result.err)) == {
        "--help", "--device", "--sport", "--cert", "--key", "--run-rtmpdump", "--debug"}


@pytest.mark.parametrize("option", ["-z", "--debug"])
def test_debug(srv, option):
    quiet, verbose = srv(), srv(option)
    for stub in quiet, verbose:
        asks(stub, **URL)
        stub.expect("done!")
    assert "DEBUG: " not in quiet.ends().err
    assert re.search("^DEBUG: .*connect", verbose.ends().err, re.M)

# SPDX-License-Identifier: MIT
"""Clients that mean rtmpsrv no good, and how it ends."""
import concurrent.futures
import signal
import subprocess
import time

import pytest

import rtmp
import support
from attacks import BROKEN, HARMLESS
from stubs import URL, asks


# ---- how it ends ----


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signals(srv, sig):
    stub = srv()
    with stub.client() as client, stub.client() as silent:
        client.handshake()
        client.connect()
        assert stub.stop(sig, 15 * stub.patience).code == 0
        assert client.ended(5) and silent.ended(5)


def test_the_console(srv):
    stub = srv(stdin=subprocess.PIPE)
    stub.process.stdin.write(b"x\x1b\n")
    stub.process.stdin.flush()
    stub.expect("Unknown command 'x', ignoring\n")
    stub.expect(r"Unknown command '\?', ignoring\n")
    asks(stub, **URL)
    stub.process.stdin.write(b"q")
    stub.process.stdin.flush()
    result = stub.wait(15 * stub.patience)
    assert result.code == 0 and "Exiting\n" in result.err
    stub.process.stdin.close()


def test_a_console_that_ends_is_no_command(srv):
    """Debian's takes the end for commands without end, and a whole CPU for them."""
    stub = srv()
    before = stub.cpu()
    time.sleep(1)
    assert stub.cpu() - before < 0.3
    assert "Unknown command" not in stub.text()
    asks(stub, **URL)
    stub.ends()


# ---- attacks ----


@pytest.mark.parametrize("step", ["handshaken", "connected", "created"])
def test_attacks(srv, step):
    stub = srv()

    def attack(data):
        with stub.client() as client:
            client.to(step)
            try:
                client.send(data)
                client.sock.shutdown(1)
            except OSError:
                return
            assert client.ended(20 * stub.patience)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(attack, [*BROKEN.values(), *HARMLESS.values()]))
    asks(stub, **URL)
    result = stub.ends()
    assert b"rtmpdump" in result.out
    if not stub_is_sanitized(stub):
        assert result.resident < 60000


def stub_is_sanitized(stub):
    return support.sanitized(stub.argv[0])


def test_silence(srv):
    """Each is let go in time: those in the handshake and before connect by their deadlines, the others by the one for
    all of it."""
    stub = srv()

    def silent(step):
        with stub.client() as client:
            client.to(step)
            began = time.monotonic()
            assert client.ended(60), step
            return time.monotonic() - began

    before = stub.cpu()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(silent, ["accepted", "c0", "half", "handshaken", "connected", "created"]))
    assert stub.cpu() - before < 2 * stub.patience
    asks(stub, **URL)


def test_more_clients_than_it_takes(srv):
    stub = srv()
    idle = [stub.client() for _ in range(64)]
    stub.expect("Streaming")
    with stub.client() as more:
        assert more.ended(20)
    stub.expect("WARNING: A client was turned away: 64 are connected")
    for client in idle:
        client.sock.close()
    end = time.monotonic() + 20 * stub.patience
    while stub.text().count("done!\n") < 64:
        assert time.monotonic() < end, stub.text()
        time.sleep(0.02)
    asks(stub, **URL)


def test_bytes_for_ever(srv):
    """A client that goes on to send what is of no use, and reads nothing."""
    stub = srv()
    with stub.client(timeout=3) as client:
        client.to("created")
        ping = rtmp.message(rtmp.USER_CONTROL, b"\0\6\0\0\0\1", 2) * 10000
        try:
            for _ in range(400):
                client.send(ping)
        except OSError:
            pass
    if not stub_is_sanitized(stub):
        assert stub.memory()[0] < 60000
    asks(stub, **URL)

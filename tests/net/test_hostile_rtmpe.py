# SPDX-License-Identifier: MIT
"""RTMPE with peers of the tests' own: those that do it right, and those that are hostile or broken in one way."""

import contextlib
import json
import os
import re
import socket
import time

import pytest

import flv
import peers
import rtmp
import rtmpe
from support import CONNECT, LOST, OK, PROTOCOL, REFUSED, UNDELIVERED, USAGE, one_sentence

SIZE = rtmpe.SIZE


# ---- our client ----


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.flv"
    path.write_bytes(flv.flv(flv.frames(2)))
    return path


@pytest.fixture
def push(sluice, source):
    """push(step, action): to a server that does this at this step, and how that ended."""
    sluice.need("push")

    def run(step, action, *options, scheme="rtmpe"):
        with peers.Server(step, action) as server:
            result = sluice.run("push", "--fast", "--reply-timeout", "2", *options, source, server.url(scheme=scheme), "s")
            return result, server.session()

    return run


@pytest.mark.parametrize("bad", rtmpe.BAD_NUMBERS)
def test_a_servers_bad_number(push, bad):
    result, _ = push("c0c1", rtmpe.server(public=rtmpe.BAD_NUMBERS[bad]))
    assert result.code == PROTOCOL
    one_sentence(result, "the server's Diffie-Hellman key of the RTMPE handshake is none that keeps a secret")


def test_a_server_without_digest(push):
    result, _ = push("c0c1", rtmpe.server(digest=False))
    assert result.code == PROTOCOL
    one_sentence(result, "the server's half of the RTMPE handshake carries no digest")


def test_a_server_that_signs_wrong(push):
    result, _ = push("c0c1", rtmpe.server(signature=False))
    assert result.code == PROTOCOL
    one_sentence(result, "RTMPE handshake is not signed")


def test_a_server_that_signs_right(push):
    """Which gets as far as connect, or the tests above and below showed nothing."""
    heard = []

    def act(conn):
        end = rtmpe.End("server")
        conn.send(b"\6" + end.hello + end.answer(conn.c0c1[1:]))
        assert end.check(conn.reader.exactly(SIZE))
        conn.reader = rtmpe.encrypted(conn.reader, end)
        while not heard:
            m = conn.reader.message()
            if m.type == rtmp.COMMAND:
                heard.append(rtmp.amf0_decode(m.payload))

    result, session = push("c0c1", act)
    assert heard[0][0] == "connect" and heard[0][2]["tcUrl"].startswith("rtmpe://127.0.0.1:")
    assert session.c0c1[0] == 6 and session.c0c1[5:9] == b"\x80\0\3\2"
    assert result.code == REFUSED
    one_sentence(result, "hung up when told the application")


def test_a_server_that_does_not_encrypt(push):
    """Who asks for RTMPE does not want to be talked out of it."""
    result, session = push(None, None)
    assert result.code == PROTOCOL and not session.commands
    one_sentence(result, "does not encrypt", "rtmps://")


def test_a_server_that_encrypts_unasked(push):
    result, _ = push("c0c1", lambda conn: (conn.send(b"\6" + bytes(2 * SIZE)), conn.drain()), scheme="rtmp")
    assert result.code == PROTOCOL
    one_sentence(result, "use rtmpe://")


@pytest.mark.parametrize("n", [0, 1, 700, 1 + SIZE, 2 * SIZE])
def test_a_server_that_breaks_off(push, n):
    result, _ = push("c0c1", rtmpe.cut_server(n))
    assert result.code == CONNECT
    one_sentence(result, "before the RTMP handshake was done")


def test_a_server_that_makes_no_sense(push):
    result, _ = push("c0c1", rtmpe.noisy_server)
    assert result.code in (CONNECT, REFUSED, LOST, PROTOCOL, UNDELIVERED)
    one_sentence(result, warnings=True)


def test_a_silent_server(sluice, source):
    with peers.Server("c0c1", peers.stall) as server:
        result = sluice.run("push", "--reply-timeout", "1", source, server.url(scheme="rtmpe"), "s")
    assert result.code == CONNECT
    one_sentence(result, "did not finish the handshake")


@pytest.mark.parametrize("kind", ["6", "8", "9"])
def test_the_type_that_is_asked_for(push, kind):
    """Also without the scheme that says so."""
    for scheme in ("rtmp", "rtmpe"):
        _, session = push("c0c1", peers.close, "--rtmpe-type", kind, scheme=scheme)
        assert session.c0c1[0] == int(kind) and session.c0c1[5:9] == b"\x80\0\3\2"


@pytest.mark.parametrize("kind", ["", "3", "7", "68", "x"])
@pytest.mark.parametrize("verb", ["push", "pull", "serve"])
def test_types_that_there_are_not(sluice, verb, kind):
    result = sluice.run(verb, "--rtmpe-type", kind, "x", "rtmpe://127.0.0.1/a/b", "c")
    assert result.code == USAGE
    one_sentence(result, "--rtmpe-type takes a type of RTMPE (6, 8 or 9)")


# ---- our server ----


class Served:
    """A running `sluice serve`, and what it said."""

    def __init__(self, sluice, folder):
        self.sluice, self.folder = sluice, folder
        sluice.need("serve")
        self.process = sluice.start("serve", "--json", "--listen", "rtmp://127.0.0.1:0", "--idle-timeout", "2", folder)
        self.port = int(self.process.expect(r'"rtmp://127\.0\.0\.1:(\d+)"', 20 * sluice.patience, "out")[1])

    def client(self, **how):
        client = rtmpe.Client("127.0.0.1", self.port)
        client.how = how
        return client

    def events(self):
        lines = self.process.text("out").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait(self, name, count=1):
        """Until so many events of this name were reported; all of them."""
        end = time.monotonic() + 30 * self.sluice.patience
        while len(found := [e for e in self.events() if e["event"] == name]) < count:
            assert time.monotonic() < end, self.process.text()
            time.sleep(0.02)
        return found

    def closed(self):
        """What was said of the only client when it went."""
        return self.wait("close")[0].get("text", "")

    def works(self):
        """A client that does it right publishes, what it sends is recorded, and one that plays gets it."""
        bodies = [b"\xaf\x01" + bytes([n]) * 300 for n in range(20)]
        with self.client() as publisher, self.client() as player:
            publisher.to("created")
            assert publisher.publish("sound")[3]["code"] == "NetStream.Publish.Start"
            player.to("created")
            player.play("sound")
            player.until("onStatus")
            publisher.media(rtmp.AUDIO, b"\xaf\x00\x12\x10")
            for n, body in enumerate(bodies):
                publisher.media(rtmp.AUDIO, body, n * 20)
            got = []
            while len(got) < len(bodies):
                m = player.reader.message()
                if m.type == rtmp.AUDIO and m.payload[1:2] == b"\x01":
                    got.append(m.payload)
            assert got == bodies
        assert [e["rtmpe"] for e in self.wait("connect", 2)][-2:] == [6, 6]
        return True


@pytest.fixture
def served(sluice, tmp_path):
    """It has to work after whatever a test did to it."""
    server = Served(sluice, tmp_path)
    yield server
    assert server.works()
    assert server.process.stop(timeout=20 * sluice.patience).code == OK


def test_plain_and_encrypted_at_one_port(served):
    with peers.Client("127.0.0.1", served.port) as plain, served.client() as encrypted:
        for client in (plain, encrypted):
            client.to("connected")
    assert sorted(e["rtmpe"] for e in served.wait("connect", 2)) == [0, 6]


@pytest.mark.parametrize("bad", rtmpe.BAD_NUMBERS)
def test_a_clients_bad_number(served, bad):
    with served.client(public=rtmpe.BAD_NUMBERS[bad]) as client, pytest.raises((rtmp.Ended, OSError)):
        client.handshake()
    assert "the client's Diffie-Hellman key of the RTMPE handshake is none that keeps a secret" in served.closed()


def test_a_client_without_digest(served):
    with served.client(digest=False) as client, pytest.raises((rtmp.Ended, OSError)):
        client.handshake()
    assert "the client's half of the RTMPE handshake carries no digest" in served.closed()


def test_a_client_that_signs_wrong_is_let_in(served):
    """FFmpeg signs nothing at all when it publishes, and C2 proves nothing anyway: its keys are well known."""
    with served.client(signature=False) as client:
        client.to("connected")


@pytest.mark.parametrize("n", [1, 700, SIZE, 1 + SIZE, 1 + SIZE + 1000])
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_breaks_off(served, n, how):
    with served.client() as client:
        hello = b"\6" + rtmpe.End("client").hello + bytes(SIZE)
        client.send(hello[:n])
        if how == "reset":
            client.reset()
        else:
            client.sock.shutdown(socket.SHUT_WR)
            assert client.ended(20)
    assert re.search("handshake|reset|hung up", served.closed())


@pytest.mark.parametrize("n", [1, 700, 1 + SIZE])
def test_a_silent_client(served, n):
    """Is let go as others are that do nothing, and costs no more."""
    with served.client() as client:
        client.send((b"\6" + rtmpe.End("client").hello)[:n])
        assert client.ended(30)
    served.closed()


@pytest.mark.parametrize("step", ["handshaken", "connected", "started"])
def test_a_client_that_makes_no_sense(served, step):
    """Noise behind the handshake: decrypted, it is other noise."""
    for _ in range(3):
        with served.client() as client:
            client.to(step, "noisy")
            with contextlib.suppress(OSError):
                client.sock.sendall(os.urandom(20000))
                client.sock.shutdown(socket.SHUT_WR)
            assert client.ended(20)

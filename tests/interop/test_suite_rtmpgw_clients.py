# SPDX-License-Identifier: MIT
"""Clients that mean rtmpgw no good, or go, and how it ends."""
import contextlib
import pathlib
import signal
import socket
import struct
import threading
import time

import pytest

import flv
import gateways
import peers
import rtmp
from gateways import TAGS, same


# ---- hostile clients ----


@pytest.mark.parametrize("data,status", [
    (b"GET /", 400),
    (b"GET / HTTP/1.0\r\n", 400),
    (b"nonsense\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00" + bytes(600) + b"\n", 400),
    (b"\0" * 20000, 400),
    (b"\r\n" * 100, 400),
    (b"GET /?" + b"a" * 20000 + b" HTTP/1.0\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nA: \x01\r\n\r\n", 400),
    (b"GET /?r=\xff\xfe HTTP/1.0\r\n\r\n", 400),
])
def test_heads_that_are_none(gateway, data, status):
    assert gateway().raw(data).status == status


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01",
    b"\x03" + bytes(1536),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"a" * 40,
    b"GET / HTTP/2.0\r\n",
    b"GET /\r\n",
    b"GET /?r=a\x01",
], ids=["tls", "rtmp", "ssh", "long-method", "http2", "http0.9", "control"])
def test_no_request_is_refused_before_its_end(gateway, data):
    """The client says no more, and does not close: the head would not have come in time."""
    with gateway().connect() as sock:
        sock.sendall(data)
        answer = gateways.parse(gateways.until_end(sock))
    assert answer.status == 400 and b"no request of HTTP/1" in answer.body


def test_nothing_at_all(gateway, server):
    peer = gateway()
    with peer.connect() as sock:
        sock.shutdown(socket.SHUT_WR)
        assert gateways.until_end(sock) == b""
    peer.has_children(0)


def test_heads_that_do_not_end(gateway, server):
    """One that never begins, one that goes on slowly: both are told so and closed, others are served meanwhile."""
    peer = gateway()
    with peer.connect() as silent, peer.connect() as slow:
        begun = time.monotonic()
        while time.monotonic() - begun < 30 * peer.patience:
            try:
                slow.sendall(b"GET /?" if time.monotonic() - begun < 0.2 else b"a")
            except OSError:
                break
            slow.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                if slow.recv(1, socket.MSG_PEEK):
                    break
            slow.setblocking(True)
            time.sleep(0.2)
        slow.settimeout(20)
        for sock in (silent, slow):
            assert gateways.parse(gateways.until_end(sock)).status == 408
    peer.has_children(0)
    same(peer.get(("r", f"{server.url()}/name")), TAGS)
    assert peer.cpu() < 2 * peer.patience


def test_more_clients_than_there_are_places(gateway, server):
    peer = gateway()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(peer.connect()) for _ in range(64)]
        peer.has_children(64)
        with peer.connect() as one:
            answer = gateways.parse(gateways.until_end(one))
        assert answer.status == 503 and len(answer.body) > 20
        socks[7].close()
        peer.has_children(63)
        same(peer.get(("r", f"{server.url()}/name")), TAGS)
    peer.has_children(0)


class Endless(peers.Session):
    """Plays frames until nobody takes them, and goes on reading."""

    def play(self, name):
        self.name = name
        self.status("NetStream.Play.Start", "playing")
        threading.Thread(target=self.go_on, daemon=True).start()
        return True

    def go_on(self):
        with contextlib.suppress(OSError):
            for i in range(10**9):
                kind, stamp, body = flv.video(i * 40, i, 2000)
                self.sock.sendall(rtmp.message(kind, body, 6, stamp, 1, self.chunk_size))
                time.sleep(0.005)


@pytest.fixture
def endless():
    with peers.Server(session=Endless) as peer:
        yield peer


def started(gateway, server):
    """A connection whose stream has begun."""
    sock = gateway.connect()
    sock.sendall(f"GET /?r={server.url()}/name HTTP/1.0\r\n\r\n".encode())
    data = b""
    while b"FLV" not in data:
        part = sock.recv(65536)
        assert part, data
        data += part
    return sock


@pytest.mark.parametrize("reset", [False, True])
def test_client_that_goes_while_streaming(gateway, endless, reset):
    peer = gateway()
    sock = started(peer, endless)
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    peer.has_children(0)
    assert endless.session(20 * peer.patience).name == "name"


def test_client_that_goes_before_the_stream(gateway):
    """While the server has nothing to say. One that has closed only its own side is waited for longer than that."""
    peer = gateway()
    with peers.Server("connect", peers.stall) as server:
        sock = peer.connect()
        sock.sendall(f"GET /?r={server.url()}/name HTTP/1.0\r\n\r\n".encode())
        while not server.sessions or not server.sessions[0].commands:
            time.sleep(0.02)
        sock.close()
        before = peer.cpu()
        peer.has_children(0, 30)
        assert peer.cpu() - before < 1 * peer.patience


def test_client_that_has_said_all(gateway, server):
    """Closed its side: and reads, to the end."""
    answer = gateway().raw(f"GET /?r={server.url()}/name HTTP/1.0\r\n\r\n".encode())
    same(answer, TAGS)


# ---- the end ----


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "q"])
def test_ends_in_order(gateway, endless, how):
    peer = gateway()
    with started(peer, endless) as sock, peer.connect():
        peer.has_children(2)
        if how == "q":
            peer.type(b"xq\n")
            result = peer.wait(20 * peer.patience)
            assert "Unknown command 'x', ignoring\nExiting\n" in result.err
        else:
            result = peer.stop(getattr(signal, how))
        assert result.code == 0
        gateways.until_end(sock)
    assert "deleteStream" in endless.session(20 * peer.patience).commands


def test_console_that_ends(gateway, server):
    """Is looked at no more."""
    peer = gateway()
    peer.process.stdin.close()
    before = peer.cpu()
    same(peer.get(("r", f"{server.url()}/name")), TAGS)
    time.sleep(0.5)
    assert peer.cpu() - before < 0.4 * peer.patience
    assert peer.stop().code == 0


def test_clients_end_with_the_gateway(gateway, endless):
    """Also where it had no time to tell them."""
    peer = gateway()
    with started(peer, endless):
        children = peer.children()
        peer.process.kill()
        peer.process.wait()
        end = time.monotonic() + 20
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in children):
            assert time.monotonic() < end
            time.sleep(0.02)

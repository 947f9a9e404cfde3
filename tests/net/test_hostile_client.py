# SPDX-License-Identifier: MIT
"""`sluice serve` against clients that stall, break off, talk nonsense, or attack: whatever one of them does, the
others are served, memory stays bounded, and nothing is written outside the folder."""

import concurrent.futures
import contextlib
import os
import re
import signal
import socket
import ssl
import time

import pytest

import peers
import rtmp
from attacks import BROKEN, HARMLESS
from support import KEY, OK

STEPS = ("accepted", "c0", "half", "handshaken", "connected", "created", "started")
SEVERAL = 6


class Served:
    """A running server, and what it takes to see that it is sound."""

    def __init__(self, process, folder):
        self.process, self.folder = process, folder
        said = process.text("out") + process.text("err")
        urls = re.findall(r"listening on (rtmps?)://([^:/]+):(\d+)", said)
        self.ports = {scheme: int(port) for scheme, _, port in urls}

    def client(self, scheme="rtmp", tls=None, timeout=20):
        return peers.Client("127.0.0.1", self.ports[scheme], tls, timeout)

    def works(self, name="sound"):
        """Somebody publishes, somebody plays, and gets what is published."""
        with self.client() as publisher, self.client() as player:
            publisher.to("created")
            assert publisher.publish(name)[3]["code"] == "NetStream.Publish.Start"
            player.to("created")
            player.play(name)
            player.until("onStatus")
            publisher.media(rtmp.AUDIO, b"\xaf\x00\x12\x10", 0)
            sent = [b"\xaf\x01" + bytes([n]) * 50 for n in range(20)]
            for n, body in enumerate(sent):
                publisher.media(rtmp.AUDIO, body, n * 20)
            got = []
            while len(got) < len(sent):
                m = player.reader.message()
                if m.type == rtmp.AUDIO and m.payload[1:2] == b"\x01":
                    got.append(m.payload)
            assert got == sent
            publisher.call("deleteStream", None, publisher.stream)
        return True


@pytest.fixture
def serve(sluice, tmp_path):
    """serve(*options): starts it. In the end each is still sound, and stops when told to."""
    running = []

    def start(*options, urls=("rtmp://127.0.0.1:0",), works=True):
        folder = tmp_path / f"recorded{len(running)}"
        folder.mkdir()
        listen = [a for url in urls for a in ("--listen", url)]
        served = Served(sluice.serve(*listen, *options, folder), folder)
        while len(served.ports) < len(urls):
            time.sleep(0.02)
            served = Served(served.process, folder)
        running.append((served, works))
        return served

    yield start
    for served, works in running:
        assert served.process.process.poll() is None, f"it ended: {served.process.text()!r}"
        if works:
            assert served.works()
        result = served.process.stop(signal.SIGTERM, 15)
        assert result.code == OK, result.err


def each(function, items):
    with concurrent.futures.ThreadPoolExecutor(SEVERAL) as pool:
        list(pool.map(function, items))


def test_a_sound_client(serve):
    served = serve()
    assert served.works("first")
    served.process.expect("was recorded", 20, "err")
    stored = (served.folder / "live" / "first.flv").read_bytes()
    assert all(bytes([n]) * 50 in stored for n in range(20))


def test_silence_at_every_step(serve):
    """Each is let go in time: before the handshake is done by its deadline, then as idle. (A publisher may pause.)"""
    served = serve("--idle-timeout", "2")

    def silent(step):
        with served.client() as client:
            client.to(step, f"s-{step}")
            began = time.monotonic()
            assert client.ended(40), step
            assert time.monotonic() - began < 30, step

    each(silent, STEPS[:-1])


@pytest.mark.parametrize("how", ["close", "reset", "garbage", "noise", "http"])
def test_breaking_off_at_every_step(serve, how):
    served = serve()

    def off(step):
        for turn in range(3):
            with served.client() as client:
                client.to(step, f"{step}-{turn}")
                if how == "reset":
                    client.reset()
                    continue
                with contextlib.suppress(OSError):
                    if how == "garbage":
                        client.send(b"\xff" * 4096)
                    elif how == "noise":
                        client.send(os.urandom(8192))
                    elif how == "http":
                        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
                    client.sock.shutdown(socket.SHUT_WR)
                assert client.ended(20), step

    each(off, STEPS)
    assert served.works(f"after-{how}")


@pytest.mark.parametrize("step", ["handshaken", "connected", "started"])
def test_broken_messages(serve, step):
    served = serve()

    def attack(name):
        with served.client() as client, contextlib.suppress(OSError, rtmp.Ended):
            client.to(step, re.sub(r"\W", "-", name))
            client.send(BROKEN[name])
            client.sock.shutdown(socket.SHUT_WR)
            assert client.ended(20), name

    each(attack, BROKEN)
    assert served.works("after")


@pytest.mark.parametrize("name", HARMLESS)
def test_odd_but_harmless(serve, name):
    """The client goes on publishing afterwards, with the chunk size that it set."""
    served = serve()
    with served.client() as client:
        client.to("created")
        assert client.publish("odd")[3]["code"] == "NetStream.Publish.Start"
        client.send(HARMLESS[name])
        size = 0xFFFFFF if name == "the largest chunk size" else 128
        for n in range(10):
            client.send(rtmp.message(rtmp.AUDIO, b"\xaf\x01" + bytes([n]) * 500, 6, n * 20, 1, size))
        client.send(rtmp.command("deleteStream", 9, None, 1, chunk_size=size))
        client.send(rtmp.command("createStream", 10, None, chunk_size=size))
        assert client.until("_result")[1] == 10
    served.process.expect("was recorded", 20, "err")
    stored = (served.folder / "live" / "odd.flv").read_bytes()
    assert all(bytes([n]) * 500 in stored for n in range(10))


ODD_COMMANDS = {
    "publish without a name": [("publish", None)],
    "publish a number": [("publish", None, 7)],
    "publish a null": [("publish", None, None, "live")],
    "publish nothing": [("publish", None, "", "live")],
    "publish a kind that is none": [("publish", None, "k", "xyzzy")],
    "publish twice": [("publish", None, "twice", "live"), ("publish", None, "again", "live")],
    "a name of 60,000 characters": [("publish", None, "x" * 60000, "live")],
    "a name of control characters": [("publish", None, "\x00\x01\n\x1b[2J", "live")],
    "play without a name": [("play", None)],
    "play an object": [("play", None, {"a": 1}, -2)],
    "play what is not there": [("play", None, "nobody", -2)],
    "play with endless numbers": [("play", None, "n", 1e308, float("nan"), 5)],
    "seek and pause nothing": [("seek", None, 1e300), ("pause", None, True, 0), ("seek", None), ("pause",)],
    "delete what is not there": [("deleteStream", None, n) for n in (-1, 0, 1, 2, 1e300, float("nan"))],
    "a thousand streams": [("createStream", None)] * 1000,
    "connect twice": [("connect", {"app": "other"})],
    "connect to nothing": [("connect", None)],
    "length of what is not there": [("getStreamLength", None, "nobody")],
    "unknown": [("xyzzy", None, "a", 1)],
    "nameless": [("", None)],
}


@pytest.mark.parametrize("step", ["handshaken", "connected", "created"])
def test_odd_commands(serve, step):
    served = serve("-v")

    def odd(name):
        with served.client() as client, contextlib.suppress(OSError, rtmp.Ended):
            client.to(step)
            for values in ODD_COMMANDS[name]:
                client.call(*values, stream=client.stream)
            client.sock.shutdown(socket.SHUT_WR)
            assert client.ended(20), name

    each(odd, ODD_COMMANDS)
    assert served.works("after")
    assert "\x1b" not in served.process.text() + served.process.text("out")


@pytest.mark.parametrize("app,name", [
    ("live", "../evil"), ("live", "../../evil"), ("live", "/evil"), ("live", "a/../../../evil"), ("..", "evil"),
    ("../..", "evil"), ("live/..", "../evil"), ("live", "..\\evil"), ("live", "evil\0.txt"), ("live", "."),
    ("live", ".."), (".", "evil"), ("live", "~/evil"), ("", "evil"),
])
def test_nothing_is_written_outside_the_folder(serve, tmp_path, app, name):
    served = serve()
    before = {p for p in tmp_path.rglob("*") if not p.is_relative_to(served.folder)}
    with served.client() as client, contextlib.suppress(OSError, rtmp.Ended):
        client.handshake()
        client.connect(app)
        client.create_stream()
        client.publish(name)
        client.media(rtmp.AUDIO, b"\xaf\x01evil", 0)
        client.sock.shutdown(socket.SHUT_WR)
        client.ended(20)
    after = {p for p in tmp_path.rglob("*") if not p.is_relative_to(served.folder)}
    assert after == before
    assert not os.path.exists("/evil.flv") and not os.path.exists("/evil")


def test_the_key_is_never_said(serve):
    """support.check_sane() looks through all that the server has said, at its most talkative."""
    served = serve("-vvv")
    with served.client() as one, served.client() as two, served.client() as three:
        one.to("created")
        assert one.publish(KEY)[3]["code"] == "NetStream.Publish.Start"
        two.to("created")
        assert two.publish(KEY)[3]["level"] == "error"  # it is taken
        three.to("created")
        three.play(KEY)
        three.until("onStatus")
        one.media(rtmp.AUDIO, b"\xaf\x01x", 0)
        one.send(b"\xff" * 100)
        assert one.ended(20)


def test_45_kb_never_reserve_megabytes(serve, sluice):
    if sluice.sanitized:
        pytest.skip("a sanitizer's memory tells nothing")
    served = serve()
    assert served.works("before")
    with served.client() as client:  # what any client costs that sends as much
        client.to("created")
        client.publish("sound-too")
        client.media(rtmp.AUDIO, bytes(45000))
    for name in ("hundreds of chunk streams", "a message grows half-way", "an array of 4 billion",
                 "a long string of 4 GB", "AMF3 traits of 2^28 members"):
        for step in ("handshaken", "connected", "started"):
            _, before = served.process.memory()
            with served.client() as client, contextlib.suppress(OSError, rtmp.Ended):
                client.to(step, re.sub(r"\W", "-", name))
                client.send(BROKEN[name])
                time.sleep(0.1)
                _, after = served.process.memory()
            assert after - before < 3000, f"{name} at {step}: {before} to {after} kB"


def test_more_clients_than_allowed(serve):
    """Those above the number are turned away at once; those below are served; and when they go, there is room."""
    served = serve("--max-connections", "20", works=False)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(served.client()) for _ in range(20)]
        for client in clients:
            client.to("handshaken")
        for late in [stack.enter_context(served.client()) for _ in range(10)]:
            with contextlib.suppress(OSError):
                assert late.ended(10)
        assert clients[0].connect()[0] == "_result"
        assert clients[19].connect()[0] == "_result"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, rtmp.Ended):
            if served.works("room"):
                return
        time.sleep(0.2)
    pytest.fail("there was no room again")


def test_a_player_that_does_not_read(serve, sluice):
    """It loses frames and costs a bounded queue; the publisher and another player lose nothing."""
    served = serve("--max-queue", "512", "--stall-timeout", "60")
    key, body = (bytes([kind]) + b"\x01\0\0\0" + os.urandom(20000) for kind in (0x17, 0x27))
    with served.client() as publisher, served.client() as deaf, served.client() as player:
        publisher.to("created")
        publisher.publish("p")
        for one in (deaf, player):
            one.to("created")
            one.play("p")
            one.until("onStatus")
        publisher.media(rtmp.VIDEO, b"\x17\x00\0\0\0" + bytes(20), 0)
        resident, _ = served.process.memory()
        total = 0
        for n in range(1000):  # 20 MB
            publisher.media(rtmp.VIDEO, body if n % 25 else key, n * 20)
            while player.reader.message().type != rtmp.VIDEO:
                pass
            total += 1
        after, _ = served.process.memory()
        assert total == 1000
    if not sluice.sanitized:
        assert after - resident < 4000, f"{resident} to {after} kB"


def test_tls_clients_that_break_off(serve, certificates):
    served = serve("--cert", certificates / "good.pem", "--key", certificates / "good.key", "--idle-timeout", "2",
                   urls=("rtmp://127.0.0.1:0", "rtmps://127.0.0.1:0"))
    context = ssl.create_default_context(cafile=certificates / "ca.pem")

    def attack(data):
        with served.client("rtmps") as client, contextlib.suppress(OSError):
            if data is None:
                assert client.ended(40)  # silence, until the deadline
            else:
                client.send(data)
                client.sock.shutdown(socket.SHUT_WR)
                assert client.ended(20)

    each(attack, [None, b"", b"\x03" + bytes(1536), b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff" + bytes(70000),
                  b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\xff" * 1000, os.urandom(3000)])
    with served.client("rtmps", context) as client:
        client.to("created")
        assert client.publish("sealed")[3]["code"] == "NetStream.Publish.Start"
        client.media(rtmp.AUDIO, b"\xaf\x01sealed", 0)
    with served.client("rtmps", context) as client:
        client.to("started", "broken")
        client.reset()


def test_a_certificate_that_is_none(sluice, tmp_path, certificates):
    """And other ways to start a server that cannot work: it says why, and does not start."""
    sluice.need("serve")
    for options in (["--cert", tmp_path / "none.pem"], ["--cert", certificates / "good.pem", "--key",
                                                        certificates / "expired.key"],
                    ["--cert", __file__]):
        result = sluice.run("serve", "--listen", "rtmps://127.0.0.1:0", *options, tmp_path)
        assert result.code != OK and len(result.err.splitlines()) == 1, result
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = sluice.run("serve", "--listen", f"rtmp://127.0.0.1:{port}", tmp_path)
        assert result.code != OK and str(port) in result.err, result

# SPDX-License-Identifier: MIT
"""`sluice serve` under siege: whatever clients do, at whatever step, over whatever carrier, a good stream is published,
played and recorded without losing a tag, and the server is no larger and no busier afterwards.

One server is attacked by nearly all tests of this file: what one of them leaves behind, the next ones find."""

import contextlib
import random
import socket
import time

import pytest

import peers
import rtmp
import siege
import support

BOTH = ("rtmp://127.0.0.1:0", "rtmps://127.0.0.1:0")


@pytest.fixture(scope="module")
def served(sluice_path, certificates, tmp_path_factory):
    if "serve" not in support.verbs(sluice_path):
        pytest.skip("this build of sluice has no serve")
    it = siege.Served(sluice_path, tmp_path_factory.mktemp("siege"), *siege.OPTIONS, urls=BOTH, certificates=certificates)
    with it.process:
        yield it
        it.end()


def test_silence_at_every_step(served):
    """Who says nothing is let go, or waits for free where it has something to wait for."""
    with served.attacked(cpu=0.5):
        them = list(siege.clients(served))
        assert siege.wait_for_ends(them, 30, siege.AT_PEACE) == sorted(siege.AT_PEACE)


def test_a_byte_a_second_at_every_step(served):
    """Is no more than silence, however long somebody keeps it up."""
    with served.attacked(cpu=0.5):
        them = list(siege.clients(served))
        left = siege.wait_for_ends(them, 30, siege.AT_PEACE, each=lambda client: client.trickle())
        assert set(left) <= set(siege.AT_PEACE)


def test_asking_for_nothing_through_http(served):
    """Whoever asks and asks for what there is not is let go like one who is silent."""
    with served.attacked(cpu=0.5):
        client = served.client()
        client.raw.settimeout(10)
        answers, ended = b"", False
        for _ in range(150 if served.sanitized else 40):
            with contextlib.suppress(OSError):
                client.raw.sendall(b"POST /idle/x/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0")
                answer = client.raw.recv(65536)
                answers, ended = answers + answer, not answer
            if ended:
                break
            time.sleep(0.2)
        client.close()
        assert ended and answers.count(b" 404 ") > 2


@pytest.mark.parametrize("how", ["reset", "close", "half-close", "garbage", "noise"])
def test_breaking_off_at_every_step(served, how):
    with served.attacked(cpu=2):
        them = list(siege.clients(served))
        noise = random.Random(7)
        for _, client in them:
            with contextlib.suppress(OSError):
                if how in ("garbage", "noise"):
                    client.raw.sendall(b"\xff" * 5000 if how == "garbage" else noise.randbytes(5000))
                if how == "half-close":
                    client.raw.shutdown(socket.SHUT_WR)
        if how in ("reset", "close"):
            for _, client in them:
                client.reset() if how == "reset" else client.close()
        else:
            assert not siege.wait_for_ends(them, 30)


RECORDED = 64 << 10  # kB that may wait for the disk


@pytest.mark.parametrize("step", ["handshaken", "connected", "publishing", "playing"])
@pytest.mark.parametrize("listens", [False, True], ids=["deaf", "listening"])
def test_floods(served, step, listens):
    """Of anything that a client may send, 2 MB of each."""
    with served.attacked(cpu=10, peak=8000 + (RECORDED if step == "publishing" else 0)):
        for n, data in enumerate(siege.FLOODS):
            client = served.client(receive_buffer=0 if listens else 8192)
            siege.flood(siege.reach(client, step, f"flood-{n}"), data, 2, listens)


def test_who_asks_and_does_not_listen(served):
    """Answers that nobody takes are not kept without end: such a client is let go."""
    with served.attacked(cpu=2, peak=8000):
        client = siege.reach(served.client(receive_buffer=8192), "connected", "deaf")
        assert siege.flood(client, "plays", 20, False) > 1 << 20
        end = time.monotonic() + 20
        while "does not read the answers" not in served.process.text():
            assert time.monotonic() < end, served.process.text()[-500:]
            time.sleep(0.05)


def test_floods_that_are_sealed(served):
    with served.attacked(cpu=10, peak=8000 + RECORDED):
        for n, data in enumerate(siege.FLOODS):
            siege.flood(siege.reach(served.client("rtmps"), "publishing", f"flood-{n}"), data, 1, False)


def test_floods_before_there_is_any_session(served):
    """Of bytes of a handshake that goes on for ever, of TLS, of HTTP."""
    hello, *_ = siege.client_hello(served.trust)
    with served.attacked(cpu=5):
        for scheme, first, again in (
            ("rtmp", b"\x03", bytes(65536)), ("rtmp", b"\x06", b"\x06" * 65536), ("rtmp", b"P", b"P" * 65536),
            ("rtmp", b"POST /open/1 HTTP/1.1\r\n", b"X: y\r\n" * 10000), ("rtmp", b"", b"GET / HTTP/1.1\r\n\r\n" * 3000),
            ("rtmp", b"", siege.HTTP["opened"] * 1000),
            ("rtmp", b"POST /send/x/1 HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n", bytes(65536)),
            ("rtmps", b"\x16\x03\x01\x40\x00", bytes(65536)), ("rtmps", hello, hello * 100),
            ("rtmps", b"\x14\x03\x01\0\1\1", b"\x14\x03\x01\0\1\1" * 10000), ("rtmps", b"", bytes(65536)),
        ):
            client = served.client(scheme) if scheme == "rtmp" else siege.Client(served.ports[scheme])
            client.raw.settimeout(1)
            with contextlib.suppress(OSError):
                client.raw.sendall(first)
                for _ in range(40):
                    client.raw.sendall(again)
            client.reset()


def test_huge_messages(served):
    """Twenty publishers announce 16 MB each, send some of it, and wait: what is announced is not what is kept."""
    resident = served.resident()
    with served.attacked(cpu=0.5):
        them = [siege.reach(served.client(), "publishing", f"huge-{n}") for n in range(20)]
        for client in them:
            client.send(rtmp.header(rtmp.VIDEO, 0xFFFFFF, 6, 0, client.stream) + (bytes(128) + b"\xc6") * 500)
        served.stream.reach(len(served.stream.sent) + 20)
        grown = served.resident() - resident
        assert served.sanitized or grown < 20 * 600, f"{grown} kB for 20 times 64 kB"
        assert siege.wait_for_ends([("", c) for c in them], 20) == []


def test_players_that_stop_reading(served):
    """Each costs its queue at most, and is closed; who reads gets all of it."""
    descriptors, resident = served.descriptors(), served.resident()
    with served.attacked(cpu=4):
        them = [siege.reach(served.client(receive_buffer=8192), "playing", "good") for _ in range(8)]
        served.stream.interval, served.stream.size = 0, 40000
        n = len(served.stream.sent)
        while sum(len(t.body) for t in served.stream.sent[n:]) < 30 << 20:
            served.stream.reach(len(served.stream.sent) + 1)
            grown = served.resident() - resident
            assert served.sanitized or grown < 8 * 1024 + 8000, f"{grown} kB for 8 players"
        served.stream.interval, served.stream.size = 0.01, 700
        served.settle(descriptors)
        for client in them:
            client.close()


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_storms_of_connections(served, scheme):
    """Come and gone before they are looked at, or just after; some say a little."""
    hello, *_ = siege.client_hello(served.trust)
    with served.attacked(cpu=4 if scheme == "rtmps" else 2):
        for n in range(1000):
            client = siege.Client(served.ports[scheme])
            with contextlib.suppress(OSError):
                if n % 3 == 1:
                    client.send(b"\x03" + bytes(1536) if scheme == "rtmp" else hello)
                if n % 6 == 4:
                    client.raw.recv(1)
            client.reset() if n % 2 else client.close()


def test_storms_of_publishers_and_players(served):
    """Of one name: each comes all the way, and some while others are there."""
    with served.attacked(cpu=2):
        for n in range(100):
            with served.client() as one, served.client() as two, contextlib.suppress(rtmp.Ended):
                siege.reach(one, "publish" if n % 3 else "publishing", "storm")
                siege.reach(two, "play" if n % 2 else "playing", "good" if n % 5 else "storm")
                one.media(rtmp.VIDEO, b"\x17\1" + bytes(300))
                if n % 7 == 0:
                    one.reset()


def half_open(served, n, source):
    """The n-th of clients that begin and do not go on: half have a TCP connection, a fourth half of a ClientHello, a
    fourth all of TLS's handshake but its end."""
    hello, *_ = siege.client_hello(served.trust)
    client = siege.Client(served.ports["rtmps" if n % 2 else "rtmp"], source=source)
    if n % 4 == 1:
        client.send(hello[:200])
    elif n % 4 == 3:
        client.send(hello)
    return client


@pytest.fixture
def crowded(sluice_path, certificates, tmp_path_factory):
    """A server with room for 1,100, 1,050 of them from one address."""
    it = siege.Served(sluice_path, tmp_path_factory.mktemp("crowded"), "--max-connections", "1100", "--max-per-address",
                      "1050", urls=BOTH, certificates=certificates)
    with it.process:
        yield it
        it.end()


def why_refused(client):
    client.handshake()
    answer = client.connect()
    assert answer[0] == "_error" and answer[3]["level"] == "error"
    assert client.ended(10)
    return answer[3]["description"]


def test_a_thousand_half_open_handshakes(crowded):
    """Are there while others are served as if they were not; who is one too many is told so, be it of its address or
    of all; and all are let go when their time is over."""
    before, resident = crowded.descriptors(), crowded.resident()
    with crowded.attacked(cpu=8, peak=64000):
        them = [half_open(crowded, n, "127.0.0.2") for n in range(1000)]
        deadline = time.monotonic() + 10
        while crowded.descriptors() < before + 1000 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert crowded.descriptors() == before + 1000
        grown = crowded.resident() - resident
        print(f"{grown / 1000} kB each")
        assert crowded.sanitized or grown < 1000 * 64, f"{grown} kB"
        crowded.stream.check()
        second = siege.Stream(crowded, "second", source="127.0.0.3")
        second.check()
        them += [half_open(crowded, 0, "127.0.0.2") for _ in range(50)]
        with siege.Client(crowded.ports["rtmp"], source="127.0.0.2") as late:
            assert "from one address" in why_refused(late)
        them += [half_open(crowded, 0, "127.0.0.4") for _ in range(1100 - 1050 - 4)]
        with siege.Client(crowded.ports["rtmp"], source="127.0.0.5") as late:
            assert "try later" in why_refused(late)
        said = crowded.process.text()
        assert said.count("(max-per-address)") == said.count("(max-connections)") == 1
        second.check()
        assert siege.wait_for_ends([("", c) for c in them], 40) == []
        second.end(crowded.folder / "live" / "second.flv")


def test_without_descriptors(sluice_path, tmp_path):
    """Where the system has none left, whoever comes waits in the kernel; the stream goes on, and so does its recording; and
    once there are some again, all is well."""
    served = siege.Served(sluice_path, tmp_path, "--idle-timeout", "3", prefix=("prlimit", "--nofile=64:64"))
    with served.process:
        with served.attacked(cpu=0.5):
            them = [siege.Client(served.ports["rtmp"], timeout=60) for _ in range(100)]
            deadline = time.monotonic() + 10
            while served.descriptors() < 64 and time.monotonic() < deadline:
                time.sleep(0.01)
            assert served.descriptors() == 64
            served.stream.check()
            late = served.client(timeout=60)
            assert siege.wait_for_ends([("", c) for c in them], 60) == []
            siege.reach(late, "created", "late")
            assert late.publish("late")[3]["code"] == "NetStream.Publish.Start"
            late.media(rtmp.AUDIO, b"\xaf\1late", 0)
            late.call("deleteStream", None, 1)
            late.call("createStream", None)
            late.until("_result")
            late.close()
        assert served.process.text().count("no client can be accepted") in range(1, 30)
        deadline = time.monotonic() + 10
        while not (tmp_path / "live" / "late.flv").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert b"\xaf\1late" in (tmp_path / "live" / "late.flv").read_bytes()
        served.end()

# SPDX-License-Identifier: MIT
"""The limits of sluice serve, from both sides: what is just allowed passes, what is more is refused in words that the
client gets, the log has a line of it, and a good stream beside it loses nothing."""

import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
import support
from support import KEY


class Served:
    def __init__(self, sluice, tmp_path, *options, scheme="rtmp"):
        sluice.need("serve")
        self.sluice, self.folder = sluice, tmp_path
        self.process = sluice.start("serve", "--no-record", "-v", "--listen", f"{scheme}://127.0.0.1:0", *options)
        self.port = int(self.process.expect(rf"{scheme}://127\.0\.0\.1:(\d+)", 20, "out")[1])
        self.url = f"{scheme}://127.0.0.1:{self.port}/live"

    def client(self, step=None, name="stream", **options):
        client = peers.Client("127.0.0.1", self.port, **options)
        if step:
            client.to(step, name)
        return client

    def said(self, pattern, timeout=20):
        return self.process.expect(pattern, timeout * self.sluice.patience, "err")

    @contextlib.contextmanager
    def good_stream(self, source):
        """Somebody publishes and somebody plays while this lasts, two of the places; and all of it arrives."""
        out = self.folder / "good.flv"
        pull = self.sluice.start("pull", "--wait=20", f"{self.url}/{KEY}", out)
        self.said("plays from")
        push = self.sluice.start("push", source, self.url, KEY)
        self.said("publishes to")
        yield
        for process in (push, pull):
            result = process.wait(40 * self.sluice.patience)
            assert result.code == support.OK, result.err
        assert flvcmp.difference(flvcmp.media(flvcmp.read(source)), flvcmp.media(flvcmp.read(out))) is None


@pytest.fixture
def serve(sluice, tmp_path):
    return lambda *options, **more: Served(sluice, tmp_path, *options, **more)


def refusal(client):
    """The status that it is refused with, and then the end of the connection."""
    values = client.until("onStatus")
    assert values[3]["level"] == "error"
    assert client.ended(20)
    return values[3]


# ---- how many ----


@pytest.mark.parametrize("option", ["max-connections", "max-per-address"])
def test_one_too_many(serve, short_clip, option):
    server = serve(f"--{option}", "3")
    with server.good_stream(short_clip):
        with server.client("connected"), server.client() as late:
            late.handshake()
            answer = late.connect()
            assert answer[0] == "_error" and answer[3]["code"] == "NetConnection.Connect.Rejected"
            assert "are connected" in answer[3]["description"] and late.ended(20)
            server.said(rf"sluice serve: 127\.0\.0\.1:\d+, was refused: .* \({option}\)")
        # A place is free again.
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with server.client() as again:
                again.handshake()
                if again.connect()[0] == "_result":
                    break
            time.sleep(0.05)
        else:
            raise AssertionError("no place became free")


def test_addresses_have_places_of_their_own(serve):
    server = serve("--max-per-address", "1")
    with server.client("connected"), socket.socket() as other:
        other.bind(("127.0.0.2", 0))
        other.connect(("127.0.0.1", server.port))
        other.sendall(b"\x03" + bytes(1536))
        assert other.recv(1) == b"\x03"
        server.process.stop()
    assert "refused" not in server.process.text()


@pytest.mark.parametrize("command", [["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", "CLIP", "-c", "copy", "-f",
                                      "flv", "URL"], ["rtmpdump", "-v", "-r", "URL", "-o", "/dev/null"]])
def test_foreign_clients_say_why(serve, clip, command):
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    server = serve("--max-connections", "1")
    argv = [{"CLIP": str(clip), "URL": server.url + "/x"}.get(a, a) for a in command]
    with server.client("connected"):
        done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
    assert done.returncode
    if command[0] == "ffmpeg":
        assert "As many clients as the server takes are connected" in done.stderr.decode()


def test_a_flood_is_not_served_at_length(serve, short_clip):
    """Hundreds of connections more than there are places: a line for the first, one a second for the others."""
    server = serve("--max-connections", "2")
    with server.good_stream(short_clip):
        flood = [server.client() for _ in range(300)]
        assert all(client.ended(20) for client in flood)
        for client in flood:
            client.sock.close()
        server.said(r"\d+ more were refused")
    text = server.process.stop().err
    counts = [1] * text.count("was refused") + [int(line.split(" more were")[0].split()[-1]) for line in text.splitlines()
                                                if "more were refused" in line]
    assert sum(counts) == 300 and len(counts) < 60


@pytest.mark.parametrize("option", ["max-connections", "max-per-address"])
def test_http_is_refused_in_its_own_words(serve, short_clip, option):
    """Who comes through a tunnel is told why, too, and takes nobody's place meanwhile."""
    server = serve(f"--{option}", "3")
    ask = b"POST /open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"
    with server.good_stream(short_clip), server.client("connected"):
        for request in (ask, ask[:-1], b"GET / HTTP/1.0\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", server.port), 20) as late:
                late.sendall(request)
                answer = b""
                while data := late.recv(65536):
                    answer += data
            head, body = answer.decode().split("\r\n\r\n")
            assert head.startswith("HTTP/1.1 503 ") and "\r\nRetry-After: 10" in head and "\r\nConnection: close" in head
            assert "are connected" in body and body.endswith(": try later.\n")
        # One that says nothing more is not waited for.
        with socket.create_connection(("127.0.0.1", server.port), 20) as late:
            late.sendall(ask[:20])
            assert late.recv(1) == b""
    server.said(rf"was refused: .* \({option}\)")


# ---- messages ----


def announce(client, size):
    client.send(rtmp.header(rtmp.VIDEO, size, 6, 0, client.stream))


def test_a_message_is_as_long_as_is_allowed(serve, short_clip):
    """The announced length suffices: nothing of the message has come."""
    server = serve("--max-message", "64")
    with server.good_stream(short_clip), server.client("started", "just") as client:
        client.media(rtmp.VIDEO, b"\x17\x01" + bytes(65534))
        client.call("closeStream", None, stream=client.stream)
        client.call("createStream", None)
        client.until("_result")
        server.said(r"published .* 1 messages, 65536 bytes")
        with server.client("started", "more") as other:
            announce(other, 65537)
            status = refusal(other)
            assert status["code"] == "NetStream.Failed"
            assert "a message of 65537 bytes; at most 65536 are taken" in status["description"]
        server.said(r"is ended: .*65537 bytes; at most 65536 are taken \(incoming-limit\)")


def test_the_words_arrive_though_the_client_goes_on_sending(serve):
    """It has sent megabytes more by the time that it reads: no reset throws away what it was told."""
    server = serve("--max-message", "64")
    with server.client("started") as client:
        client.sock.settimeout(20)
        announce(client, 65537)
        client.send(bytes(3000000))
        for _ in range(10):
            client.send(bytes(1000))
            time.sleep(0.02)
        assert client.until("onStatus")[3]["code"] == "NetStream.Failed"
        client.sock.shutdown(socket.SHUT_WR)
        while client.sock.recv(65536):  # no reset: it would raise
            pass


def test_before_connect_there_are_no_words(serve, short_clip):
    server = serve("--max-message", "64")
    with server.good_stream(short_clip), server.client("handshaken") as client:
        announce(client, 65537)
        assert client.ended(20)
    server.said(r"\(incoming-limit\)")


# ---- the memory of a connection ----


def unfinished(client, count, size=100000):
    """So many messages of which the last byte does not come."""
    client.send(rtmp.control(rtmp.SET_CHUNK_SIZE, size - 1))
    for i in range(count):
        client.send(rtmp.header(rtmp.VIDEO, size, 70 + i, 0, client.stream) + bytes(size - 1))


def test_what_is_not_whole_is_limited(serve, short_clip):
    """A megabyte: storage for six such messages fits, for twelve it does not."""
    server = serve("--max-connection-memory", "1024")
    with server.good_stream(short_clip), server.client("started", "few") as few, server.client("started", "many") as many:
        unfinished(few, 6)
        few.call("createStream", None)
        few.until("_result")
        with contextlib.suppress(OSError):
            unfinished(many, 12)
        assert refusal(many)["code"] == "NetStream.Failed"
        server.said(r"#4, .* is ended: .*\((incoming-limit|max-connection-memory)\)")
        few.call("createStream", None)
        few.until("_result")


def read_media(client, count):
    """So many messages of audio and video, as (type, timestamp, payload)."""
    got = []
    while len(got) < count:
        m = client.reader.message()
        if m.type in (rtmp.AUDIO, rtmp.VIDEO):
            got.append((m.type, m.timestamp, m.payload))
    return got


def watch(server, tags):
    """One plays and reads nothing, one plays and reads all, at the pace at which it is published: all of the players'
    numbers."""
    with server.client() as slow, server.client("created") as good, server.client("started", KEY) as source:
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.to("created")
        for player in (slow, good):
            player.play(KEY)
            player.until("onStatus")
        source.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 65536))
        got = []
        for at in range(0, len(tags), 20):
            source.send(b"".join(rtmp.message(kind, body, 6, stamp, source.stream, 65536)
                                 for kind, stamp, body in tags[at : at + 20]))
            got += read_media(good, len(tags[at : at + 20]))
        assert got == tags
        source.call("closeStream", None, stream=source.stream)
        server.said(rf"#3 published .*: {len(tags)} messages")
        played = server.said(r"#1 played .*: (\d+) messages, (\d+) dropped").groups()
        server.said(rf"#2 played .*: {len(tags)} messages, 0 dropped")
    return map(int, played)


def test_a_slow_player_stays_within_its_memory(serve):
    """--max-queue is more than a connection may take: it loses frames by the lesser of both, and stays."""
    tags = flv.frames(800, size=20000)
    server = serve("--max-connection-memory", "1024")
    sent, dropped = watch(server, tags)
    assert dropped > 0 and sent + dropped >= len(tags)
    assert "is ended" not in server.process.text()


# ---- the memory of all ----


def test_the_player_that_is_furthest_behind_goes(serve):
    """What is queued for it is more than there may be."""
    server = serve("--max-memory", "8")
    watch(server, flv.frames(800, size=20000))
    server.said(r"#1, .* is ended: .*\(max-memory\)")
    server.said(r"#1, .* closed after|#1, .* was lost")
    assert server.process.text().count("(max-memory)") == 1


def test_who_does_nothing_goes_before_who_publishes(serve, short_clip):
    server = serve("--max-memory", "8")
    with server.good_stream(short_clip), server.client("connected") as idle, server.client("started", "x") as busy:
        unfinished(busy, 20)
        with contextlib.suppress(OSError):
            unfinished(idle, 80)
        assert idle.ended(20)
        server.said(r"#3, .* is ended: .*\(max-memory\)")
        busy.call("createStream", None)
        busy.until("_result")
    assert server.process.text().count("(max-memory)") == 1


def test_publishers_that_end_no_message_go_at_last(serve, short_clip):
    """Each has less than a connection may take, all together more than there is. Who has sent less than a MB stays."""
    server = serve("--max-memory", "8")
    with server.good_stream(short_clip), contextlib.ExitStack() as stack:
        greedy = [stack.enter_context(server.client("started", str(n))) for n in range(4)]
        for count, client in zip((5, 40, 40, 40), greedy):
            with contextlib.suppress(OSError):
                unfinished(client, count)
        server.said(r"is ended: .* without ending its messages \(max-memory\)")
        greedy[0].call("createStream", None)
        greedy[0].until("_result")


def test_nobody_new_when_it_is_nearly_full(serve):
    """Seven eighths of it are kept for players to come; and when it is too much, that goes, and nobody else."""
    server = serve("--max-memory", "8", "--max-connection-memory", "4096")
    with server.client("started", "a") as first, server.client("created") as second:
        first.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 1000000))
        for i in range(58):
            kind = b"\x17\x01" if i == 0 else b"\x27\x01"
            first.send(rtmp.message(rtmp.VIDEO, kind + bytes(130998), 6, i, first.stream, chunk_size=1000000))
        first.call("createStream", None)
        first.until("_result")
        with server.client() as late:
            late.handshake()
            answer = late.connect()
            assert answer[0] == "_error" and "no memory left" in answer[3]["description"]
        server.said(r"was refused: .*\(max-memory\)")
        assert "no memory left" in second.publish("b")[3]["description"]
        for i in range(58, 70):
            first.send(rtmp.message(rtmp.VIDEO, b"\x27\x01" + bytes(130998), 6, i, first.stream, chunk_size=1000000))
        first.call("createStream", None)
        first.until("_result")
        assert second.publish("b")[3]["code"] == "NetStream.Publish.Start"
        first.call("closeStream", None, stream=first.stream)
        server.said("#1 published .*: 70 messages, 9170000 bytes")


# ---- time ----


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def dribble(sock, data):
    """A byte now and then, which is progress for each deadline of a step, until the server has had enough."""
    with contextlib.suppress(OSError):
        for byte in data:
            sock.sendall(bytes([byte]))
            time.sleep(0.05)
        return False
    return True


@pytest.mark.parametrize("step", ["accepted", "half", "handshaken", "connected", "created"])
def test_who_does_nothing_is_closed(serve, clip, step):
    server = serve("--idle-timeout", "1")
    with server.good_stream(clip), server.client(step) as client:
        assert client.ended(20)
        server.said(r"#3, .* is ended: it neither published nor played .*\(idle-timeout\)")


@pytest.mark.parametrize("step", ["accepted", "handshaken"])
def test_a_byte_at_a_time_gains_no_time(serve, clip, step):
    server = serve("--idle-timeout", "2")
    connect = rtmp.command("connect", 1, {"app": "live", "tcUrl": "x" * 2000})
    with server.good_stream(clip), server.client(step) as client:
        assert dribble(client.sock, b"\x03" + bytes(1536) if step == "accepted" else connect)
        server.said(r"#3, .* is ended: .*\(idle-timeout\)")


def test_tls_and_what_follows_have_one_time_together(sluice, serve, certificates):
    """From accept on: a TLS handshake that takes most of it leaves little for that of RTMP."""
    server = serve("--idle-timeout", "3", "--cert", certificates / "good.pem", "--key", certificates / "good.key",
                   scheme="rtmps")
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        assert dribble(sock, b"\x16\x03\x01\x40\x00" + bytes(16384))
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        time.sleep(2)
        with tls_context().wrap_socket(sock) as tls:
            tls.sendall(b"\x03" + bytes(700))
            tls.settimeout(20)
            with contextlib.suppress(OSError):
                while tls.recv(65536):
                    pass
    server.said(r"#2, .* is ended: .*\(idle-timeout\)")
    if sluice.patience == 1:
        assert time.monotonic() - began < 4.9


def test_who_does_not_read_its_answers_is_closed_all_the_same(serve):
    """The end waits for nobody for long: what is queued for it does not hold its place."""
    server = serve("--idle-timeout", "1", "--max-connections", "1")
    with server.client() as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.to("connected")
        ping = rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 7), 2)
        with contextlib.suppress(OSError):
            client.sock.settimeout(1)
            client.send(ping * 3000)
        server.said(r"#1, .* is ended: .*\(idle-timeout\)")
        server.said("#1, .*(was lost|closed)")

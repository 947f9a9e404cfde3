# SPDX-License-Identifier: MIT
"""sluice serve --stats: what it says is what was sent, byte by byte, however it falls into intervals."""

import json
import shutil
import socket
import ssl
import subprocess
import time

import pytest

import flv
import peers
import rtmp
import support
from support import KEY, one_sentence


class Counted:
    """A socket that counts what passes."""

    def __init__(self, sock):
        self.sock, self.sent, self.received = sock, 0, 0

    def sendall(self, data):
        self.sock.sendall(data)
        self.sent += len(data)

    def recv(self, n):
        data = self.sock.recv(n)
        self.received += len(data)
        return data

    def end(self):
        """Says that no more comes, and reads what is left."""
        self.sock.shutdown(socket.SHUT_WR)
        while self.recv(65536):
            pass

    def __getattr__(self, name):
        return getattr(self.sock, name)


class Served:
    def __init__(self, sluice, *options, scheme="rtmp"):
        sluice.need("serve")
        self.process = sluice.start("serve", "--json", "--listen", f"{scheme}://127.0.0.1:0", "--stats", "0.2", *options)
        self.url = json.loads(self.process.expect(r".*\n", 20, "out")[0])["url"]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.patience = sluice.patience

    def client(self, step):
        client = peers.Client("127.0.0.1", self.port)
        client.sock = Counted(client.sock)
        client.reader = rtmp.Reader(client.sock)
        client.to(step, KEY)
        return client

    def events(self, kind):
        text = self.process.text("out")
        lines = text[: text.rfind("\n") + 1].splitlines()
        return [e for e in map(json.loads, lines) if e["event"] == kind]

    def until(self, kind, done):
        """All events of a kind, once the last one is as is wanted."""
        end = time.monotonic() + 20 * self.patience
        while time.monotonic() < end:
            events = self.events(kind)
            if events and done(events[-1]):
                return events
            time.sleep(0.05)
        raise AssertionError(f"there was no such {kind}: {self.events(kind)[-1:]}")


def added_up(events, direction):
    """The bytes that the bit rates come to."""
    return sum(e[f"bits_per_second_{direction}"] * e["seconds"] / 8 for e in events)


def play(client):
    client.play(KEY)
    client.until("onStatus")


def test_bit_rates_of_a_stream_are_what_was_sent(sluice):
    """In pieces, over several intervals, to a player that is there from the beginning and one that comes late."""
    server = Served(sluice, "--no-record")
    tags = flv.frames(100, size=5000)
    payload = sum(len(body) for _, _, body in tags)
    with server.client("created") as player, server.client("started") as source, server.client("created") as late:
        play(player)
        source.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 65536))
        for at in range(0, len(tags), 20):
            if at == 60:
                play(late)
            source.send(b"".join(rtmp.message(kind, body, 6, stamp, source.stream, 65536)
                                 for kind, stamp, body in tags[at : at + 20]))
            time.sleep(0.15)
        received = [0, 0]
        for i, client in enumerate((player, late)):
            last = None
            while last != tags[-1]:
                m = client.reader.message()
                if m.type in (rtmp.AUDIO, rtmp.VIDEO):
                    last = (m.type, m.timestamp, m.payload)
                if m.type in (rtmp.AUDIO, rtmp.VIDEO, rtmp.DATA) and b"RtmpSampleAccess" not in m.payload:
                    received[i] += len(m.payload)
        assert received[0] == payload > received[1] > 0
        events = server.until("stream", lambda e: e["bytes_in"] == payload and e["bytes_out"] == sum(received))
    assert round(added_up(events, "in")) == payload
    assert round(added_up(events, "out")) == sum(received)
    assert sum(1 for e in events if e["bits_per_second_in"]) > 2
    last = events[-1]
    assert (last["players"], last["waiting"], last["dropped"]) == (2, 0, 0) and last["client"] == 2
    assert last["messages_in"] == len(tags) and (last["video"], last["audio"]) == ("avc1", "mp4a")


def test_bytes_of_all_are_those_on_the_wire(sluice):
    """Handshakes, headers, acknowledgements; of connections that have gone, too."""
    server = Served(sluice, "--no-record")
    clients = [server.client("created"), server.client("started"), server.client("connected"), server.client("half")]
    play(clients[0])
    for i in range(50):
        clients[1].media(rtmp.VIDEO, b"\x17\x01" + bytes(3000 + i), i)
    for client in (clients[1], clients[3], clients[2], clients[0]):
        client.sock.end()
    sent, received = (sum(getattr(c.sock, name) for c in clients) for name in ("sent", "received"))
    events = server.until("server", lambda e: e["connections"] == 0)
    assert events[-1]["bytes_in"] == sent > 150000 and events[-1]["bytes_out"] == received > 150000
    assert round(added_up(events, "in")) == sent and round(added_up(events, "out")) == received
    assert all(e["cpu_seconds"] >= 0 and e["resident"] > 1 << 20 and e["memory"] < 64 << 20 for e in events)
    assert max(e["publishers"] for e in events) <= 1


def test_who_waits_and_what_is_recorded(sluice, clip, tmp_path):
    server = Served(sluice, tmp_path)
    with server.client("created") as player:
        play(player)
        last = server.until("stream", lambda e: e["players"] == 1)[-1]
        assert last["waiting"] == 1 and "client" not in last and "app" not in last
        push = sluice.start("push", clip, server.url + "/live", KEY)
        events = server.until("stream", lambda e: e["recorded"] > 100000)
        last = events[-1]
        assert last["waiting"] == 0 and last["app"] == "live" and last["recording_queued"] <= last["recorded"]
        assert (last["video"], last["audio"]) == ("avc1", "mp4a") and last["width"] > 100 and last["height"] > 100
        assert push.wait(30 * sluice.patience).code == support.OK
        server.until("server", lambda e: e["streams"] == 0)
    result = server.process.stop()
    assert result.code == support.OK and KEY not in result.out.decode()


def test_memory_is_that_of_the_messages(sluice):
    """A megabyte that is kept for players to come counts once, with one player or with three; and then not at all."""
    server = Served(sluice, "--no-record")
    before = server.until("server", lambda e: True)[-1]["memory"]
    players = [server.client("created") for _ in range(3)]
    for player in players:
        play(player)
    with server.client("started") as source:
        source.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 1 << 20))
        source.send(rtmp.message(rtmp.VIDEO, b"\x17\x01" + bytes((1 << 20) - 2), 6, 0, source.stream, 1 << 20))
        for player in players:
            while player.reader.message().type != rtmp.VIDEO:
                pass
        kept = server.until("server", lambda e: e["memory"] > 1 << 20)[-1]["memory"] - before
        assert 1 << 20 <= kept < (1 << 20) + (1 << 19)
    for player in players:
        player.sock.close()
    server.until("server", lambda e: e["connections"] == 0 and e["memory"] < 1 << 19)


@pytest.mark.parametrize("scheme, least", [("rtmp", 0.4), ("rtmps", 1.0)])
def test_memory_of_connections_is_not_made_little_of(sluice, certificates, scheme, least):
    """What 200 that do nothing are said to take, beside what the system says that the process has more for them."""
    if sluice.sanitized or sluice.emulated:
        pytest.skip("a sanitizer, or an emulator, takes memory of its own")
    options = ["--cert", certificates / "good.pem", "--key", certificates / "good.key"] if scheme == "rtmps" else []
    server = Served(sluice, "--no-record", "--max-connections", "300", *options, scheme=scheme)
    trust = ssl.create_default_context(cafile=certificates / "ca.pem") if scheme == "rtmps" else None
    clients, seen = [], []
    for wanted in (50, 250):
        while len(clients) < wanted:
            clients.append(peers.Client("localhost", server.port, tls=trust))
            clients[-1].to("connected")
        seen.append(server.until("server", lambda e: e["connections"] == wanted)[-1])
    said, taken = (seen[1][name] - seen[0][name] for name in ("memory", "resident"))
    assert taken > 200 * 4096 and least * taken < said < 4 * taken
    for client in clients:
        client.sock.close()


def test_refusals_are_counted(sluice):
    server = Served(sluice, "--no-record", "--max-connections", "1")
    with server.client("connected"):
        for _ in range(12):
            peers.Client("127.0.0.1", server.port).sock.close()
        events = server.until("server", lambda e: e["refused_all"] == 12)
    assert sum(e["refused"] for e in events) == 12 and events[-1]["connections"] == 1
    told = server.process.stop().out.decode().splitlines()
    assert sum(e["count"] for e in map(json.loads, told) if e["event"] == "refuse") == 12


def test_as_text(sluice, clip):
    process = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--stats", "0.2", "--no-record")
    url = process.expect(r"rtmp://127\.0\.0\.1:\d+", 20, "out")[0]
    push = sluice.start("push", clip, url + "/live", KEY)
    process.expect(r"Z sluice serve: stream of #1, 127\.0\.0\.1:\d+, at \"live\": 0 players, .* [1-9]\d* kb/s in .*; avc1\+mp4a \d+x\d+\n")
    process.expect(r"Z sluice serve: 1 connections, 1 streams, 1 publishers, 0 players, .* s of CPU in .* KB resident")
    push.process.kill()
    assert process.stop().code == support.OK


@pytest.mark.parametrize("value", ["0", "0.01", "often"])
def test_how_often(sluice, value):
    result = sluice.run("serve", "--no-record", "--stats", value)
    assert result.code == support.USAGE
    one_sentence(result, "--stats takes")


def test_ffmpegs_stream(sluice, clip):
    """Its metadata and configuration are known, whoever made them."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    server = Served(sluice, "--no-record")
    argv = ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", clip, "-c", "copy", "-f", "flv", server.url + "/live/x"]
    with subprocess.Popen([str(a) for a in argv]) as ffmpeg:
        last = server.until("stream", lambda e: e["bytes_in"] > 50000)[-1]
        ffmpeg.kill()
    assert (last["video"], last["audio"]) == ("avc1", "mp4a") and last["width"] > 100 and last["frame_rate"] > 1

# SPDX-License-Identifier: MIT
"""rtmpsuck's relay: all goes through as it is but for SWF verification, and attacks go no further."""
import concurrent.futures
import contextlib
import os
import shutil
import socket
import struct
import sys
import threading
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
import serving as serving_module
import streams
import stubs
import support
import swf
from attacks import BROKEN, HARMLESS
from sucking import End, TAGS, play, push, tc_url, through, until

FOUR_HOURS = 4 * 3600 * 1000
PLAYER, PLAIN = swf.player(compressed=True)
REQUEST, ANSWER = 26, 27


# ---- the relay ----


def test_each_message_goes_through_as_it_is(suck):
    stub = suck()
    odd = [(kind, os.urandom(size), stamp, stream) for kind, size, stamp, stream in (
        (rtmp.AUDIO, 5, 0xFFFFFF, 1), (rtmp.VIDEO, 70000, 0xFFFFFFFF, 1), (16, 300, 7, 0), (19, 1, 8, 0), (21, 9, 9, 5),
        (99, 130, 0x1000000, 0xFFFFFF), (rtmp.COMMAND_AMF3, 200, 3, 2), (rtmp.COMMAND, 77, 3, 0), (rtmp.DATA, 0, 4, 1),
        (rtmp.AGGREGATE, 50, 5, 3), (rtmp.WINDOW_ACK_SIZE, 4, 0, 0), (rtmp.PEER_BANDWIDTH, 5, 0, 0))]
    odd += [(rtmp.USER_CONTROL, struct.pack(">HI", kind, 1), 0, 0) for kind in (0, 1, 2, 4, 6, 7, 31, 32, 99)]
    wanted = [rtmp.Message(kind, stamp, stream, body) for kind, body, stamp, stream in odd]
    with through(stub, swfUrl="x") as (client, server):
        assert server.commands()[0][:2] == ["connect", 1] and server.commands()[0][2]["swfUrl"] == "x"
        for csid, (kind, body, stamp, stream) in enumerate(odd, 3):
            client.send(rtmp.message(kind, body, csid if csid > 5 else csid + 400, stamp, stream))
        assert server.wait(1 + len(odd))[1:] == wanted
        assert {401 + 2, 404, 405, 6, 7} <= set(server.session.reader.streams)
        for csid, (kind, body, stamp, stream) in enumerate(odd, 3):
            server.session.send(rtmp.message(kind, body, csid if csid > 5 else csid + 400, stamp, stream))
        assert [client.reader.message() for _ in odd] == wanted


def test_sizes_of_chunks_are_passed_on(suck):
    stub = suck()
    body = bytes(range(256)) * 40
    with End() as server, stub.client() as client:
        client.handshake()
        client.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 5000))
        client.send(rtmp.command("connect", 1, {"app": "live", "tcUrl": server.url}, chunk_size=5000))
        until(lambda: server.commands())
        assert server.session.reader.chunk_size == 5000
        client.send(rtmp.message(rtmp.VIDEO, body, 6, 0, 1, 5000))
        assert server.wait(3)[-1].payload == body
        server.session.send(rtmp.control(rtmp.SET_CHUNK_SIZE, 300))
        server.session.send(rtmp.message(rtmp.VIDEO, body, 6, 0, 1, 300))
        assert [client.reader.message().type for _ in range(2)] == [rtmp.SET_CHUNK_SIZE, rtmp.VIDEO]
        assert client.reader.chunk_size == 300


def test_acknowledgements_are_each_ends_own(suck):
    """The client's are not handed on, and the server gets such as it is due."""
    stub = suck()
    with through(stub) as (client, server):
        client.send(rtmp.control(rtmp.ACK, 12345))
        client.send(rtmp.command("ping", 2, None))
        assert rtmp.amf0_decode(server.wait(2)[1].payload)[0] == "ping"
        for n in range(20):
            server.media(rtmp.VIDEO, bytes(100000), n)
        for _ in range(20):
            client.reader.message()
        until(lambda: [m for m in server.messages if m.type == rtmp.ACK])
        acks = [struct.unpack(">I", m.payload)[0] for m in server.messages if m.type == rtmp.ACK]
        assert 12345 not in acks and acks == sorted(acks) and acks[-1] > 100000


def test_a_longer_buffer_is_asked_for(suck):
    def asks(stream, ms):
        return rtmp.message(rtmp.USER_CONTROL, struct.pack(">HII", 3, stream, ms), 2)

    stub = suck()
    with through(stub) as (client, server):
        client.send(asks(1, 3000) + asks(0, 3000) + asks(2, FOUR_HOURS + 1))
        got = [struct.unpack(">HII", m.payload) for m in server.wait(4)[1:]]
    assert got == [(3, 1, FOUR_HOURS), (3, 0, 3000), (3, 2, FOUR_HOURS + 1)]


def test_who_does_not_read_is_waited_for(suck):
    """80 MB for a client that takes nothing for a while: they wait at the server, not in memory."""
    stub, count, body = suck(), 800, os.urandom(100000)
    with through(stub) as (client, server):
        sender = threading.Thread(target=lambda: [server.media(rtmp.VIDEO, body, n) for n in range(count)], daemon=True)
        sender.start()
        time.sleep(1)
        before = stub.cpu()
        time.sleep(1)
        assert stub.cpu() - before < 0.3 * stub.patience
        if not support.sanitized(stub.argv[0]):
            assert stub.memory()[0] < 40000
        for n in range(count):
            got = client.reader.message()
            assert got.timestamp == n and got.payload == body
        sender.join(20)


def test_nobody_reads_at_both_ends(suck):
    """Each end sends and reads nothing until the other is through: that must not be for ever."""
    stub, body = suck(), os.urandom(100000)
    with through(stub) as (client, server):
        def flood(send):
            for n in range(100):
                send(rtmp.message(rtmp.VIDEO, body, 6, n, 1))

        threads = [threading.Thread(target=flood, args=(f,), daemon=True) for f in (client.send, server.session.send)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        for n in range(100):
            while (got := client.reader.message()).type != rtmp.VIDEO:
                pass
            assert got.timestamp == n
        until(lambda: [m.timestamp for m in server.messages if m.type == rtmp.VIDEO] == list(range(100)), 30)


# ---- SWF verification ----


def wants_swf(kind=1):
    return rtmp.message(rtmp.USER_CONTROL, struct.pack(">HB", REQUEST, kind), 2)


def events(messages):
    return [m.payload for m in messages if m.type == rtmp.USER_CONTROL]


def test_a_server_that_verifies_players(sluice, suck, tmp_path, certificates, short_clip, background):
    """rtmpdump names its player and cannot prove it: rtmpsuck, which fetches it, can."""
    if not shutil.which("rtmpdump"):
        pytest.skip("rtmpdump is not installed")
    server = serving_module.Serving(sluice, tmp_path / "served", certificates, "--swf-verify",
                                    f"{swf.hash_of(PLAIN)}:{len(PLAIN)}")
    push(sluice, server, short_clip)
    server.recorded()
    web = swf.Web(lambda head: swf.response(PLAYER))
    stub = suck(env={"HOME": str(tmp_path)})
    direct = ["-r", tc_url(server), "-y", "s", "-s", web.url(), "-o"]
    background("rtmpdump", "-q", "-m", "5", *direct, tmp_path / "direct").process.wait(30)
    assert (tmp_path / "direct").stat().st_size < 1000 and web.heads == []
    background("rtmpdump", "-q", "-r", stub.url(), "-t", *direct[1:], tmp_path / "got").process.wait(30)
    stub.expect("done!")
    streams.check(short_clip, stub.folder / "s", shift=0)
    assert len(web.heads) == 1 and web.heads[0].startswith("GET /player.swf HTTP/1.")
    server.stop()


def test_players_are_vouched_for_as_debians_does(sluice, tmp_path, short_clip):
    """The same client and server, the player on the web; without that, nothing is played."""
    (tmp_path / "player.swf").write_bytes(PLAYER)
    played = []
    for program in stubs.both(sluice, "rtmpsuck"):
        folder = tmp_path / program.parent.name
        script = (f"mkdir served web; cp {tmp_path}/player.swf web\n"
                  f"{sluice.path} serve -l rtmp://127.0.0.1:1936 --swf-verify {swf.hash_of(PLAIN)}:{len(PLAIN)} served >said 2>&1 & server=$!\n"
                  f"{sys.executable} -m http.server -d web --bind 127.0.0.1 8000 >asked 2>&1 & web=$!\n"
                  "for p in 1936 8000; do for i in $(seq 100); do ss -Htln sport = $p | grep -q . && break; sleep 0.1; done; done\n"
                  f"timeout 30 {sluice.path} push --fast {short_clip} rtmp://127.0.0.1:1936/live s\n"
                  "for name in nothing player; do timeout 30 rtmpdump -q -m 5 -r rtmp://127.0.0.1/live -t rtmp://127.0.0.1:1936/live -y s "
                  "-s http://127.0.0.1:8000/$name.swf -o $name; done\nkill $web $server")
        code, _, err = stubs.apart(f"HOME={folder} {program}", folder, script, sluice.patience)
        assert code == 0, err
        assert "GET /player.swf" in (folder / "asked").read_text()
        assert not (folder / "nothing").exists() or (folder / "nothing").stat().st_size < 1000
        played.append(flvcmp.media(streams.load(folder / "player")))
    streams.check(*played)
    assert len(played[0]) > 100


def test_the_answer_is_the_proxys_own(suck, tmp_path):
    """Of the type that it knows; any other request is the client's to answer."""
    web = swf.Web(lambda head: swf.response(PLAYER))
    stub = suck(env={"HOME": str(tmp_path)})
    with through(stub, swfUrl=web.url()) as (client, server):
        server.session.send(wants_swf() + wants_swf(2))
        assert client.reader.message().payload == struct.pack(">HB", REQUEST, 2)
        until(lambda: events(server.messages))
        (answer,) = events(server.messages)
        assert answer[:12] == struct.pack(">HBBII", ANSWER, 1, 1, len(PLAIN), len(PLAIN)) and len(answer) == 44


@pytest.mark.parametrize("where", ["missing", "nowhere", "no url", "file"])
def test_a_player_that_cannot_be_had(suck, tmp_path, where):
    web = swf.Web(lambda head: swf.response(b"", "404 Not Found"))
    url = {"missing": web.url(), "nowhere": "http://127.0.0.1:1/x.swf", "no url": "x.swf", "file": "file:///etc/passwd"}[where]
    stub = suck(env={"HOME": str(tmp_path)})
    with through(stub, swfUrl=url) as (client, server):
        server.session.send(wants_swf())
        assert client.reader.message().payload == struct.pack(">HB", REQUEST, 1)
        assert events(server.messages) == []
    assert ("WARNING: SWF verification will be the client's own: " in stub.text()) == (where in ("missing", "nowhere"))


def test_a_web_server_that_says_nothing(suck, tmp_path):
    """It holds up the client that named it, and nobody else; nor the end."""
    asked = threading.Event()

    def stall(head):
        asked.set()
        time.sleep(60)
        return b""

    web = swf.Web(stall)
    stub = suck(env={"HOME": str(tmp_path)})
    with End() as server, stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": server.url, "swfUrl": web.url()})
        assert asked.wait(20)
        before = stub.cpu()
        with through(stub) as (other, second):
            play(other, second, "x", TAGS)
        time.sleep(0.5)
        assert stub.cpu() - before < 0.3 * stub.patience
        assert server.messages == []
        stub.ends()


# ---- attacks ----


def sound(stub):
    with through(stub) as (client, server):
        play(client, server, "sound", TAGS)
    until(lambda: any((stub.folder / name).read_bytes() == flv.flv(TAGS) for name in stub.files() if name[:5] == "sound"))
    result = stub.ends()
    if not support.sanitized(stub.argv[0]):
        assert result.resident < 100000


@pytest.mark.parametrize("who", ["client", "server"])
def test_attacks(suck, who):
    """What one end sends that is no RTMP ends the connection, or goes on to the other end, and that is all."""
    stub = suck()

    def attack(data):
        with through(stub) as (client, server):
            drain = threading.Thread(target=lambda: client.ended(20), daemon=True)
            if who == "server":
                drain.start()
            with contextlib.suppress(OSError):
                (client.sock if who == "client" else server.session.sock).sendall(data)
                (client.sock if who == "client" else server.session.sock).shutdown(socket.SHUT_WR)
            if who == "client":
                assert client.ended(20 * stub.patience)
            else:
                drain.join(20 * stub.patience)
                assert not drain.is_alive()

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(attack, [*BROKEN.values(), *HARMLESS.values()]))
    sound(stub)


@pytest.mark.parametrize("step", ["handshaken", "accepted", "c0"])
def test_attacks_before_connect(suck, step):
    stub = suck()

    def attack(data):
        with stub.client() as client:
            client.to(step)
            with contextlib.suppress(OSError):
                client.send(data)
                client.sock.shutdown(socket.SHUT_WR)
            assert client.ended(20 * stub.patience)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(attack, [*BROKEN.values(), *HARMLESS.values()]))
    sound(stub)


def test_plays_without_end(suck):
    """A client that asks for one stream after the other, and a server that plays each: a bounded number of files."""
    stub = suck()
    with through(stub) as (client, server):
        for n in range(80):
            client.call("play", None, f"n{n}", stream=1)
            server.wait(2 + n)
            server.status("NetStream.Play.Start")
            server.media(rtmp.AUDIO, b"x", n)
            client.until("onStatus")
            client.reader.message()
    stub.expect("WARNING: A client has played 64 streams: no more of them are recorded")
    assert len(stub.files()) == 64
    sound(stub)


def test_servers_that_stall_or_break_off(suck):
    stub = suck()

    def off(step, action):
        with peers.Server(step, action) as server, stub.client() as client:
            client.handshake()
            client.call("connect", {"app": "live", "tcUrl": server.url()})
            assert client.ended(40 * stub.patience)

    cases = [(step, action) for step in ("accepted", "c0c1", "s0s1") for action in (peers.close, peers.reset, peers.garbage,
                                                                                    peers.http)]
    cases += [("accepted", peers.stall), ("c0c1", peers.stall)]
    before = stub.cpu()
    with concurrent.futures.ThreadPoolExecutor(7) as pool:
        list(pool.map(lambda case: off(*case), cases))
    assert stub.cpu() - before < 3 * stub.patience
    sound(stub)

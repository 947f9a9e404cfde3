# SPDX-License-Identifier: MIT
"""rtmpsuck between clients and servers: all goes through as it is, and what is played is in a file, tag by tag."""
import concurrent.futures
import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import types

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

FOUR_HOURS = 4 * 3600 * 1000
QUIET = ["-nostdin", "-v", "error"]


@pytest.fixture
def suck(sluice, tmp_path):
    running = []

    def start(*options, **settings):
        running.append(stubs.Stub(sluice, "rtmpsuck", tmp_path / f"suck{len(running)}", *options, **settings))
        return running[-1]

    yield start
    for stub in running:
        stub.__exit__()


def until(what, timeout=20):
    """what(), once it is true."""
    end = time.monotonic() + timeout
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


class End:
    """A server for one client, driven by hand: messages that came, and the connection to send on."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtmp://127.0.0.1:{self.listener.getsockname()[1]}/live"
        self.messages, self.session, self.reads = [], None, True
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError, peers.Ended):
            sock, _ = self.listener.accept()
            sock.settimeout(60)
            session = peers.Session(types.SimpleNamespace(step=None, dribble=0), sock)
            session.reader = rtmp.Reader(sock)
            session.handshake()
            self.session = session
            while True:
                self.messages.append(session.reader.message())
        self.closed.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        if self.session:
            with contextlib.suppress(OSError):
                self.session.sock.shutdown(socket.SHUT_RDWR)
            self.session.sock.close()

    def commands(self):
        return [rtmp.amf0_decode(m.payload) for m in self.messages if m.type == rtmp.COMMAND]

    def wait(self, count, timeout=20):
        until(lambda: len(self.messages) >= count, timeout)
        return self.messages

    def say(self, *values, stream=0):
        self.session.send(rtmp.command(*values, stream=stream, csid=3 if not stream else 5))

    def status(self, code, stream=1):
        self.say("onStatus", 0, None, {"level": "status", "code": code, "description": "-"}, stream=stream)

    def media(self, kind, payload, timestamp=0, stream=1):
        self.session.send(rtmp.message(kind, payload, 6, timestamp, stream))


@contextlib.contextmanager
def through(stub, **info):
    """A client and a server with rtmpsuck between, the client's connect command at the server."""
    with End() as server, stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": server.url, **info})
        until(lambda: server.messages)
        yield client, server


def recording(stub, name):
    """A recording's tags, once it is whole: rtmpsuck has it closed when it says that the connection is."""
    return streams.load(stub.folder / name)


# ---- what is played, and what is recorded ----


def push(sluice, serving, clip):
    pushed = sluice.run("push", "--fast", clip, serving.url())
    assert pushed.code == support.OK, pushed.err


def tc_url(serving):
    return serving.url(stream="").rstrip("/")


@pytest.mark.parametrize("scheme", ["rtmp", "rtmpe"])
def test_rtmpdump_plays_through_it(sluice, suck, serving, background, clip, tmp_path, scheme):
    stub, got = suck(), tmp_path / "got.flv"
    url = tc_url(serving).replace("rtmp:", f"{scheme}:")
    player = background("rtmpdump", "-r", stub.url(scheme=scheme), "-t", url, "-y", "s", "--live", "-o", got)
    serving.wait("play")
    push(sluice, serving, clip)
    player.process.wait(60)
    stub.expect("done!")
    streams.check(clip, stub.folder / "s", shift=0)
    streams.check(streams.large_enough(clip), got, shift=0)
    assert len(flvcmp.media(recording(stub, "s"))) > 500
    assert [e["rtmpe"] for e in serving.events("connect")][0] == (8 if scheme == "rtmpe" else 0) or scheme == "rtmpe"
    for line in ("Processing connect", "app: live", f"tcUrl: {url}", "Playpath: s", "Saving as: s",
                 "Closing connection... done!"):
        assert f"\n{line}\n" in stub.text()


def test_ffmpeg_plays_through_it_from_nginx(suck, nginx, foreign, short_clip, tmp_path):
    stub, got = suck(), tmp_path / "got.flv"
    shutil.copy(short_clip, nginx.dir / "vod" / "s.flv")
    foreign("ffmpeg", *QUIET, "-rtmp_tcurl", f"rtmp://127.0.0.1:{nginx.rtmp}/vod", "-i", stub.url("vod/s.flv"), "-c", "copy",
            "-copyts", got)
    stub.expect("done!")
    wanted, *have = ([[t.body for t in streams.without_repeated_headers(streams.load(p)) if t.type == kind]
                      for kind in (flvcmp.AUDIO, flvcmp.VIDEO)] for p in (short_clip, got, stub.folder / "s"))  # FFmpeg takes ".flv" away
    assert have == [wanted, wanted] and min(map(len, wanted)) > 50


def test_what_is_published_goes_through(suck, serving, foreign, short_clip):
    stub = suck()
    foreign("ffmpeg", *QUIET, "-i", short_clip, "-c", "copy", "-f", "flv", "-rtmp_tcurl", tc_url(serving),
            stub.url("live/s"))
    streams.check(short_clip, serving.recorded(), shift=0)
    stub.expect("done!")
    assert stub.files() == []


def test_as_debians_does(sluice, tmp_path, short_clip):
    """The same session through both: what they say of it, and what they record but for tags that Debian's leaves out."""
    seen = []
    for n, program in enumerate(stubs.both(sluice, "rtmpsuck")):
        folder = tmp_path / f"at{n}"
        script = (f"mkdir served; {sluice.path} serve -l rtmp://127.0.0.1:1936 served >said 2>&1 & server=$!\n"
                  "for i in $(seq 100); do ss -Htln sport = 1936 | grep -q . && break; sleep 0.1; done\n"
                  "timeout 30 rtmpdump -q -r rtmp://127.0.0.1/live -t rtmp://127.0.0.1:1936/live -y 'mp4:a/s1?k=v' --live -o got & player=$!\n"
                  "for i in $(seq 100); do grep -q Playpath err && break; sleep 0.1; done; sleep 0.5\n"
                  f"timeout 30 {sluice.path} push --fast {short_clip} rtmp://127.0.0.1:1936/live 'mp4:a/s1?k=v'\n"
                  "wait $player; sleep 0.5; kill $server")
        code, out, err = stubs.apart(program, folder, script, sluice.patience)
        assert code == 0 and out == b""
        lines = [re.sub(r"^RTMP Proxy Server.*|^\(c\).*", "", line) for line in err.splitlines()]
        seen.append((set(filter(None, lines)), streams.load(folder / "s1"), (folder / "listening").read_text()))
    assert {"Streaming on rtmp://0.0.0.0:1935", "Processing connect", "app: live", "Playpath: mp4:a/s1?k=v",
            "Saving as: s1", "Closing connection... done!", "Exiting"} <= seen[0][0] & seen[1][0]
    assert "0.0.0.0:1935" in seen[0][2] and "0.0.0.0:1935" in seen[1][2]
    theirs, ours = (flvcmp.media(tags) for _, tags, _ in seen)
    streams.check(theirs, [tag for tag in ours if not streams.is_too_small(tag)])
    streams.check(streams.load(short_clip), seen[1][1], shift=0)


def test_where_netfilter_takes_it_from(sluice, tmp_path, short_clip):
    """A client that means another machine, and whose tcUrl names a third: the server is the one that it meant."""
    program = stubs.beside(sluice, "rtmpsuck")
    for needed in ("nft", "setpriv", "rtmpdump"):
        if not shutil.which(needed):
            pytest.skip(f"{needed} is not installed")
    rule = "nft add rule ip nat output ip daddr 192.0.2.9 tcp dport 1935 meta skuid != 65534 redirect to :29999"
    network = ("ip link set lo up && ip addr add 192.0.2.9/32 dev lo && nft add table ip nat && "
               f"nft 'add chain ip nat output {{ type nat hook output priority -100; }}' && {rule}")
    if subprocess.run(["unshare", "--net", "sh", "-c", network], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces with netfilter are not to be had here")
    for folder in [tmp_path, *tmp_path.parents[:2]]:
        folder.chmod(0o755)
    taken = tmp_path / "taken"
    taken.mkdir()
    taken.chmod(0o777)
    shutil.copy(program, tmp_path / "rtmpsuck")
    script = (f"{network}\nmkdir served; {sluice.path} serve -l rtmp://192.0.2.9:1935 -l rtmp://127.0.0.1:1936 served >said 2>&1 & server=$!\n"
              "(cd taken; exec setpriv --reuid 65534 --regid 65534 --clear-groups ../rtmpsuck -D 127.0.0.1 -g 29999 "
              "</dev/null 2>../err) & stub=$!\n"
              "for i in $(seq 100); do grep -q Streaming err && break; sleep 0.1; done\n"
              "timeout 30 rtmpdump -q -r rtmp://192.0.2.9/live -t rtmp://third.invalid/live -y s --live -o got & player=$!\n"
              "for i in $(seq 100); do grep -q Playpath err && break; sleep 0.1; done; sleep 0.5\n"
              f"timeout 30 {sluice.path} push --fast {short_clip} rtmp://127.0.0.1:1936/live s\n"
              "wait $player; sleep 0.5; kill $stub $server; wait")
    subprocess.run(["unshare", "--net", "sh", "-c", script], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=120 * sluice.patience, check=False)
    said = (tmp_path / "err").read_text()
    assert "tcUrl: rtmp://third.invalid/live\nPlaypath: s\n" in said, said
    streams.check(short_clip, taken / "s", shift=0)


def test_a_client_that_dies_leaves_the_recording_to_go_on(suck, sluice, serving, background, short_clip, tmp_path):
    stub = suck()
    player = background("rtmpdump", "-q", "-r", stub.url(), "-t", tc_url(serving), "-y", "s", "--live", "-o", tmp_path / "got")
    serving.wait("play")
    with sluice.start("push", short_clip, serving.url()) as publisher:
        until(lambda: stub.files() == ["s"])
        player.process.kill()
        assert publisher.wait(60).code == support.OK
    stub.expect("done!", 30)
    streams.check(short_clip, stub.folder / "s", shift=0)


def test_several_at_once(suck):
    stub = suck()

    def one(n):
        with through(stub) as (client, server):
            client.call("play", None, f"name{n}", stream=1)
            server.wait(2)
            server.status("NetStream.Play.Start")
            sent = [struct.pack(">BBHI", 0xAF, 1, n, i) * 20 for i in range(50)]
            for i, body in enumerate(sent):
                server.media(rtmp.AUDIO, body, i)
            server.status("NetStream.Play.Stop")
            while client.until("onStatus")[3]["code"] != "NetStream.Play.Stop":
                pass
            until(lambda: (stub.folder / f"name{n}").read_bytes()[-4:] == struct.pack(">I", 11 + len(sent[-1])))
        return [t.body for t in recording(stub, f"name{n}")] == sent

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert all(pool.map(one, range(24)))


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


# ---- what is recorded, and under which name ----


def play(client, server, name, tags, stream=1, code="NetStream.Play.Stop"):
    before = len(server.messages)
    client.call("play", None, name, stream=stream)
    server.wait(before + 1)
    server.status("NetStream.Play.Start", stream)
    for kind, stamp, body in tags:
        server.media(kind, body, stamp, stream)
    server.status(code, stream)
    while client.until("onStatus")[3]["code"] != code:
        pass


TAGS = [(rtmp.DATA, 0, rtmp.amf0("onMetaData", {"a": 1})), (rtmp.AUDIO, 1, b"\xaf\x01x"), (rtmp.VIDEO, 2, b"\x17\x02\0\0\0"),
        (rtmp.AUDIO, 0x1234567, b"\xaf")]


def test_the_file(suck):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", [*TAGS, (rtmp.DATA, 3, rtmp.amf0("|RtmpSampleAccess", True, True)), (rtmp.AUDIO, 3, b"")])
        server.media(rtmp.AUDIO, b"late", 9)
        assert client.reader.message().payload == b"late"
    stub.expect("done!")
    assert (stub.folder / "x").read_bytes() == flv.flv(TAGS)


@pytest.mark.parametrize("name, file", [
    ("../../up", "up"), ("/etc/passwd", "passwd"), ("-rf", "rf"), (".hidden", "hidden"), ("..", "stream"), ("mp4:a/b.mp4?k=v", "b.mp4"),
    ("a:b c\n;$(x)", "a_b_c____x_"), ("x" * 300, "x" * 199), ("\x1b[2J", "__2J"),
])
def test_names_are_safe(suck, name, file):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, name, TAGS)
    stub.expect("done!")
    assert stub.files() == [file] and (stub.folder / file).read_bytes() == flv.flv(TAGS)
    assert not re.search("[^ -~\n]", stub.text()), "what a client sends is shown without control characters"


def test_nothing_is_written_over(suck, tmp_path):
    stub = suck()
    (stub.folder / "x").write_text("mine")
    (stub.folder / "x01").symlink_to(tmp_path / "elsewhere")
    with through(stub) as (client, server):
        play(client, server, "x", TAGS)
        play(client, server, "dir/x", TAGS[1:])
    stub.expect("done!")
    assert stub.files() == ["x", "x01", "x02", "x03"]
    assert (stub.folder / "x").read_text() == "mine" and not (tmp_path / "elsewhere").exists()
    assert (stub.folder / "x02").read_bytes() == flv.flv(TAGS)
    assert (stub.folder / "x03").read_bytes() == flv.flv(TAGS[1:])


@pytest.mark.parametrize("code", ["NetStream.Play.Stop", "NetStream.Play.Complete", "NetStream.Play.Failed", "NetStream.Failed",
                                  "NetStream.Play.StreamNotFound"])
def test_the_server_ends_a_recording(suck, code):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code=code)
        server.media(rtmp.AUDIO, b"late", 9)
        assert client.reader.message().payload == b"late"
        until(lambda: (stub.folder / "x").read_bytes() == flv.flv(TAGS))


@pytest.mark.parametrize("command, on", [("closeStream", 1), ("deleteStream", 0), ("close", 0)])
def test_the_client_ends_a_recording(suck, command, on):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code="NetStream.Play.Reset")
        client.call(command, None, *([1] if command == "deleteStream" else []), stream=on)
        server.wait(3)
        server.media(rtmp.AUDIO, b"late", 9)
        assert client.reader.message().payload == b"late"
        until(lambda: (stub.folder / "x").read_bytes() == flv.flv(TAGS))


def test_a_refused_play_leaves_no_file(suck):
    stub = suck()
    with through(stub) as (client, server):
        client.call("play", None, "x", stream=1)
        server.wait(2)
        server.status("NetStream.Play.StreamNotFound")
        client.until("onStatus")
    stub.expect("done!")
    assert stub.files() == [] and "Playpath: x\n" in stub.text()


def test_two_streams_at_once_and_one_after_another(suck):
    stub = suck()
    with through(stub) as (client, server):
        for stream, name in (1, "a"), (2, "b"):
            client.call("play", None, name, stream=stream)
        server.wait(3)
        for n in range(10):
            server.media(rtmp.AUDIO, b"A%d" % n, n, 1)
            server.media(rtmp.AUDIO, b"B%d" % n, n, 2)
        for _ in range(20):
            client.reader.message()
        client.call("play", None, "c", 0, -1, False, stream=1)  # once "a" is over, which goes on
        server.wait(4)
        server.media(rtmp.AUDIO, b"A10", 10, 1)
        server.status("NetStream.Play.Start", 1)
        server.media(rtmp.AUDIO, b"C", 0, 1)
        client.until("onStatus")
        client.reader.message()
    stub.expect("done!")
    assert [t.body for t in recording(stub, "a")] == [b"A%d" % n for n in range(11)]
    assert [t.body for t in recording(stub, "b")] == [b"B%d" % n for n in range(10)]
    assert [t.body for t in recording(stub, "c")] == [b"C"]


def test_a_disk_that_is_full(sluice, suck):
    stub = suck(prefix=["prlimit", "--fsize=2000"])
    with through(stub) as (client, server):
        play(client, server, "x", [(rtmp.VIDEO, n, bytes(1000)) for n in range(20)])
    stub.expect("ERROR: The recording ends here, for it cannot be written: File too large")
    stub.expect("done!")


# ---- where it goes ----


@pytest.mark.parametrize("tc_url", [None, "", "nonsense", "http://127.0.0.1/", "rtmp://", "rtmp://host:99999/x", "rtmp://a b/"])
def test_a_tcurl_that_names_no_server(suck, tc_url):
    stub = suck()
    with stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", **({} if tc_url is None else {"tcUrl": tc_url})})
        assert client.ended(20)
    stub.expect("ERROR: A client's tcUrl names no server: ")
    stub.ends()


def test_a_server_that_is_not_there(suck):
    stub = suck()
    with stub.client() as client, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": f"rtmp://127.0.0.1:{taken.getsockname()[1]}/live"})
        assert client.ended(20)
    stub.expect("ERROR: .*Connection refused|ERROR: .*refused")
    stub.ends()


def test_a_tcurl_that_names_itself(suck):
    """Each connection makes another, until there are no more to be had."""
    stub = suck()
    with stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": stub.url()})
        assert client.ended(30)
    stub.expect("WARNING: A client was turned away: 64 are connected")
    until(lambda: stub.text().count("done!\n") == 64)
    with through(stub) as (client, server):
        assert server.commands()
    stub.ends()


def test_rtmps_behind_it(sluice, suck, serving, certificates, short_clip):
    """A tcUrl of rtmps: the certificate is verified, here against the folder that OpenSSL takes for the system's."""
    push(sluice, serving, short_clip)
    serving.recorded()
    url = serving.url("rtmps", stream="").rstrip("/")
    for trusted in (False, True):
        stub = suck(env={"SSL_CERT_FILE": str(certificates / "ca.pem")} if trusted else None)
        with stub.client() as client:
            client.handshake()
            client.call("connect", {"app": "live", "tcUrl": url})
            if trusted:
                assert client.until("_result", "_error")[0] == "_result"
            else:
                assert client.ended(20)
                stub.expect("ERROR: .*certificate")


# ---- SWF verification ----

PLAYER, PLAIN = swf.player(compressed=True)
REQUEST, ANSWER = 26, 27


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


# ---- its options ----


def test_device_and_port(sluice, tmp_path):
    program = stubs.beside(sluice, "rtmpsuck")
    with support.Process([program, "--device", "127.0.0.2", "--sport", "0"], cwd=tmp_path) as stub:
        port = stub.expect(r"Streaming on rtmp://127\.0\.0\.2:(\d+)\n")[1]
        with support.Process([program, "-D", "127.0.0.2", "-g", port]) as second:
            result = second.wait(20)
        assert result.code == 1 and "ERROR: Failed to start RTMP server, exiting!" in result.err


@pytest.mark.parametrize("options", [["--nonsense"], ["operand"], ["-g"], ["-g", "70000"], ["-D", "no.such.host.invalid"]])
def test_what_cannot_be(sluice, options):
    with support.Process([stubs.beside(sluice, "rtmpsuck"), "-D", "127.0.0.1", "-g", "0", *options]) as stub:
        result = stub.wait(20 * sluice.patience)
    assert result.code == 1 and result.out == b"" and len(result.err.splitlines()) > 2


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(sluice, option):
    with support.Process([stubs.beside(sluice, "rtmpsuck"), option]) as stub:
        result = stub.wait(20)
    assert result.code == 0
    assert set(re.findall(r"--[a-z-]+", result.err)) == {"--help", "--device", "--sport", "--debug"}


@pytest.mark.parametrize("option", ["-z", "--debug"])
def test_debug(suck, option):
    for stub in (quiet := suck()), (verbose := suck(option)):
        with through(stub) as (client, server):
            server.media(rtmp.AUDIO, b"x")
            client.reader.message()
        stub.expect("done!")
    assert "DEBUG" not in quiet.ends().err
    assert "DEBUG2: The server sent a message of type 08, 1 bytes" in verbose.ends().err


# ---- how it ends ----


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signals(suck, sig):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code="NetStream.Play.Reset")
        assert stub.stop(sig, 15 * stub.patience).code == 0
        assert client.ended(5) and server.closed.wait(5)
    assert (stub.folder / "x").read_bytes() == flv.flv(TAGS)


def test_the_console(suck):
    stub = suck(stdin=subprocess.PIPE)
    with through(stub):
        stub.process.stdin.write(b"x\nq")
        stub.process.stdin.flush()
        result = stub.wait(15 * stub.patience)
    assert result.code == 0 and "Unknown command 'x', ignoring\n" in result.err and "Exiting\n" in result.err
    stub.process.stdin.close()


def test_a_console_that_ends_is_no_command(suck):
    stub = suck()
    before = stub.cpu()
    time.sleep(1)
    assert stub.cpu() - before < 0.3
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

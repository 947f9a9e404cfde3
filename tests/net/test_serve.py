# SPDX-License-Identifier: MIT
"""sluice serve: what is published is what is stored and played, by our own command and by other people's software."""

import json
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time

import pytest

import flv
import flvcmp
import support
from support import KEY, one_sentence

PLACES = ["--listen", "rtmp://127.0.0.1:0", "--listen", "rtmps://127.0.0.1:0"]


class Server:
    """A running `sluice serve`, its folder and its URLs."""

    def __init__(self, process, folder):
        self.process, self.folder = process, folder
        self.ports = {s: int(process.expect(rf"listening on {s}://127\.0\.0\.1:(\d+)", 20, "out")[1]) for s in ("rtmp", "rtmps")}

    def url(self, scheme="rtmp", app="live"):
        return f"{scheme}://localhost:{self.ports[scheme]}/{app}"

    def stored(self, name=f"live/{KEY}.flv"):
        return self.folder / name

    def expect(self, pattern):
        return self.process.expect(pattern, 20, "err")


@pytest.fixture
def serve(sluice, certificates, tmp_path):
    sluice.need("serve")

    def serve(*options, prefix=(), folder="recorded"):
        (tmp_path / folder).mkdir(exist_ok=True)
        argv = [*prefix, sluice.path, "serve", *PLACES, "--cert", certificates / "good.pem", "--key",
                certificates / "good.key", *options, tmp_path / folder]
        process = support.Process(argv)
        sluice.running.append(process)
        return Server(process, tmp_path / folder)

    return serve


@pytest.fixture
def trust(certificates):
    return ["--ca-file", certificates / "ca.pem"]


def same(wanted, got, late=False, prefix=False):
    wanted, got = flvcmp.media(flvcmp.read(wanted)), flvcmp.media(flvcmp.read(got))
    if late:
        wanted, got = flvcmp.align(wanted, got)
    assert flvcmp.difference(wanted, got, prefix=prefix) is None
    return len(got)


def run(argv, timeout=60):
    done = subprocess.run([str(a) for a in argv], capture_output=True, timeout=timeout, check=False)
    return done.returncode, done.stderr.decode(errors="replace")


def need_program(name, *probe):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    if probe and subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip(f"{' '.join(probe)} fails")


# ---- with ourselves ----


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_stored_and_played_is_what_was_sent(sluice, serve, trust, clip, tmp_path, scheme):
    server = serve()
    players = [sluice.start("pull", *trust, "--wait=20", server.url(scheme) + "/" + KEY, tmp_path / f"{i}.flv") for i in range(3)]
    for i in range(3):
        server.expect(rf"#{i + 1}, \S+, plays from \"live\"")
    result = sluice.run("push", "--fast", *trust, clip, server.url(scheme), KEY)
    assert result.code == support.OK, result.err
    for i, player in enumerate(players):
        assert player.wait(20 * sluice.patience).code == support.OK
        assert same(clip, tmp_path / f"{i}.flv") == 685
    assert server.process.stop().code == support.OK
    assert same(clip, server.stored()) == 685


def test_duration_and_size_are_patched(sluice, serve, clip):
    server = serve()
    assert sluice.run("push", "--fast", clip, server.url(), KEY).code == support.OK
    server.process.stop()
    data = server.stored().read_bytes()
    assert data[4] == 5
    assert double_after(data, b"filesize") == len(data)
    assert 9.9 < double_after(data, b"duration") < 10.1


def double_after(data, name):
    at = data.index(b"\0\x08" + name + b"\0") + 2 + len(name) + 1
    return struct.unpack(">d", data[at : at + 8])[0]


def test_a_late_player_starts_with_a_key_frame(sluice, serve, clip, tmp_path):
    server = serve()
    push = sluice.start("push", clip, server.url(), KEY)
    server.expect("publishes")
    time.sleep(3)
    pull = sluice.start("pull", server.url() + "/" + KEY, tmp_path / "late.flv")
    assert push.wait(30 * sluice.patience).code == support.OK
    assert pull.wait(20 * sluice.patience).code == support.OK
    assert 300 < same(clip, tmp_path / "late.flv", late=True) < 685
    tags = flvcmp.media(flvcmp.read(tmp_path / "late.flv"))
    assert [t.body[:2] for t in tags[:3]] == [b"\x17\0", b"\xaf\0", b"\x17\x01"]


def test_a_player_that_stops_reading_delays_nobody(sluice, serve, tmp_path):
    """It is stopped while 60 MB pass, far more than all buffers hold: it loses frames, and the publisher goes on."""
    big = tmp_path / "big.flv"
    big.write_bytes(flv.flv(flv.frames(1000, size=60000)))
    server = serve("--max-queue", "1024", "--no-record")
    url = server.url() + "/" + KEY
    good = sluice.start("pull", "--wait=20", url, tmp_path / "good.flv")
    server.expect("#1, .*plays")
    stuck = sluice.start("pull", "--wait=20", url, tmp_path / "stuck.flv")
    server.expect("#2, .*plays")
    stuck.process.send_signal(signal.SIGSTOP)
    result = sluice.run("push", "--fast", big, server.url(), KEY, timeout=60)
    assert result.code == support.OK, result.err
    assert server.expect(r"#3 published .*: (\d+) messages")[1] == "2002"
    assert good.wait(30 * sluice.patience).code == support.OK
    stuck.process.send_signal(signal.SIGCONT)
    sent, dropped = server.expect(r"#2 played .*: (\d+) messages, (\d+) dropped").groups()
    assert int(dropped) > 0 and int(sent) + int(dropped) >= 2002
    assert stuck.wait(30 * sluice.patience).code == support.OK
    # Whole groups of pictures are missing: what follows a gap is a key frame, or audio of its time.
    got = [t for t in flvcmp.media(flvcmp.read(tmp_path / "stuck.flv")) if t.type == flvcmp.VIDEO and t.body[1] == 1]
    numbers = [struct.unpack(">I", t.body[5:9])[0] for t in got]
    assert len(numbers) < 1000
    assert all(b == a + 1 or b % 25 == 0 for a, b in zip(numbers, numbers[1:]))


def test_a_name_is_published_once(sluice, serve, clip):
    server = serve()
    first = sluice.start("push", clip, server.url(), KEY)
    server.expect("publishes")
    second = sluice.run("push", clip, server.url(), KEY)
    assert second.code == support.REFUSED
    one_sentence(second, "NetStream.Publish.BadName")
    assert first.stop(signal.SIGINT).code == support.INTERRUPTED
    server.expect("#1 published")
    assert sluice.run("push", "--fast", clip, server.url(), KEY).code == support.OK
    server.process.stop()
    # Nothing is written over.
    assert same(clip, server.stored(f"live/{KEY}.1.flv")) == 685
    assert same(clip, server.stored(), prefix=True) < 685


@pytest.mark.parametrize("name", ["../out", "a/../../out", "..", "a/.."])
def test_no_name_leads_outside(sluice, serve, clip, tmp_path, name):
    server = serve()
    result = sluice.run("push", "--fast", clip, server.url(), name)
    assert result.code == support.REFUSED, result.err
    server.process.stop()
    assert not [p for p in tmp_path.rglob("*.flv")]


def test_what_is_stored_before_the_disk_is_full_is_kept(sluice, serve, clip):
    need_program("prlimit")
    server = serve(prefix=["prlimit", "--fsize=300000"])
    assert sluice.run("push", "--fast", clip, server.url(), KEY).code == support.OK
    server.expect("recording stopped: File too large; the [0-9]+ bytes stored before are kept in ")
    server.process.stop()
    assert 200000 < server.stored().stat().st_size <= 300000
    assert 100 < same(clip, server.stored(), prefix=True) < 685


def test_stopping_loses_nothing_that_had_come(sluice, serve, clip, tmp_path):
    server = serve()
    pull = sluice.start("pull", "--wait=20", server.url() + "/" + KEY, tmp_path / "out.flv")
    server.expect("plays")
    push = sluice.start("push", clip, server.url(), KEY)
    server.expect("publishes")
    time.sleep(2)
    assert server.process.stop().code == support.OK
    assert pull.wait(20 * sluice.patience).code == support.OK
    assert push.wait(20 * sluice.patience).code != support.OK
    assert same(clip, server.stored(), prefix=True) > 60
    assert same(server.stored(), tmp_path / "out.flv") > 60


def test_json_says_all(sluice, certificates, tmp_path, clip):
    sluice.need("serve")
    process = sluice.start("serve", "--json", "--listen", "rtmp://127.0.0.1:0", tmp_path)
    url = json.loads(process.expect(r".*\n", 20, "out")[0])["url"]
    assert sluice.run("push", "--fast", clip, url + "/live", KEY).code == support.OK
    process.expect('"recorded"', 20, "out")
    result = process.stop()
    assert result.code == support.OK and result.err == ""
    events = [json.loads(line) for line in result.out.decode().splitlines()]
    # Another thread records.
    of_files = [e for e in events if e["event"].startswith("record")]
    events = [e for e in events if e not in of_files]
    assert [e["event"] for e in events] == ["listening", "connect", "publish", "unpublish", "close"]
    assert events[3]["messages"] == 686 and events[3]["app"] == "live"
    assert [e["event"] for e in of_files] == ["record", "recorded"]
    # The key is a secret.
    assert [e["file"] for e in of_files] == ["*.flv", "*.flv"]
    assert of_files[1]["stored"] == (tmp_path / "live" / f"{KEY}.flv").stat().st_size
    assert KEY not in result.out.decode()


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_recordings_are_played(sluice, serve, trust, tmp_path, scheme):
    """Faster than real time, and more of it than all buffers hold."""
    big = tmp_path / "big.flv"
    big.write_bytes(flv.flv(flv.frames(500, size=60000)))
    server = serve()
    url = server.url(scheme) + "/" + KEY
    assert sluice.run("pull", "--vod", *trust, url, tmp_path / "none.flv").code == support.REFUSED
    assert sluice.run("push", "--fast", *trust, big, server.url(scheme), KEY, timeout=60).code == support.OK
    server.expect("was recorded")
    assert sluice.run("pull", "--vod", *trust, url, tmp_path / "out.flv", timeout=60).code == support.OK
    assert same(big, tmp_path / "out.flv") == 1002
    assert server.process.stop().code == support.OK


def test_recordings_are_gone_on_with(sluice, serve, tmp_path, clip):
    """From each place that a pull may have been broken off at, of those that are looked at here."""
    server = serve()
    url = server.url() + "/" + KEY
    assert sluice.run("push", "--fast", clip, server.url(), KEY, timeout=60).code == support.OK
    server.expect("was recorded")
    assert sluice.run("pull", "--resume", url, tmp_path / "whole.flv", timeout=60).code == support.OK
    whole = (tmp_path / "whole.flv").read_bytes()
    for at in (13, 5000, len(whole) // 2, len(whole) - 1, len(whole)):
        (tmp_path / "part.flv").write_bytes(whole[:at])
        result = sluice.run("pull", "--resume", url, tmp_path / "part.flv", timeout=60)
        assert result.code == support.OK, result
        assert (tmp_path / "part.flv").read_bytes() == whole
    (tmp_path / "other.flv").write_bytes(flv.flv(flv.frames(60)))
    assert sluice.run("pull", "--resume", url, tmp_path / "other.flv").code == support.REFUSED
    assert (tmp_path / "other.flv").read_bytes() == flv.flv(flv.frames(60))


# ---- mistakes ----


@pytest.mark.parametrize(
    "args, code, said",
    [
        ([], support.USAGE, "--no-record"),
        ([f"rtmp://127.0.0.1:0/live/{KEY}"], support.USAGE, "--listen URL"),
        (["/nonexistent/folder"], support.OUTPUT, "No such file or directory"),
        (["--no-record", "--listen", "rtmps://127.0.0.1:0"], support.USAGE, "certificate"),
        (["--no-record", "--listen", "http://127.0.0.1:0"], support.USAGE, "no place to listen at"),
        (["--no-record", "--cert", "/nonexistent.pem"], support.TLS, "/nonexistent.pem"),
        (["--no-record", "--listen", "rtmp://192.0.2.1:0"], support.OTHER, "cannot listen at rtmp://192.0.2.1:0"),
    ],
)
def test_mistakes_are_told(sluice, args, code, said):
    sluice.need("serve")
    result = sluice.run("serve", *args)
    assert result.code == code
    one_sentence(result, said)


# ---- the certificate ----


def certificate_of(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as s, context.wrap_socket(s) as tls:
        return tls.getpeercert(True)


def test_the_certificate_is_read_again(sluice, certificates, tmp_path):
    sluice.need("serve")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for name, to in (("good.pem", cert), ("good.key", key)):
        shutil.copy(certificates / name, to)
    process = sluice.start("serve", "--no-record", "--listen", "rtmps://127.0.0.1:0", "--cert", cert, "--key", key)
    port = int(process.expect(r"listening on rtmps://127\.0\.0\.1:(\d+)")[1])
    before = certificate_of(port)
    shutil.copy(certificates / "self-signed.pem", cert)
    process.process.send_signal(signal.SIGHUP)
    process.expect("the old certificate stays")
    assert certificate_of(port) == before
    shutil.copy(certificates / "self-signed.key", key)
    process.process.send_signal(signal.SIGHUP)
    process.expect("the certificate was read again")
    assert certificate_of(port) != before
    assert process.stop().code == support.OK


# ---- with other people's software ----


def ffmpeg(*args):
    return ["ffmpeg", "-nostdin", "-v", "error", *args]


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_ffmpeg_publishes(sluice, serve, trust, clip, tmp_path, scheme):
    need_program("ffmpeg")
    server = serve()
    pull = sluice.start("pull", *trust, "--wait=20", server.url(scheme) + "/" + KEY, tmp_path / "out.flv")
    server.expect("plays")
    code, err = run(ffmpeg("-i", clip, "-c", "copy", "-f", "flv", server.url(scheme) + "/" + KEY))
    assert code == 0, err
    assert pull.wait(20 * sluice.patience).code == support.OK
    server.process.stop()
    assert same(clip, server.stored()) == 685
    assert same(clip, tmp_path / "out.flv") == 685


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_ffmpeg_plays(sluice, serve, trust, clip, tmp_path, scheme):
    need_program("ffmpeg")
    server = serve("--no-record")
    player = support.Process(ffmpeg("-i", server.url(scheme) + "/" + KEY, "-c", "copy", "-f", "flv", tmp_path / "out.flv"))
    sluice.running.append(player)
    server.expect("plays")
    assert sluice.run("push", *trust, clip, server.url(scheme), KEY).code == support.OK
    assert player.wait(20).code == 0
    assert same(clip, tmp_path / "out.flv") == 685


def gstreamer(*pipeline):
    return ["gst-launch-1.0", "-q", *pipeline]


def test_gstreamer_publishes(serve, clip):
    need_program("gst-launch-1.0", "gst-inspect-1.0", "rtmp2sink")
    server = serve()
    code, err = run(gstreamer("filesrc", f"location={clip}", "!", "flvdemux", "name=d", "flvmux", "name=m", "streamable=true", "!",
                              "rtmp2sink", f"location={server.url()}/{KEY}", "d.video", "!", "queue", "!", "h264parse", "!", "m.video",
                              "d.audio", "!", "queue", "!", "aacparse", "!", "m.audio"))
    assert code == 0, err
    server.expect("#1 published")
    server.process.stop()
    kinds = [t.type for t in flvcmp.read(server.stored())]
    # It muxes anew, with its own order and timestamps: each frame is there, and that is all that can be asked.
    frames = {t.body for t in flvcmp.media(flvcmp.read(clip)) if t.type == flvcmp.AUDIO and t.body[1] == 1}
    stored = {t.body for t in flvcmp.media(flvcmp.read(server.stored())) if t.type == flvcmp.AUDIO and t.body[1] == 1}
    assert stored == frames
    assert kinds.count(flvcmp.VIDEO) >= 250


def test_gstreamer_plays(sluice, serve, clip, tmp_path):
    need_program("gst-launch-1.0", "gst-inspect-1.0", "rtmp2src")
    server = serve("--no-record")
    out = tmp_path / "out.flv"
    player = support.Process(gstreamer("rtmp2src", f"location={server.url()}/{KEY}", "!", "filesink", f"location={out}"))
    sluice.running.append(player)
    server.expect("plays")
    assert sluice.run("push", clip, server.url(), KEY).code == support.OK
    player.wait(20)
    # It leaves out what it has read and not yet handed on when the end of the stream comes with it.
    assert same(clip, out, prefix=True) >= 675


# ---- bad clients ----


def test_clients_that_say_nothing_are_closed(serve):
    server = serve("--idle-timeout", "1", "--no-record")
    with socket.create_connection(("127.0.0.1", server.ports["rtmp"]), 10) as s:
        s.settimeout(20)
        assert s.recv(1) == b""


def test_noise_is_no_harm(sluice, serve, clip):
    server = serve()
    for port in server.ports.values():
        for noise in (b"GET / HTTP/1.0\r\n\r\n", os.urandom(5000), b"\x03" + bytes(1536 + 1536) + b"\xff" * 70000, b"\x16\x03\x01"):
            with socket.create_connection(("127.0.0.1", port), 10) as s:
                try:
                    s.sendall(noise)
                    s.shutdown(socket.SHUT_WR)
                    s.settimeout(20)
                    while s.recv(65536):
                        pass
                except OSError:
                    pass
    assert sluice.run("push", "--fast", clip, server.url(), KEY).code == support.OK
    assert server.process.stop().code == support.OK
    assert same(clip, server.stored()) == 685


def test_connections_are_limited(serve):
    server = serve("--max-connections", "2", "--no-record")
    held = [socket.create_connection(("127.0.0.1", server.ports["rtmp"]), 10) for _ in range(3)]
    held[2].settimeout(20)
    assert held[2].recv(1) == b""
    server.expect(r"was refused: .*\(max-connections\)")
    for s in held:
        s.close()

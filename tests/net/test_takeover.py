# SPDX-License-Identifier: MIT
"""A second publisher of a name of `sluice serve`, players that wait for one, and those that are too slow for it."""

import contextlib
import hashlib
import shutil
import struct
import subprocess
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
import support
from support import OK, REFUSED

AVC_CONFIG, AVC_KEY, AVC_INTER = b"\x17\0\0\0\0one", b"\x17\1\0\0\0one", b"\x27\1\0\0\0one"
HEVC_CONFIG, HEVC_KEY, HEVC_INTER = b"\x90hvc1two", b"\x93hvc1two", b"\xa3hvc1two"
AAC_CONFIG, AAC = b"\xaf\0\x12\x10", b"\xaf\1\x21"


class Served:
    def __init__(self, process, folder):
        self.process, self.folder = process, folder
        self.port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])

    def url(self):
        return f"rtmp://127.0.0.1:{self.port}/live"

    def client(self, step="created"):
        client = peers.Client("127.0.0.1", self.port)
        client.to(step)
        return client

    def player(self, name):
        player = self.client()
        player.play(name)
        assert player.until("onStatus")[3]["code"] in ("NetStream.Play.Reset", "NetStream.Play.Start")
        self.process.expect("plays from", 20)
        return player


@pytest.fixture
def serve(sluice, tmp_path):
    sluice.need("serve")

    def start(*options):
        folder = tmp_path / "recorded"
        folder.mkdir(exist_ok=True)
        return Served(sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", *options, folder), folder)

    yield start
    for process in sluice.running:
        if process.process.poll() is None and "serve" in process.argv:
            assert process.stop().code == OK


def media(player, count, kinds=(rtmp.AUDIO, rtmp.VIDEO)):
    """(timestamp, payload) of what the player gets next, of these kinds."""
    got = []
    while len(got) < count:
        m = player.reader.message()
        if m.type in kinds:
            got.append((m.timestamp, m.payload))
    return got


def publish(client, name, frames):
    assert client.publish(name)[3]["code"] == "NetStream.Publish.Start"
    send(client, frames)


def send(client, frames):
    for timestamp, body in frames:
        client.media(rtmp.VIDEO if body[0] not in (0xAF,) else rtmp.AUDIO, body, timestamp)


def test_players_go_on_with_the_second(serve):
    """Other codecs, another clock: its configuration and key frame come next, at a time that goes on."""
    served = serve("--takeover")
    with served.client() as first, served.client() as second, served.player("cam") as player:
        publish(first, "cam", [(7200000, AVC_CONFIG), (7200000, AAC_CONFIG), (7200000, AVC_KEY), (7200040, AVC_INTER), (7200021, AAC)])
        before = media(player, 5)
        assert [body for _, body in before] == [AVC_CONFIG, AAC_CONFIG, AVC_KEY, AVC_INTER, AAC]
        publish(second, "cam", [(0, HEVC_CONFIG), (0, HEVC_INTER), (40, HEVC_KEY), (80, HEVC_INTER)])
        status = first.until("onStatus")[3]
        assert (status["level"], status["code"]) == ("error", "NetStream.Publish.BadName")
        assert first.ended(10)
        after = media(player, 3)
        assert [body for _, body in after] == [HEVC_CONFIG, HEVC_KEY, HEVC_INTER]
        stamps = [stamp for stamp, _ in after]
        assert stamps[0] == stamps[1] == stamps[2] - 40 and 7200080 < stamps[0] < 7220000
        served.process.expect(r"#1, \S+, at \"live\", is ended: #2, 127\S+ has taken over what it published \(takeover\)")
        served.process.expect("#1 published .* 5 messages")
        # And it ends as any other.
        second.call("deleteStream", None, second.stream)
        assert player.until("onStatus")[3]["code"] == "NetStream.Play.UnpublishNotify"
    served.process.stop()
    stored = [[(t.timestamp, t.body) for t in flvcmp.media(flvcmp.read(served.folder / "live" / name))] for name in ("cam.flv", "cam.1.flv")]
    assert [body for _, body in stored[0]] == [AVC_CONFIG, AAC_CONFIG, AVC_KEY, AVC_INTER, AAC]
    assert stored[1] == [(0, HEVC_CONFIG), (0, HEVC_INTER), (40, HEVC_KEY), (80, HEVC_INTER)]


def test_without_it_the_second_is_refused(serve):
    served = serve()
    with served.client() as first, served.client() as second, served.player("cam") as player:
        publish(first, "cam", [(0, AVC_CONFIG), (0, AVC_KEY)])
        assert second.publish("cam")[3]["code"] == "NetStream.Publish.BadName"
        send(second, [(0, HEVC_KEY)])
        send(first, [(40, AVC_INTER)])
        assert media(player, 3) == [(0, AVC_CONFIG), (0, AVC_KEY), (40, AVC_INTER)]


def test_a_stranger_takes_over_nothing(serve, tmp_path):
    """Who has no key of that name is refused, whatever name it asks for; a second key of the name may."""
    lines = [f"{hashlib.sha256(key).hexdigest()} {name}\n" for key, name in ((b"main", "live/cam"), (b"backup", "live/cam"),
                                                                           (b"else", "live/else"))]
    (tmp_path / "keys").write_text("".join(lines))
    served = serve("--takeover", "--keys", tmp_path / "keys")
    with served.client() as first, served.player("cam") as player, contextlib.ExitStack() as stack:
        publish(first, "main", [(0, AVC_CONFIG), (0, AVC_KEY)])
        for name, code in (("cam", "BadName"), ("stranger", "BadName"), ("else", "Start")):
            other = stack.enter_context(served.client())
            assert other.publish(name)[3]["code"] == "NetStream.Publish." + code
        send(first, [(40, AVC_INTER)])
        assert media(player, 3)[-1] == (40, AVC_INTER)
        publish(stack.enter_context(served.client()), "backup", [(0, HEVC_CONFIG), (0, HEVC_KEY)])
        assert first.ended(10)
        assert media(player, 2)[1][1] == HEVC_KEY


def test_a_user_takes_over_from_nobody_else(serve, sluice, tmp_path):
    (tmp_path / "users").write_text("alice:p4ss-a\nbob:p4ss-b\n")
    source = tmp_path / "long.flv"
    source.write_bytes(flv.flv(flv.frames(1500)))
    served = serve("--takeover", "--auth", "adobe", "--users", tmp_path / "users", "--no-record")

    def push(user):
        return sluice.start("push", source, served.url().replace("//", f"//{user}@"), "cam")

    with push("alice:p4ss-a") as first:
        served.process.expect(", publishes to")
        with push("bob:p4ss-b") as other:
            result = other.wait(20 * sluice.patience)
            assert result.code == REFUSED and "only they may take it over" in result.err
        assert first.process.poll() is None
        with push("alice:p4ss-a"):
            served.process.expect("has taken over what it published")
            first.wait(20 * sluice.patience)
    assert served.process.text().count("is ended") == 1


@pytest.mark.parametrize("program", ["ffmpeg", "gst-launch-1.0"])
def test_foreign_publishers(serve, sluice, clip, tmp_path, program):
    """One takes over from another, and our player stores a stream that FFmpeg reads from end to end."""
    if not shutil.which(program) or not shutil.which("ffprobe"):
        pytest.skip(f"{program} is not installed")
    if program != "ffmpeg" and subprocess.run(["gst-inspect-1.0", "rtmp2sink"], capture_output=True, check=False).returncode:
        pytest.skip("GStreamer's rtmp2sink is not installed")
    served = serve("--takeover", "--no-record")
    location = f"{served.url()}/cam"
    argv = {"ffmpeg": ["ffmpeg", "-nostdin", "-v", "error", "-re", "-i", clip, "-c", "copy", "-f", "flv", location],
            "gst-launch-1.0": ["gst-launch-1.0", "-q", "filesrc", f"location={clip}", "!", "flvdemux", "name=d", "flvmux", "name=m",
                               "streamable=true", "!", "rtmp2sink", "sync=true", f"location={location}", "d.video", "!", "queue", "!",
                               "h264parse", "!", "m.video", "d.audio", "!", "queue", "!", "aacparse", "!", "m.audio"]}[program]
    with sluice.start("pull", "--wait=20", location, tmp_path / "out.flv") as pull, contextlib.ExitStack() as stack:
        served.process.expect("#1, .*plays")
        first = stack.enter_context(support.Process(argv))
        served.process.expect("#2, .*publishes")
        time.sleep(2)
        second = stack.enter_context(support.Process(argv))
        served.process.expect("#3, .*publishes")
        first.wait(30)
        second.wait(40)
        assert pull.wait(20).code == OK
    assert served.process.text().count("is ended") == 1
    tags = flvcmp.media(flvcmp.read(tmp_path / "out.flv"))
    for kind in (flvcmp.AUDIO, flvcmp.VIDEO):
        stamps = [t.timestamp for t in tags if t.type == kind]
        assert all(a <= b < a + 5000 for a, b in zip(stamps, stamps[1:]))
        assert stamps[-1] > 11000
    probe = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", tmp_path / "out.flv", "-f", "null", "-"], capture_output=True,
                           timeout=60, check=False)
    assert probe.returncode == 0 and b"Invalid" not in probe.stderr and b"error while decoding" not in probe.stderr, probe.stderr


# ---- deadlines ----


def test_only_media_keeps_a_publisher(serve):
    """Pings, commands and empty messages are none; a frame now and then is."""
    served = serve("--publish-timeout", "1", "--idle-timeout", "60")
    with served.client() as good, served.client() as silent:
        publish(good, "good", [(0, AAC)])
        publish(silent, "silent", [(0, AAC)])
        began = time.monotonic()
        n = 0
        with contextlib.suppress(OSError):
            while time.monotonic() < began + 10 and "publish-timeout" not in served.process.text():
                n += 1
                silent.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, n), 2))
                silent.call("FCPublish", None, "silent")
                silent.media(rtmp.VIDEO, b"", n)
                good.media(rtmp.AUDIO, AAC, n)
                time.sleep(0.1)
        served.process.expect(r"#2, .*is ended: it published nothing for 1000 ms \(publish-timeout\)")
        assert "#1, " not in "".join(t for t in served.process.text().splitlines() if "is ended" in t)
        send(good, [(5000, AAC)])


def test_a_player_may_wait(serve):
    """Longer than others may idle; then it gets Stream Begin, and what is published; or, after its own deadline, is told."""
    served = serve("--idle-timeout", "1", "--wait-timeout", "4")
    with served.player("cam") as player, served.player("never") as waiting:
        time.sleep(2)
        with served.client() as publisher:
            publish(publisher, "cam", [(0, AVC_CONFIG), (0, AVC_KEY)])
            begun = False
            while not begun:
                m = player.reader.message()
                assert m.type not in (rtmp.AUDIO, rtmp.VIDEO)
                if m.type == rtmp.COMMAND and rtmp.amf0_decode(m.payload)[0] == "onStatus":
                    begun = rtmp.amf0_decode(m.payload)[3]["code"] == "NetStream.Play.PublishNotify"
                elif m.type == rtmp.USER_CONTROL:
                    control = struct.unpack(">HI", m.payload[:6])
            assert control == (0, player.stream)
            assert media(player, 2)[1][1] == AVC_KEY
            code = None
            while code != "NetStream.Play.StreamNotFound":
                code = waiting.until("onStatus")[3]["code"]
            assert waiting.ended(10)
            served.process.expect(r"is ended: what it plays was not published for 4000 ms \(wait-timeout\)")


def test_a_slow_player_is_closed_and_delays_nobody(serve):
    """One reads nothing and one reads slowly, so that the kernel takes some: both lose whole groups and are closed, with
    what they lost; a third gets each message in order."""
    served = serve("--max-queue", "256", "--slow-timeout", "2", "--stall-timeout", "60", "--no-record")
    with served.client() as publisher, served.player("cam") as deaf, served.player("cam") as slow, served.player("cam") as good:
        publish(publisher, "cam", [(0, AVC_CONFIG)])
        body = bytes(20000)
        end = time.monotonic() + 40
        sent, got = 0, []
        slow.sock.settimeout(0.001)
        while served.process.text().count("slow-timeout") < 2:
            assert time.monotonic() < end
            publisher.media(rtmp.VIDEO, (b"\x27" if sent % 25 else b"\x17") + struct.pack(">xxxxI", sent).replace(b"\0", b"\1", 1) + body,
                            sent * 10)
            sent += 1
            with contextlib.suppress(OSError):
                slow.sock.recv(3000)
            while len(got) < sent - 20:
                got += [struct.unpack(">I", p[5:9])[0] for _, p in media(good, 1, [rtmp.VIDEO]) if p[1] == 1]
            time.sleep(0.002)
        while len(got) < sent:
            got += [struct.unpack(">I", p[5:9])[0] for _, p in media(good, 1, [rtmp.VIDEO]) if p[1] == 1]
        assert got == list(range(sent))
        for number in (2, 3):
            lost, size = served.process.expect(rf"#{number}, .*is ended: it was too slow for 2000 ms, and lost (\d+) messages of (\d+) "
                                               r"bytes \(slow-timeout\)").groups()
            assert int(lost) > 10 and int(size) == int(lost) * 20009
        assert deaf.ended(20)

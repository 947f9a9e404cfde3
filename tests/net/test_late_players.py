# SPDX-License-Identifier: MIT
"""What a player that comes late to `sluice serve` gets first: metadata and configurations of the publisher, as they are then,
and all since the last key frame, in each codec that RTMP and Enhanced RTMP have."""

import contextlib
import shutil
import subprocess

import pytest

import flvcmp
import peers
import rtmp
import support
from support import OK

METADATA = rtmp.amf0("onMetaData", {"width": 320})
NEWER = rtmp.amf0("onMetaData", {"width": 640})


def set_data_frame(metadata):
    return rtmp.amf0("@setDataFrame") + metadata


class Codec:
    """Bodies of one: n tells them apart."""

    def __init__(self, name, config, key, inter, description=None):
        self.name, self.heads, self.description = name, {"config": config, "key": key, "inter": inter}, description

    def body(self, kind, n=0):
        return self.heads[kind] + b"%s %d" % (kind.encode(), n)


def enhanced(fourcc, key=0x93):
    code = fourcc.encode()
    return Codec(fourcc, b"\x90" + code, bytes([key]) + code, bytes([key + 0x10]) + code, b"\x94" + code + b"colours")


VIDEO = [
    Codec("avc", b"\x17\0\0\0\0", b"\x17\1\0\0\0", b"\x27\1\0\0\0"),
    Codec("vp6", None, b"\x14", b"\x24"),
    enhanced("hvc1"),
    enhanced("av01", 0x91),
    enhanced("vp09", 0x91),
    Codec("modex", b"\x97\x02nan\0hvc1", b"\x97\x02nan\x03hvc1", b"\xa7\x02nan\x03hvc1"),
    Codec("multitrack", b"\x96\0hvc1\0", b"\x96\x03hvc1\0", b"\xa6\x03hvc1\0"),
]
AUDIO = [Codec("aac", b"\xaf\0", None, b"\xaf\1"), Codec("mp3", None, None, b"\x2f"), Codec("opus", b"\x90Opus", None, b"\x91Opus",
                                                                                         b"\x94Opuschannels")]


class Scene:
    """A publisher, and players that come when they like."""

    def __init__(self, port, stack):
        self.port, self.stack = port, stack
        self.publisher = self.client()
        assert self.publisher.publish("cam")[3]["code"] == "NetStream.Publish.Start"

    def client(self):
        client = self.stack.enter_context(peers.Client("127.0.0.1", self.port))
        client.to("created")
        return client

    def say(self, *messages):
        """(type, timestamp, body) of each; and waits until the server has them all."""
        for kind, stamp, body in messages:
            self.publisher.media(kind, body, stamp)
        number = self.publisher.call("_checkbw", None)
        while self.publisher.until("_result")[1] != number:
            pass

    def late(self, count):
        """What a new player gets first, and itself."""
        player = self.client()
        player.play("cam")
        got = []
        while len(got) < count:
            m = player.reader.message()
            if m.type in (rtmp.AUDIO, rtmp.VIDEO) or (m.type == rtmp.DATA and b"onMetaData" in m.payload):
                got.append((m.type, m.timestamp, m.payload))
        return got, player


@pytest.fixture
def scene(sluice):
    sluice.need("serve")
    process = sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0", "--gather", "0")
    port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])
    with contextlib.ExitStack() as stack:
        yield Scene(port, stack)
    assert process.stop().code == OK


@pytest.mark.parametrize("audio", AUDIO, ids=lambda c: c.name)
@pytest.mark.parametrize("video", VIDEO, ids=lambda c: c.name)
def test_pictures_and_sound(scene, video, audio):
    headers = [(rtmp.VIDEO, 0, video.body("config"))] if video.heads["config"] else []
    headers += [(rtmp.VIDEO, 0, video.description)] if video.description else []
    headers += [(rtmp.AUDIO, 0, audio.body("config"))] if audio.heads["config"] else []
    headers += [(rtmp.AUDIO, 0, audio.description)] if audio.description else []
    group = [(rtmp.VIDEO, 2000, video.body("key", 2)), (rtmp.AUDIO, 2011, audio.body("inter", 2)),
             (rtmp.VIDEO, 2040, video.body("inter", 2))]
    scene.say((rtmp.DATA, 0, set_data_frame(METADATA)), *headers, (rtmp.VIDEO, 1000, video.body("key", 1)),
              (rtmp.VIDEO, 1040, video.body("inter", 1)), *group, (rtmp.DATA, 2041, set_data_frame(NEWER)))
    wanted = [(kind, 2000, body) for kind, _, body in [(rtmp.DATA, 0, NEWER), *headers]] + group
    got, player = scene.late(len(wanted))
    assert got == wanted
    # And then what comes.
    scene.say((rtmp.VIDEO, 2080, video.body("inter", 3)))
    assert player.reader.message().payload == video.body("inter", 3)


@pytest.mark.parametrize("audio", AUDIO, ids=lambda c: c.name)
def test_sound_alone(scene, audio):
    """It begins with the next frame."""
    headers = [(rtmp.AUDIO, 0, audio.body("config"))] if audio.heads["config"] else []
    scene.say((rtmp.DATA, 0, set_data_frame(METADATA)), *headers, *((rtmp.AUDIO, 23 * n, audio.body("inter", n)) for n in range(9)))
    got, player = scene.late(1 + len(headers))
    assert got == [(kind, 184, body) for kind, _, body in [(rtmp.DATA, 0, METADATA), *headers]]
    scene.say((rtmp.AUDIO, 207, audio.body("inter", 9)))
    m = player.reader.message()
    assert (m.timestamp, m.payload) == (207, audio.body("inter", 9))


@pytest.mark.parametrize("video", VIDEO[:3], ids=lambda c: c.name)
def test_pictures_alone_and_a_change_of_their_size(scene, video):
    """After another configuration, what came before is of no use: the next key frame is waited for."""
    config = [(rtmp.VIDEO, 0, video.body("config", 1))] if video.heads["config"] else []
    scene.say(*config, (rtmp.VIDEO, 0, video.body("key", 1)), (rtmp.VIDEO, 40, video.body("inter", 1)))
    got, _ = scene.late(len(config) + 2)
    assert [body for _, _, body in got] == [body for _, _, body in config] + [video.body("key", 1), video.body("inter", 1)]
    if not config:
        return
    scene.say((rtmp.VIDEO, 80, video.body("config", 2)), (rtmp.VIDEO, 80, video.body("inter", 2)))
    got, player = scene.late(1)
    assert got[0][2] == video.body("config", 2)
    scene.say((rtmp.VIDEO, 120, video.body("inter", 3)), (rtmp.VIDEO, 160, video.body("key", 3)))
    bodies = [player.reader.message().payload for _ in range(2)]
    assert bodies == [video.body("config", 2), video.body("key", 3)]


def test_key_frames_of_other_tracks_begin_nothing(scene):
    main, other = VIDEO[2], Codec("other", b"\x96\0hvc1\1", b"\x96\x03hvc1\1", b"\xa6\x03hvc1\1")
    frames = [(rtmp.VIDEO, 0, main.body("config")), (rtmp.VIDEO, 0, other.body("config")), (rtmp.VIDEO, 0, main.body("key", 1)),
              (rtmp.VIDEO, 0, other.body("key", 1)), (rtmp.VIDEO, 40, main.body("inter", 1)), (rtmp.VIDEO, 40, other.body("key", 2))]
    scene.say(*frames)
    assert scene.late(6)[0] == frames


def test_a_group_that_is_too_large(scene):
    """Then the player waits for the next one, and has the configuration meanwhile."""
    video = VIDEO[0]
    scene.say((rtmp.VIDEO, 0, video.body("config")), (rtmp.VIDEO, 0, video.body("key", 1)))
    scene.say(*((rtmp.VIDEO, 40 * n, video.body("inter", n) + bytes(1000000)) for n in range(1, 10)))
    got, player = scene.late(1)
    assert got == [(rtmp.VIDEO, 360, video.body("config"))]
    scene.say((rtmp.VIDEO, 400, video.body("inter", 10)), (rtmp.VIDEO, 440, video.body("key", 2)))
    assert [player.reader.message().payload for _ in range(2)] == [video.body("config"), video.body("key", 2)]


def test_ffmpeg_comes_late(sluice, clip, tmp_path):
    """What it stores begins with a key frame, and can be decoded without an error."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    process = sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0")
    url = process.expect(r"(rtmp://127\.0\.0\.1:\d+)", 20, "out")[1] + "/live/cam"
    with sluice.start("push", clip, url) as push:
        process.expect("publishes")
        subprocess.run(["sleep", "2.5"], check=True)
        with support.Process(["ffmpeg", "-nostdin", "-v", "error", "-i", url, "-c", "copy", "-f", "flv", tmp_path / "out.flv"]) as player:
            assert push.wait(40 * sluice.patience).code == OK
            assert player.wait(20).code == 0
    video = [t for t in flvcmp.media(flvcmp.read(tmp_path / "out.flv")) if t.type == flvcmp.VIDEO]
    assert [t.body[:2] for t in video[:2]] == [b"\x17\0", b"\x17\1"] and len(video) > 100
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", tmp_path / "out.flv", "-f", "null", "-"], capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 0 and done.stderr == b""

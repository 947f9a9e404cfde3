# SPDX-License-Identifier: MIT
"""Enhanced RTMP: what is inside is nobody's business, and every tag arrives as it was sent."""
import subprocess

import pytest

import enhanced
import flvcmp
import streams
import support

NAMES = sorted(enhanced.VIDEOS)


@pytest.fixture(params=NAMES)
def made(request, tmp_path):
    (tmp_path / "made.flv").write_bytes(enhanced.data(request.param))
    return tmp_path / "made.flv"


def test_through_serve(sluice, serving, background, made, tmp_path):
    """Stored, and played by sluice, librtmp and GStreamer, from the first tag on."""
    pull = sluice.start("pull", "--wait", serving.url(), tmp_path / "pulled.flv")
    rtmpdump = background("rtmpdump", "-q", "--live", "-r", serving.url(), "-o", tmp_path / "dumped.flv")
    serving.wait("play", 2)
    pushed = sluice.run("push", "--fast", *serving.trust("rtmps"), made, serving.url("rtmps"))
    assert pushed.code == support.OK, pushed.err
    assert pull.wait(20 * sluice.patience).code == support.OK
    rtmpdump.wait(20 * sluice.patience)
    streams.check(made, serving.recorded(), shift=0)
    streams.check(made, tmp_path / "pulled.flv", shift=0)
    streams.check(streams.large_enough(made), streams.load(tmp_path / "dumped.flv"), shift=0)


def test_joined_late(sluice, serving, tmp_path):
    """All configurations come first, the colours among them, then a key frame and what follows it."""
    made = tmp_path / "made.flv"
    made.write_bytes(enhanced.data("hvc1", 125))
    push = sluice.start("push", "--json", made, serving.url())
    push.expect(r'"media_ms":(9[5-9]\d|1\d\d\d)', 20, "out")  # a key frame each 500 ms
    pulled = sluice.run("pull", "--keep-timestamps", serving.url(), tmp_path / "pulled.flv")
    assert pulled.code == support.OK and push.wait(20 * sluice.patience).code == support.OK
    got = flvcmp.media(streams.load(tmp_path / "pulled.flv"))
    kinds = (enhanced.SEQUENCE_START, enhanced.METADATA)
    configs = [t.body for t in streams.load(made) if t.body[0] & 15 in kinds and t.timestamp == 0]
    assert sorted(t.body for t in got[: len(configs)]) == sorted(configs) and len(configs) == 3
    assert flvcmp.is_key_frame(got[len(configs)])
    streams.check_late(made, tmp_path / "pulled.flv", 40)


def test_made_by_ffmpeg(sluice, serving, background, foreign, tmp_path):
    """HEVC as FFmpeg 6.1 and later write it into an FLV: pushed, stored, and played by FFmpeg."""
    made = tmp_path / "made.flv"
    foreign("ffmpeg", "-version")
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3"]
    codec = ["-c:v", "libx265", "-x265-params", "log-level=error:keyint=25", "-threads", "1"]
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *source, *codec, "-f", "flv", str(made)],
                          capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip("this FFmpeg cannot write HEVC into an FLV")
    player = background("ffmpeg", "-nostdin", "-v", "error", "-i", serving.url(), "-c", "copy", tmp_path / "got.flv")
    serving.wait("play")
    pushed = sluice.run("push", "--fast", made, serving.url())
    assert pushed.code == support.OK, pushed.err
    result = player.wait(30 * sluice.patience)
    assert result.code == 0, result.err
    streams.check(made, serving.recorded(), shift=0)
    streams.check(made, tmp_path / "got.flv")

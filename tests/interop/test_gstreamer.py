# SPDX-License-Identifier: MIT
"""GStreamer's rtmp2sink publishes to, and rtmp2src plays from, `sluice serve`.

What rtmp2sink publishes was made by flvmux, which moves the timestamps and repeats script tags: it is compared with the
file that the same pipeline writes, all audio and video tags in their order.

rtmp2src hands out what it receives, with two exceptions (gstrtmp2src.c). It leaves out video messages of less than 6
bytes and audio of less than 2. And at Stream EOF it throws away the one message that it may still hold. So one audio
message more follows the stream that is compared; all before that one has to be there.
"""
import os
import pathlib

import pytest

import flvcmp
import gstreamer
import streams
import support
from gstreamer import remux

SCHEMES = ["rtmp", "rtmps"]
SYSTEM_CAS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")


@pytest.fixture(autouse=True)
def needs_rtmp2():
    gstreamer.need("rtmp2src", "rtmp2sink", "flvmux", "flvdemux", "h264parse", "aacparse")


@pytest.fixture
def remuxed(foreign, short_clip, tmp_path):
    path = tmp_path / "remuxed.flv"
    foreign("gst-launch-1.0", *remux(short_clip, "filesink", f"location={path}"))
    assert sorted(frames(path)) == sorted(frames(short_clip))  # flvmux left none out
    return path


def frames(path):
    """What flvmux keeps of AVC and AAC: what is to be decoded. It moves times, and so may change the order."""
    return [(t.type, coded(t.body[5:]) if t.type == flvcmp.VIDEO else t.body[2:])
            for t in flvcmp.media(streams.load(path)) if t.body[1] == 1]


def coded(body):
    """An AVC frame without the parameter sets that GStreamer 1.26 repeats in each key frame: SPS is 7, PPS 8."""
    at, kept = 0, []
    while at < len(body):
        end = at + 4 + int.from_bytes(body[at : at + 4], "big")
        if body[at + 4] & 31 not in (7, 8):
            kept.append(body[at:end])
        at = end
    return b"".join(kept)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gstreamer_publishes(serving, foreign, short_clip, remuxed, scheme):
    sink = ["rtmp2sink", "sync=false", "tls-validation-flags=0", f"location={serving.url(scheme)}"]
    foreign("gst-launch-1.0", *remux(short_clip, *sink))
    streams.check(remuxed, serving.recorded(), shift=0)
    assert bool(serving.events("connect")[0]["tls_suite"]) == (scheme == "rtmps")


def test_gstreamer_verifies_and_refuses(serving, background, short_clip):
    """GIO has only the system's CAs to go by, and ours is none of them."""
    sink = ["rtmp2sink", "sync=false", f"location={serving.url('rtmps')}"]
    result = background("gst-launch-1.0", *remux(short_clip, *sink)).wait(30)
    assert result.code != 0 and "Unacceptable TLS certificate" in result.err
    serving.wait("close")
    assert not serving.events("connect")


def test_gstreamer_verifies_and_publishes(serving, foreign, short_clip, remuxed, certificates, netns):
    """With our CA as the system's, in a mount namespace of GStreamer's own."""
    if os.geteuid() != 0 or not SYSTEM_CAS.exists():
        pytest.skip(f"a mount over {SYSTEM_CAS} needs root, and the file")
    sink = ["rtmp2sink", "sync=false", f"location={serving.url('rtmps')}"]
    foreign("unshare", "-m", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', certificates / "ca.pem",
            SYSTEM_CAS, "gst-launch-1.0", *remux(short_clip, *sink))
    streams.check(remuxed, serving.recorded(), shift=0)


@pytest.fixture
def with_one_more(short_clip, tmp_path):
    """The clip, and after its last tag another one that may be lost."""
    tags = streams.load(short_clip)
    extra = next(t for t in reversed(tags) if t.type == flvcmp.AUDIO)
    return streams.write(tmp_path / "longer.flv", [*tags, extra._replace(timestamp=tags[-1].timestamp + 23)])


def play(serving, background, got, scheme, count=1):
    player = background("gst-launch-1.0", "-q", "rtmp2src", "tls-validation-flags=0",
                        f"location={serving.url(scheme)}", "!", "filesink", f"location={got}")
    serving.wait("play", count)
    return player


@pytest.mark.parametrize("scheme", SCHEMES)
def test_gstreamer_plays(sluice, serving, background, short_clip, with_one_more, tmp_path, scheme):
    player = play(serving, background, tmp_path / "got.flv", scheme)
    pushed = sluice.run("push", "--fast", *serving.trust(scheme), with_one_more, serving.url(scheme))
    assert pushed.code == support.OK, pushed.err
    result = player.wait(30 * sluice.patience)
    assert result.code == 0, result.err
    streams.check(streams.large_enough(with_one_more), streams.load(tmp_path / "got.flv"), shift=0, prefix=True)
    assert len(flvcmp.media(streams.load(tmp_path / "got.flv"))) >= len(streams.large_enough(short_clip))


def test_gstreamer_plays_what_gstreamer_publishes(sluice, serving, background, foreign, short_clip, remuxed, tmp_path):
    """The last message of all, which a player may lose, is an audio frame of the stream's own here."""
    player = play(serving, background, tmp_path / "got.flv", "rtmps")
    sink = ["rtmp2sink", "sync=false", f"location={serving.url()}"]
    foreign("gst-launch-1.0", *remux(short_clip, *sink))
    result = player.wait(30 * sluice.patience)
    assert result.code == 0, result.err
    wanted, got = streams.large_enough(remuxed), flvcmp.media(streams.load(tmp_path / "got.flv"))
    streams.check(wanted, got, shift=0, prefix=True)
    assert len(got) >= len(wanted) - 1

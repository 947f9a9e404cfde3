# SPDX-License-Identifier: MIT
"""rtmpdump, and what else has librtmp in it, play from and publish to `sluice serve`.

librtmp leaves out video messages of up to 5 bytes and audio of up to 1 when it plays (Read_1_Packet() in rtmp.c); all
else has to be there. Over RTMPS Debian's build, with GnuTLS, cannot talk to TLS 1.3, so the server offers 1.2.
"""
import pytest

import flvcmp
import gstreamer
import serving as serving_module
import streams
import support

INCOMPLETE = 2  # rtmpdump wants the last timestamp to reach the duration in the metadata, which is never quite so


@pytest.fixture
def play(serving, background, tmp_path):
    def start(*args, server=serving, scheme="rtmp"):
        path = tmp_path / "got.flv"
        process = background("rtmpdump", "-q", "-r", server.url(scheme), "-o", path, *args)
        server.wait("play")
        return process, path

    return start


def check_play(sluice, server, player, clip):
    process, got = player
    pushed = sluice.run("push", "--fast", clip, server.url())
    assert pushed.code == support.OK, pushed.err
    result = process.wait(30 * sluice.patience)
    assert result.code in (0, INCOMPLETE), result
    streams.check(streams.large_enough(clip), streams.load(got))


def test_rtmpdump_plays(sluice, serving, play, short_clip):
    check_play(sluice, serving, play("--live"), short_clip)


def test_rtmpdump_is_refused(serving, background, tmp_path):
    """Without --live it asks for a recording (a start of 0), which a live stream can be in its stead, but not nobody."""
    result = background("rtmpdump", "-r", serving.url(), "-o", tmp_path / "got.flv").wait(30)
    assert result.code != 0 and "NetStream.Play.StreamNotFound" in result.err
    assert serving.wait("refuse")


def test_rtmpdump_plays_with_digest(sluice, serving, play, short_clip):
    """With a SWF to vouch for, librtmp sends a digest in its half of the handshake, and checks the server's."""
    player = play("--live", "--debug", "--swfhash", "00" * 32, "--swfsize", "1000")
    check_play(sluice, serving, player, short_clip)
    assert "Genuine Adobe Flash Media Server" in player[0].text()


def test_rtmpdump_joins_late(sluice, serving, play, clip):
    push = sluice.start("push", "--json", clip, serving.url())
    push.expect(r'"media_ms":(2[1-9]|3\d)\d\d', 20, "out")  # a key frame each 2 s
    process, got = play()
    push.expect(r'"media_ms":[4-9]\d\d\d', 20, "out")
    push.stop()
    result = process.wait(30 * sluice.patience)
    assert result.code in (0, INCOMPLETE), result
    wanted, late = streams.large_enough(clip), flvcmp.media(streams.load(got))
    tail, late = flvcmp.align(wanted, late)
    assert len(late) > 50 and len(tail) < len(wanted) - 50
    streams.check(tail, late, prefix=True)
    assert late[-1].body == streams.large_enough(serving.recorded())[-1].body


def test_rtmpdump_plays_over_tls12(sluice, background, play, short_clip, tmp_path, certificates):
    server = serving_module.Serving(sluice, tmp_path / "tls12", certificates, "--tls-max", "1.2")
    check_play(sluice, server, play("--live", server=server, scheme="rtmps"), short_clip)
    assert server.events("connect")[0]["tls_version"] == "TLSv1.2"
    server.stop()


def test_librtmp_publishes(serving, foreign, short_clip, tmp_path):
    """GStreamer's older rtmpsink is made of librtmp."""
    gstreamer.need("rtmpsink", "flvmux", "flvdemux", "h264parse", "aacparse")
    foreign("gst-launch-1.0", *gstreamer.remux(short_clip, "filesink", f"location={tmp_path / 'remuxed.flv'}"))
    foreign("gst-launch-1.0", *gstreamer.remux(short_clip, "rtmpsink", "sync=false", f"location={serving.url()}"))
    streams.check(tmp_path / "remuxed.flv", serving.recorded(), shift=0)

# SPDX-License-Identifier: MIT
"""RTMPT, RTMPTS and RTMPTE: RTMP inside HTTP requests, with the clients that others made of it: rtmpdump and GStreamer's
rtmpsink (librtmp), FFmpeg, curl. FFmpeg's RTMPTE is not in Debian's build, see test_rtmpe.py.

Each of them talks to `sluice serve` first, so that our client, which is tested against that server too, is not one that
only we understand.
"""
import pytest

import flvcmp
import gstreamer
import serving as serving_module
import streams
import support
from test_rtmpe import COPY, INCOMPLETE, QUIET
from test_rtmpe import ffmpeg  # noqa: F401, a fixture

TLS_12 = ["--tls-max", "1.2"]  # librtmp's GnuTLS cannot talk to TLS 1.3, see test_rtmpdump.py
AT_ITS_END = 12  # messages that FFmpeg drops when it closes: what it has not sent yet


def url(server, scheme, stream="s"):
    return server.url("rtmps" if scheme == "rtmpts" else "rtmp", stream).replace(
        "rtmps://" if scheme == "rtmpts" else "rtmp://", f"{scheme}://")


def ways_of(server):
    """What the server says of each connect: through HTTP or not, RTMPE's type, TLS or not."""
    return [(e["rtmpt"], e["rtmpe"], bool(e["tls_version"])) for e in server.events("connect")]


WAYS = {"rtmpt": (True, 0, False), "rtmpte": (True, 6, False), "rtmpts": (True, 0, True)}
PLAIN = (False, 0, False)


@pytest.fixture
def tls12(sluice, tmp_path, certificates):
    server = serving_module.Serving(sluice, tmp_path / "tls12", certificates, *TLS_12)
    yield server
    server.stop()


def push(sluice, server, clip):
    pushed = sluice.run("push", "--fast", clip, server.url())
    assert pushed.code == support.OK, pushed.err


@pytest.mark.parametrize("scheme", WAYS)
def test_rtmpdump_plays(sluice, tls12, background, short_clip, tmp_path, scheme):
    got = tmp_path / "got.flv"
    player = background("rtmpdump", "-q", "-r", url(tls12, scheme), "-o", got, "--live")
    tls12.wait("play")
    push(sluice, tls12, short_clip)
    result = player.wait(30 * sluice.patience)
    assert result.code in (0, INCOMPLETE), result
    assert ways_of(tls12) == [WAYS[scheme], PLAIN]
    streams.check(streams.large_enough(short_clip), streams.load(got))


@pytest.mark.parametrize("protocol, scheme", [(1, "rtmpt"), (3, "rtmpte"), (5, "rtmpts")])
def test_rtmpdump_plays_by_number(sluice, tls12, background, short_clip, tmp_path, protocol, scheme):
    got = tmp_path / "got.flv"
    port = tls12.ports["rtmps" if scheme == "rtmpts" else "rtmp"]
    player = background("rtmpdump", "-q", "-l", protocol, "-n", "127.0.0.1", "-c", port, "-a", "live", "-y", "s", "-v", "-o",
                        got)
    tls12.wait("play")
    push(sluice, tls12, short_clip)
    assert player.wait(30 * sluice.patience).code in (0, INCOMPLETE)
    assert ways_of(tls12)[0] == WAYS[scheme]
    streams.check(streams.large_enough(short_clip), streams.load(got))


def test_librtmp_publishes(sluice, serving, foreign, short_clip, tmp_path):
    """It sends requests without waiting for the answers to those before. It closes its socket with answers unread, which
    takes back what a slow server has not taken by then."""
    gstreamer.need("rtmpsink", "flvmux", "flvdemux", "h264parse", "aacparse")
    foreign("gst-launch-1.0", *gstreamer.remux(short_clip, "filesink", f"location={tmp_path / 'remuxed.flv'}"))
    foreign("gst-launch-1.0",
            *gstreamer.remux(short_clip, "rtmpsink", "sync=false", f"location={url(serving, 'rtmpt')}"))
    assert ways_of(serving) == [WAYS["rtmpt"]]
    wanted, found = streams.load(tmp_path / "remuxed.flv"), streams.load(serving.recorded())
    assert len(found) > len(wanted) // 2
    streams.check(wanted, found, shift=0, prefix=sluice.sanitized)


def test_curl_plays(sluice, serving, background, short_clip, tmp_path):
    """curl looks for more when its socket has some, and librtmp asks for more when curl looks: the end of a stream lies in
    librtmp's buffer, and is left there."""
    push(sluice, serving, short_clip)
    serving.wait("recorded")
    got = tmp_path / "got.flv"
    background("curl", "-s", "-m", 5, "-o", got, url(serving, "rtmpt")).wait(30 * sluice.patience)
    wanted, found = streams.large_enough(short_clip), flvcmp.media(streams.load(got))
    assert ways_of(serving) == [PLAIN, WAYS["rtmpt"]] and len(found) > len(wanted) // 2
    streams.check(wanted, found, prefix=True)


def check_published(told, recorded):
    wanted, found = (flvcmp.media(streams.load(path)) for path in (told, recorded))
    assert len(wanted) - AT_ITS_END <= len(found)
    streams.check(wanted[:len(found)], found, shift=0)


@pytest.mark.parametrize("scheme", ["rtmpt", "rtmpts"])
def test_ffmpeg_publishes(serving, foreign, short_clip, tmp_path, scheme):
    foreign("ffmpeg", *QUIET, "-i", short_clip, *COPY, tmp_path / "told.flv")
    foreign("ffmpeg", *QUIET, "-re", "-i", short_clip, *COPY, url(serving, scheme))
    assert ways_of(serving) == [WAYS[scheme]]
    check_published(tmp_path / "told.flv", serving.recorded())


@pytest.mark.parametrize("scheme", ["rtmpt", "rtmpts"])
def test_ffmpeg_plays(sluice, serving, background, short_clip, tmp_path, scheme):
    got = tmp_path / "got.flv"
    player = background("ffmpeg", *QUIET, "-i", url(serving, scheme), *COPY, "-y", got)
    serving.wait("play")
    push(sluice, serving, short_clip)
    result = player.wait(30 * sluice.patience)
    assert result.code == 0, result.err
    assert ways_of(serving) == [WAYS[scheme], PLAIN]
    streams.check(short_clip, got)


def test_ffmpeg_plays_encrypted(sluice, ffmpeg, serving, background, short_clip, tmp_path):
    got = tmp_path / "got.flv"
    for _ in range(2):  # see test_rtmpe.py
        player = background(ffmpeg, *QUIET, "-i", url(serving, "rtmpte"), *COPY, "-y", got)
        try:
            serving.wait("play")
            break
        except AssertionError:
            pass
    push(sluice, serving, short_clip)
    assert player.wait(30 * sluice.patience).code == 0
    assert WAYS["rtmpte"] in ways_of(serving)
    streams.check(short_clip, got)


def test_ffmpeg_publishes_encrypted(sluice, ffmpeg, serving, foreign, background, short_clip, tmp_path):
    foreign(ffmpeg, *QUIET, "-i", short_clip, *COPY, tmp_path / "told.flv")
    for _ in range(2):
        result = background(ffmpeg, *QUIET, "-re", "-i", short_clip, *COPY, url(serving, "rtmpte")).wait(
            60 * sluice.patience)
        if result.code == 0:
            break
    assert result.code == 0, result.err
    assert ways_of(serving)[-1] == WAYS["rtmpte"]
    check_published(tmp_path / "told.flv", serving.recorded())


@pytest.mark.parametrize("scheme", WAYS)
def test_ours_on_both_ends(sluice, serving, short_clip, tmp_path, scheme):
    trust = serving.trust("rtmps") if scheme == "rtmpts" else []
    early = sluice.start("pull", *trust, url(serving, scheme), tmp_path / "early.flv")
    serving.wait("play")
    pushed = sluice.run("push", "--fast", *trust, short_clip, url(serving, scheme))
    assert pushed.code == support.OK, pushed.err
    assert early.wait(30 * sluice.patience).code == support.OK
    assert ways_of(serving) == [WAYS[scheme]] * 2
    streams.check(short_clip, tmp_path / "early.flv", shift=0)
    streams.check(short_clip, serving.recorded(), shift=0)
    assert len(flvcmp.media(streams.load(serving.recorded()))) > 100


@pytest.mark.parametrize("scheme", ["rtmpt", "rtmpts"])
def test_who_publishes_is_asked(sluice, tmp_path, certificates, short_clip, scheme):
    """In the tunnel; the answer goes through another one."""
    users = tmp_path / "users"
    users.write_text("joe:secret\n")
    users.chmod(0o600)
    server = serving_module.Serving(sluice, tmp_path / "asking", certificates, "--auth", "adobe", "--users", users)
    trust = server.trust("rtmps") if scheme == "rtmpts" else []
    pushed = sluice.run("push", "--fast", *trust, short_clip, url(server, scheme).replace("://", "://joe:secret@"))
    assert pushed.code == support.OK, pushed.err
    assert ways_of(server) == [WAYS[scheme]]
    streams.check(short_clip, server.recorded(), shift=0)
    server.stop()

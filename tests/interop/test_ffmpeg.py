# SPDX-License-Identifier: MIT
"""FFmpeg as Debian builds it: publishes to and plays from `sluice serve`, and is the server with -listen.

FFmpeg never hands an FLV through: it takes it apart and writes another. What it publishes is compared with the file
that the same FFmpeg writes of the same input, what it plays is compared as it wrote it; all tags, in their order.
"""

import flvcmp
import nginx as nginx_module
import pytest

import streams
import support

SCHEMES = ["rtmp", "rtmps"]
QUIET = ["-nostdin", "-v", "error"]
COPY = ["-c", "copy", "-f", "flv"]
END_OF_SEQUENCE = b"\x17\x02\0\0\0"


@pytest.fixture
def tls(certificates):
    """FFmpeg checks a server's certificate only when told to."""
    return lambda scheme: ["-tls_verify", "1", "-ca_file", certificates / "ca.pem"] if scheme == "rtmps" else []


@pytest.fixture
def play(serving, background, tls, tmp_path):
    """Starts an FFmpeg that plays into a file, and waits until it does."""
    started = []

    def start(scheme, name="got"):
        path = tmp_path / f"{name}.flv"
        started.append(background("ffmpeg", *QUIET, *tls(scheme), "-i", serving.url(scheme), *COPY, path))
        serving.wait("play", len(started))
        return started[-1], path

    return start


def ended(process, sluice):
    result = process.wait(30 * sluice.patience)
    assert result.code == 0, result.err


@pytest.mark.parametrize("scheme", SCHEMES)
def test_ffmpeg_publishes(serving, foreign, tls, short_clip, tmp_path, scheme):
    foreign("ffmpeg", *QUIET, "-i", short_clip, *COPY, tmp_path / "told.flv")
    foreign("ffmpeg", *QUIET, "-i", short_clip, *COPY, *tls(scheme), serving.url(scheme))
    streams.check(tmp_path / "told.flv", serving.recorded(), shift=0)
    assert bool(serving.events("connect")[0]["tls_suite"]) == (scheme == "rtmps")


def test_ffmpeg_verifies_the_certificate(serving, background, short_clip, certificates):
    """Or else the tests with -tls_verify would show nothing."""
    ffmpeg = background("ffmpeg", *QUIET, "-i", short_clip, *COPY, "-tls_verify", "1", "-ca_file",
                        certificates / "self-signed.pem", serving.url("rtmps"))
    assert ffmpeg.wait(30).code != 0
    serving.wait("close")
    assert not serving.events("connect")


def test_ffmpeg_is_killed_while_publishing(sluice, serving, background, clip):
    """What came before is a whole FLV."""
    ffmpeg = background("ffmpeg", *QUIET, "-re", "-i", clip, *COPY, serving.url())
    serving.wait("publish")
    recording = serving.folder / "live" / "s.flv"
    deadline = support.time.monotonic() + 20 * sluice.patience
    while not (recording.exists() and recording.stat().st_size > 100000):
        assert support.time.monotonic() < deadline
        support.time.sleep(0.02)
    ffmpeg.process.kill()
    streams.check(clip, serving.recorded(), prefix=True)
    assert len(streams.load(recording)) == serving.events("unpublish")[0]["messages"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_ffmpeg_plays(sluice, serving, play, short_clip, scheme):
    player, got = play(scheme)
    pushed = sluice.run("push", "--fast", *serving.trust(scheme), short_clip, serving.url(scheme))
    assert pushed.code == support.OK, pushed.err
    ended(player, sluice)
    streams.check(short_clip, got)


def test_ffmpeg_plays_what_ffmpeg_publishes(sluice, serving, background, foreign, tls, play, clip, tmp_path):
    """In real time: over both schemes, and by one player more that joined late."""
    foreign("ffmpeg", *QUIET, "-i", clip, "-t", "5", *COPY, tmp_path / "told.flv")
    players = [play(scheme, f"early-{scheme}") for scheme in SCHEMES]
    publisher = background("ffmpeg", *QUIET, "-re", "-i", clip, "-t", "5", *COPY, *tls("rtmps"), serving.url("rtmps"))
    watch = sluice.start("pull", "--json", serving.url(), tmp_path / "watch.flv")
    watch.expect(r'"media_ms":(2[2-9]|[34]\d)\d\d', 20, "out")  # a key frame each 2 s
    late = play_late(serving, background, tmp_path)
    ended(publisher, sluice)
    for player, got in players:
        ended(player, sluice)
        streams.check(tmp_path / "told.flv", got)
    ended(late, sluice)
    streams.check_late(tmp_path / "told.flv", tmp_path / "late.flv", 50)
    assert watch.wait(20 * sluice.patience).code == support.OK
    streams.check(tmp_path / "told.flv", tmp_path / "watch.flv")


def play_late(serving, background, tmp_path):
    player = background("ffmpeg", *QUIET, "-i", serving.url(), *COPY, tmp_path / "late.flv")
    serving.wait("play", 4)
    return player


def test_ffmpeg_plays_until_serve_is_stopped(sluice, serving, play, clip, tmp_path):
    player, got = play("rtmps")
    push = sluice.start("push", "--json", clip, serving.url())
    push.expect(r'"media_ms":[1-9]\d\d\d', 20, "out")
    serving.stop()
    player.wait(30 * sluice.patience)  # FFmpeg takes any end of the connection for an error or not, by version
    tags = flvcmp.media(streams.load(got))
    assert len(tags) > 50 and tags[-1].body == END_OF_SEQUENCE  # FFmpeg's own, whatever it was sent
    streams.check(streams.load(clip), tags[:-1], prefix=True)
    assert push.wait(20 * sluice.patience).code == support.LOST
    streams.check(clip, serving.folder / "live" / "s.flv", prefix=True)


# ---- FFmpeg as the server ----


def listening(background, *args):
    """FFmpeg says nothing when it listens, and takes only one connection: the port is looked for in the kernel's list."""
    port = nginx_module.free_port()
    url = f"rtmp://127.0.0.1:{port}/live/s"
    process = background("ffmpeg", *QUIET, *[url if a == "URL" else a for a in args])
    deadline = support.time.monotonic() + 20
    while f":{port:04X} 00000000:0000 0A" not in open("/proc/net/tcp", encoding="ascii").read():
        assert support.time.monotonic() < deadline and process.process.poll() is None, process.text()
        support.time.sleep(0.02)
    return process, url


def test_push_to_listening_ffmpeg(sluice, background, short_clip, tmp_path):
    server, url = listening(background, "-listen", "1", "-f", "flv", "-i", "URL", *COPY, tmp_path / "got.flv")
    pushed = sluice.run("push", "--fast", short_clip, url)
    assert pushed.code == support.OK, pushed.err
    ended(server, sluice)
    streams.check(short_clip, tmp_path / "got.flv")


def test_pull_from_listening_ffmpeg(sluice, background, short_clip, tmp_path):
    server, url = listening(background, "-i", short_clip, *COPY, "-listen", "1", "URL")
    pulled = sluice.run("pull", url, tmp_path / "got.flv")
    assert pulled.code == support.LOST, pulled  # for FFmpeg hangs up without a word, as if it had crashed
    ended(server, sluice)
    streams.check(short_clip, tmp_path / "got.flv")

# SPDX-License-Identifier: MIT
"""Foreign players go about in a recording that `sluice serve` plays: rtmpdump, FFmpeg with its own RTMP and with librtmp,
GStreamer. What they get is compared tag by tag, or frame by frame where all they do is decode.

The recording is smaller than all that is on the way to a player: the server has sent it to its end at once, and each
seek and pause comes after that.
"""
import shutil
import subprocess
import zlib

import pytest

import dropin
import dumps
import flv
import flvcmp
import gstreamer
import serving as serving_module
import streams
import stubs
import support

STEP = 2000  # from key frame to key frame
DUMPED = (0, 2)  # of rtmpdump; see test_rtmpdump.py


@pytest.fixture(scope="module")
def recording(tmp_path_factory, certificates, clip):
    """A server with the sample clip stored as live/s, and its tags there."""
    path = support.find_sluice()
    if not path:
        pytest.skip("there is no sluice")
    folder = tmp_path_factory.mktemp("vod")

    class Plain:
        patience = 5 if support.sanitized(path) else 1

        def need(self, verb):
            if verb not in support.verbs(path):
                pytest.skip(f"sluice has no {verb}")

        def start(self, *args):
            return support.Process([path, *args])

    server = serving_module.Serving(Plain(), folder / "served", certificates)
    (server.folder / "live").mkdir()
    shutil.copy(clip, server.folder / "live" / "s.flv")
    yield server
    server.process.stop()


def from_key_frame(clip, at):
    """All from there on that librtmp hands on."""
    tags = streams.large_enough(clip)
    first = next(i for i, t in enumerate(tags) if flvcmp.is_key_frame(t) and t.timestamp >= at)
    assert tags[first].timestamp == at
    return tags[first:]


def late(path):
    """What came, from the first key frame on; before it there are configurations, and nothing else."""
    tags = flvcmp.media(streams.load(path))
    first = next(i for i, t in enumerate(tags) if flvcmp.is_key_frame(t))
    assert all(streams.is_sequence_header(t) for t in tags[:first]) and first == 2
    return tags[first:]


@pytest.fixture(params=["debians", "ours"])
def dump(request, sluice, tmp_path):
    """rtmpdump, Debian's and ours."""
    if request.param == "debians" and not dumps.DEBIANS.exists():
        pytest.skip("rtmpdump is not installed")
    program = dumps.DEBIANS if request.param == "debians" else stubs.beside(sluice, "rtmpdump")
    return dumps.Dump(program, tmp_path / "dump", sluice.patience, long=request.param == "ours")


# ---- rtmpdump ----


def test_rtmpdump_takes_all(recording, dump, clip):
    assert dump.run("-r", recording.url()).code in DUMPED, dump.result.err
    streams.check(streams.large_enough(clip), streams.large_enough(dump.got), shift=0)


@pytest.mark.parametrize("start, key", [(4, 4000), (5.999, 4000), (8, 8000)])
def test_rtmpdump_starts(recording, dump, clip, start, key):
    """It puts what it asked for where it asked for it."""
    assert dump.run("-r", recording.url(), "-A", str(start)).code in DUMPED, dump.result.err
    wanted = from_key_frame(clip, key)
    streams.check(wanted, [t for t in late(dump.got) if not streams.is_too_small(t)])
    if start * 1000 == key:
        assert late(dump.got)[0].timestamp == key


@pytest.mark.parametrize("start, stop", [(0, 3), (4, 7), (2, 8.5)])
def test_rtmpdump_stops(recording, dump, clip, start, stop):
    asked = ["-A", str(start)] if start else []
    assert dump.run("-r", recording.url(), *asked, "-B", str(stop)).code in DUMPED, dump.result.err
    wanted = [t for t in from_key_frame(clip, start * 1000) if t.timestamp <= stop * 1000]
    streams.check(wanted, late(dump.got), shift=0)


@pytest.mark.parametrize("tags, skip", [(200, 0), (350, 0), (350, 1), (600, 0), (600, 1)])
def test_rtmpdump_resumes(recording, dump, clip, tags, skip):
    """From files that were broken off, at the last key frame they have or at one before it."""
    assert dump.run("-r", recording.url()).code in DUMPED
    whole = dump.got.read_bytes()
    part = whole[: flvcmp.parse(whole)[tags].offset]
    keys = [t for t in flvcmp.parse(part) if flvcmp.is_key_frame(t)]
    assert len(keys) > skip + 1  # the first is no place to go on at
    dump.got.write_bytes(part)
    assert dump.run("-r", recording.url(), "-e", "-k", str(skip)).code in DUMPED, dump.result.err
    assert dump.got.read_bytes() == whole


# ---- FFmpeg ----


def frames(clip, after):
    return [(t.timestamp, len(t.body) - 5, zlib.adler32(t.body[5:])) for t in streams.load(clip)
            if t.type == flvcmp.VIDEO and t.body[1] == 1 and t.timestamp >= after]


def shown(text):
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith("video ")]
    return [(int(time), int(size), int(total, 16)) for time, size, total in lines]


def steps(text):
    """The player's output, step by step: (its name, what was shown)."""
    found = []
    for line in text.splitlines():
        if line.split()[0] in ("read", "until", "seek", "pause", "play") or line == "end":
            found.append((line, ""))
        else:
            found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return [(name, shown(shows)) for name, shows in found]


def check_steps(got, clip):
    """Each seek leads to its key frame, and pauses lose and repeat nothing."""
    at, place = None, 0
    for name, pictures in got:
        wanted = frames(clip, 0)
        if name == "seek":
            at = None
        elif pictures:
            place = wanted.index(pictures[0]) if at is None else at
            assert pictures == wanted[place : place + len(pictures)], name
            at = place + len(pictures)


@pytest.mark.parametrize("kind, ends", [("rtmpe", True), ("librtmp", False)])
def test_ffmpeg_player(sluice, recording, own_ffmpeg, background, clip, kind, ends):
    """Its own RTMP can go back from the end, too; librtmp hangs up there, as it always does."""
    live = ["-rtmp_live", "recorded"] if kind == "rtmpe" else []
    script = ["read", "20", "pause", "read", "20", "play", "seek", "6000", "until", "6000", "read", "40", "seek", "2000",
              "pause", "play", "until", "2000", "end"]
    if ends:
        script += ["seek", "4000", "until", "4000", "pause", "play", "end", "seek", "0", "until", "0"]
    script += ["read"]
    argv = [own_ffmpeg(kind) / "ffmpeg_player", *live, recording.url(), *script]
    result = background(*argv).wait(40 * sluice.patience)
    assert result.code == 0, result
    got = steps(result.out.decode())
    assert [name for name, _ in got] == [word for word in script if not word.isdigit()]
    check_steps(got, clip)
    asked = [int(script[i + 1]) for i, word in enumerate(script) if word == "until"]
    assert [pictures[0][0] for name, pictures in got if name == "until"] == asked
    last = frames(clip, 0)[-1]
    assert [pictures[-1] for name, pictures in got if name == "end"] == [last] * (2 if ends else 1)


@pytest.mark.parametrize("seconds, key", [(5, 4000), (8.5, 8000)])
def test_ffmpeg_seeks(recording, foreign, clip, tmp_path, seconds, key):
    """Debian's own, as its users ask for it."""
    foreign("ffmpeg", "-nostdin", "-v", "error", "-rtmp_live", "recorded", "-ss", seconds, "-i", recording.url(), "-c",
            "copy", tmp_path / "got.flv")
    wanted = from_key_frame(clip, key)
    got = [t for t in late(tmp_path / "got.flv") if not streams.is_too_small(t)]
    streams.check([t for t in wanted if t.type == flvcmp.VIDEO], [t for t in got if t.type == flvcmp.VIDEO])
    sound = [t for t in got if t.type == flvcmp.AUDIO]
    assert [t.body for t in sound] == [t.body for t in wanted if t.type == flvcmp.AUDIO][-len(sound) :] and len(sound) > 50


# ---- GStreamer, and ourselves ----


def test_gstreamer_seeks(recording, programs, clip, tmp_path):
    """rtmpsrc, of librtmp: from the key frame on, with the configurations and the recording's times. Debian's never ends:
    it is over when all has come."""
    gstreamer.need("rtmpsrc")
    if subprocess.run([dropin.PYTHON, "-c", "import gi; gi.require_version('Gst', '1.0')"], capture_output=True, timeout=30,
                      check=False).returncode:
        pytest.skip("Python cannot drive GStreamer (python3-gi, gir1.2-gstreamer-1.0)")
    configs = [t._replace(timestamp=6000) for t in streams.load(clip) if streams.is_sequence_header(t)]
    wanted = b"".join(flv.tag(*t[:3]) for t in configs + from_key_frame(clip, 6000))
    result = programs.run([dropin.PYTHON, "-I", dropin.HERE / "gstreamer_seek.py", recording.url(), tmp_path / "got", "6500",
                           str(len(wanted))])
    assert result.code == 0, result
    assert (tmp_path / "got").read_bytes()[: len(wanted)] == wanted


def test_pull_takes_all(sluice, recording, clip, tmp_path):
    assert sluice.run("pull", "--vod", recording.url(), tmp_path / "got.flv").code == support.OK
    streams.check(clip, tmp_path / "got.flv", shift=0)

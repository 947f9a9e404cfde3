# SPDX-License-Identifier: MIT
"""Programs of others on our librtmp.so.1, and on Debian's: they play and publish, and what arrives is what was sent.

librtmp leaves out video messages of up to 5 bytes and audio of up to 1 when it plays; all else has to be there.
"""
import contextlib
import resource
import shutil
import signal
import subprocess
import zlib

import pytest

import dropin
import flvcmp
import streams
import support

ENDLESS = [("debian", "curl"), ("debian", "gstreamer")]  # see test_plays_live()


@pytest.fixture
def ended(sluice):
    """Asserts that a program ends well, and soon."""

    def check(process, name):
        result = process.wait(20 * sluice.patience)
        assert result.code in dropin.codes(name), result
        return result

    return check


def first_key_frame(path):
    return next(t.offset for t in streams.load(path) if flvcmp.is_key_frame(t))


class Push:
    """`sluice push` that has sent all up to the first key frame, and waits."""

    def __init__(self, sluice, clip, url):
        self.data = clip.read_bytes()
        self.at = first_key_frame(clip)
        self.process = sluice.start("push", "--fast", "-", url, stdin=subprocess.PIPE)
        self.patience = sluice.patience
        self.write(self.data[: self.at])

    def write(self, data):
        self.process.process.stdin.write(data)
        self.process.process.stdin.flush()

    def rest(self):
        with contextlib.suppress(BrokenPipeError):  # it tells below why it has ended
            self.write(self.data[self.at :])
            self.process.process.stdin.close()
        result = self.process.wait(30 * self.patience)
        assert result.code == support.OK, result.err


@pytest.mark.parametrize("name", dropin.PLAYERS)
def test_plays_live(sluice, serving, library, programs, ended, short_clip, tmp_path, name):
    push = Push(sluice, short_clip, serving.url())
    serving.wait("publish")
    player = programs.play(name, serving.url(), tmp_path / "got.flv", live=True)
    serving.wait("play")
    library.check(player.pid)
    if name == "gstreamer" and not library.ours:
        resource.prlimit(player.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    push.rest()
    if name == "gstreamer" and not library.ours:
        cut_what_is_begun_anew(player, tmp_path / "got.flv")
    else:
        if name == "curl" and not library.ours:
            serving.stop()  # it waits at the socket for what Debian's library has already
        ended(player, name)
    got = streams.without_repeated_headers(streams.large_enough(tmp_path / "got.flv"))
    streams.check(streams.large_enough(short_clip), got, shift=0)


def cut_what_is_begun_anew(player, path):
    """When a stream has ended, Debian's library hands GStreamer another file's beginning, and so on for ever."""
    assert player.process.wait(20) == -signal.SIGXFSZ
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"FLV", 3)])


@pytest.mark.parametrize("name", dropin.PUBLISHERS)
def test_publishes(serving, library, programs, ended, short_clip, sent, tmp_path, name):
    publisher = programs.publish(name, serving.url())
    programs.feed(publisher, short_clip, lambda: serving.wait("publish"))
    ended(publisher, name)
    streams.check(sent(name, programs, short_clip, tmp_path), serving.recorded(), shift=0)


@pytest.mark.parametrize("name", dropin.PUBLISHERS)
def test_publishes_to_nginx(nginx, programs, ended, same_stream, short_clip, sent, tmp_path, name):
    publisher = programs.publish(name, f"rtmp://127.0.0.1:{nginx.rtmp}/live/s")
    programs.feed(publisher, short_clip, lambda: nginx.said("publish: name='s'"))
    ended(publisher, name)
    same_stream(sent(name, programs, short_clip, tmp_path), nginx.recorded("s"))


@pytest.mark.parametrize("library,name", [(library, name) for library in dropin.libraries() for name in dropin.PLAYERS
                                          if (library, name) not in ENDLESS], indirect=["library"])
def test_plays_a_file_from_nginx(nginx, programs, ended, short_clip, tmp_path, name):
    """nginx says that the file is over, and keeps the connection."""
    shutil.copy(short_clip, nginx.dir / "vod" / "clip.flv")
    player = programs.play(name, f"rtmp://127.0.0.1:{nginx.rtmp}/vod/clip.flv", tmp_path / "got.flv")
    ended(player, name)
    streams.check(streams.large_enough(short_clip), streams.large_enough(tmp_path / "got.flv"), shift=0)


# ---- what Debian's library cannot ----

def straddling(clip, folder, kept):
    """The clip with a frame of such a size that its tag, alone in writes of 32 KiB, leaves room in the first for so many
    bytes of PreviousTagSize."""
    tags = streams.load(clip)
    at = [i for i, tag in enumerate(tags) if tag.type == flvcmp.VIDEO][10]
    body = tags[at].body
    filler = 32768 - 11 - kept - len(body) - 4  # bytes of a NAL unit of type 12, behind its length
    grown = body + filler.to_bytes(4, "big") + b"\x0c" + b"\xff" * (filler - 2) + b"\x80"
    tags[at] = tags[at]._replace(body=grown)
    return streams.write(folder / "straddling.flv", tags)


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_a_size_that_straddles_two_writes(nginx, library, programs, same_stream, short_clip, sent, tmp_path, kept):
    """FFmpeg flushes each tag, in writes of up to 32 KiB."""
    clip = straddling(short_clip, tmp_path, kept)
    result = programs.run(dropin.ffmpeg_publish(programs.own_ffmpeg, f"rtmp://127.0.0.1:{nginx.rtmp}/live/s"), clip)
    if library.ours:
        assert (result.code, result.err) == (0, "")
        same_stream(sent("ffmpeg", programs, clip, tmp_path), nginx.recorded("s"))
    else:
        assert result.code == 1 and "End of file" in result.err
        assert len(streams.load(nginx.recorded("s"))) < len(streams.load(clip)) / 2


@pytest.mark.parametrize("library", ["ours"], indirect=True)
@pytest.mark.parametrize("size", [1, 15, 333])
def test_any_pieces(serving, programs, short_clip, size):
    """On Debian's library such a program crashes."""
    data = flvcmp.parse(short_clip.read_bytes())[40].offset
    few = short_clip.with_name("few.flv")
    few.write_bytes(short_clip.read_bytes()[:data])
    argv = [dropin.PYTHON, "-I", dropin.HERE / "python_librtmp.py", "publish", serving.url(), str(size)]
    dropin.need("python")
    result = programs.run(argv, few)
    assert result.code == 0, result.err
    streams.check(few, serving.recorded(), shift=0)


def test_ffmpeg_pauses_and_seeks(nginx, programs, clip):
    """By libavformat's own calls: what comes behind the seek is the stream from a key frame on."""
    shutil.copy(clip, nginx.dir / "vod" / "clip.flv")
    player = programs.own_ffmpeg("librtmp") / "ffmpeg_player"
    result = programs.run([player, f"rtmp://127.0.0.1:{nginx.rtmp}/vod/clip.flv", "read", "20", "pause", "play", "seek",
                           "6000", "until", "6000"])
    assert result.code == 0, result
    before, behind = result.out.decode().split("seek\n")
    frames = [(tag.timestamp, len(tag.body) - 5, zlib.adler32(tag.body[5:])) for tag in streams.load(clip)
              if tag.type == flvcmp.VIDEO and tag.body[1] == 1]

    def shown(text):
        lines = [line.split()[1:] for line in text.splitlines() if line.startswith("video")]
        return [(int(time), int(size), int(total, 16)) for time, size, total in lines]

    assert shown(before) == frames[: len(shown(before))] and len(shown(before)) > 5
    key = next(i for i, frame in enumerate(frames) if frame[0] >= 6000)
    assert shown(behind)[-1] == frames[key]
    nginx.said("seek: offset=6000")

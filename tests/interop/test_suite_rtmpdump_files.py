# SPDX-License-Identifier: MIT
"""What rtmpdump writes, ours and Debian's: files anew and such as are gone on with, and standard output."""
import fcntl
import mmap
import os
import pathlib
import signal
import struct
import termios

import pytest

import flv
import flvcmp
import peers
from dumps import FRAMES, META, URL, WHOLE

F_SETPIPE_SZ = 1031  # which fcntl has from Python 3.10 on


def after(seconds, shift):
    """What a server plays that was asked to begin there: its clock is at 0 then, or that of the recording."""
    begin = seconds * 1000
    later = [t for t in WHOLE[3:] if t[1] >= begin]
    return [META, *WHOLE[1:3]] + [(kind, at - begin if shift else at, body) for kind, at, body in later]


def part(seconds, behind=0):
    """A file with all up to there, and some tags behind the key frame."""
    i = next(i for i, t in enumerate(WHOLE[3:]) if t[1] >= seconds * 1000) + 4
    return flv.flv(WHOLE[:i + behind])


def start_of(calls):
    return calls["calls"][-1][3]


@pytest.mark.parametrize("shift", [True, False])
@pytest.mark.parametrize("behind", [0, 7])
def test_resume(ours, debians, shift, behind):
    """Debian's knows servers only whose clock begins anew."""
    for dump in [ours, debians] if shift else [ours]:
        dump.got.write_bytes(part(3, behind))
        assert start_of(dump.play(*URL, "-e", plays=after(3, shift))) == 3000.0
        assert dump.got.read_bytes() == flv.flv(WHOLE)
        assert dump.code == 2  # the last frame begins before the end


def test_resume_within_a_tag(ours):
    ours.got.write_bytes(part(3, 7)[:-100])
    assert start_of(ours.play(*URL, "-e", plays=after(3, True))) == 3000.0
    assert ours.got.read_bytes() == flv.flv(WHOLE)


def test_skip(ours, debians):
    for dump in (debians, ours):
        dump.got.write_bytes(part(3, 7))
        assert start_of(dump.play(*URL, "-e", "-k", "2", plays=after(1, True))) == 1000.0
        assert dump.got.read_bytes() == flv.flv(WHOLE)


def test_resume_elsewhere(ours, debians):
    """The server begins at another place: the file is left as it is, and told how to go on."""
    for dump in (debians, ours):
        dump.got.write_bytes(part(3, 7))
        dump.play(*URL, "-e", plays=after(2, True))
        assert dump.code == 1 and "--skip 1" in dump.result.err
    assert ours.got.read_bytes() == part(3, 7)


def test_resume_what_is_complete(ours, debians):
    for dump in (debians, ours):
        dump.got.write_bytes(flv.flv(WHOLE + [flv.video(8000, 0)]))
        dump.play(*URL, "-e", plays=after(3, True))
        assert dump.code == 0 and "Already Completed" in dump.result.err
        assert dump.got.read_bytes() == flv.flv(WHOLE + [flv.video(8000, 0)])


def test_a_live_stream_is_not_resumed(ours, debians):
    for args in ([*URL, "-v"], ["-i", "rtmp://127.0.0.1:{port}/live/stream live=1"]):
        for dump in [debians, ours] if "-v" in args else [ours]:
            dump.got.write_bytes(part(3))
            assert start_of(dump.play(*args, "-e")) == -1000.0
            assert dump.code == 0 and "--resume" in dump.result.err
            assert not flvcmp.difference(flvcmp.parse(flv.flv(FRAMES)), dump.tags(), shift=0)


def begun_anew(cut):
    """What a download leaves that broke off so many bytes after its first key frame began."""
    return flv.flv(WHOLE[:3])[:cut] if cut < 0 else flv.flv(WHOLE[:3]) + flv.tag(*WHOLE[3])[:cut]


def test_resume_before_the_first_key_frame(ours, debians):
    """There is nothing to go on from, and nothing to lose: it is begun anew.

    Debian's fails, or writes another FLV into the one that is there."""
    assert WHOLE[3][0] == flvcmp.VIDEO
    for before in (begun_anew(0), begun_anew(100), begun_anew(-30), flv.flv([META]), flv.flv([]), flv.flv([])[:9], b"FLV"):
        debians.got.write_bytes(before)
        with peers.Server(plays=flv.messages(WHOLE)) as server:
            debians.run("-r", server.url() + "/stream", "-e")
        left = debians.got.read_bytes()
        assert left == before if debians.code == 1 else left.count(b"FLV\x01") == 2
        ours.got.write_bytes(before)
        assert start_of(ours.play(*URL, "-e", plays=WHOLE)) == 0.0
        assert ours.got.read_bytes() == flv.flv(WHOLE) and "it is begun anew" in ours.result.err


DAMAGED = {"type": (0, 0xFF), "size": (1, 0x80), "a little too long": (3, 1), "size behind": (-1, 1)}


@pytest.mark.parametrize("where", DAMAGED)
@pytest.mark.parametrize("options", [[], ["-k", "2"]])
def test_resume_what_is_damaged(ours, where, options):
    """In the middle: what is behind must not be lost. Where nothing is behind it, it is a download that broke off.

    Debian's looks at the end alone, and follows the sizes from there."""
    tags = WHOLE[:100]
    at, flip = DAMAGED[where]
    begin = len(flv.flv(tags[:60]))
    content = bytearray(flv.flv(tags))
    content[(begin if at >= 0 else len(flv.flv(tags[:61]))) + at] ^= flip
    ours.got.write_bytes(content)
    ours.run("-r", "rtmp://127.0.0.1:1/live/stream", "-e", *options)
    (error,) = [line for line in ours.result.err.splitlines() if line.startswith("ERROR")]
    assert ours.code == 1 and f" cannot be gone on with: it is damaged at byte {begin}, and " in error
    assert ours.got.read_bytes() == content
    if where != "type":
        ours.got.write_bytes(content[:begin + 40])
        ours.run("-r", "rtmp://127.0.0.1:1/live/stream", "-e")
        assert ours.code == 3  # for want of a server


def test_resume_nothing(ours, debians):
    """A file that is not there, or has nothing, is begun."""
    debians.got.unlink(missing_ok=True)
    assert start_of(debians.play(*URL, "-e", plays=WHOLE)) == 0.0
    assert debians.got.read_bytes() == flv.flv(WHOLE)
    for before in (None, b""):
        ours.got.unlink(missing_ok=True)
        if before is not None:
            ours.got.write_bytes(before)
        assert start_of(ours.play(*URL, "-e", plays=WHOLE)) == 0.0
        assert ours.got.read_bytes() == flv.flv(WHOLE)


@pytest.mark.parametrize("content, why", [(b"x" * 1000, "it is no FLV"),
                                          (flv.flv([flv.video(40, 1)]), "there is no key frame in it")])
def test_resume_what_cannot_be(ours, content, why):
    ours.got.write_bytes(content)
    ours.run("-r", "rtmp://127.0.0.1:1/live/stream", "-e")
    assert ours.code == 1 and why in ours.result.err and ours.got.read_bytes() == content


def test_a_file_stays_until_there_is_another(ours):
    """Debian's empties it before it knows whether there is a server."""
    ours.got.write_bytes(b"precious")
    ours.run("-r", "rtmp://127.0.0.1:1/live/stream")
    assert ours.code == 3 and ours.got.read_bytes() == b"precious"
    ours.play(*URL)
    assert not flvcmp.difference(flvcmp.parse(flv.flv(FRAMES)), ours.tags(), shift=0)


@pytest.mark.parametrize("options", [[], ["-o", "-"], ["-e"], ["-e", "-o", "-"]])
def test_stdout(ours, debians, options):
    for dump in (debians, ours):
        dump.play(*URL, *options, output=False)
        assert flvcmp.parse(dump.result.out) == flvcmp.parse(flv.flv(FRAMES))
    assert ours.code == debians.code == 0
    assert ("--resume" in ours.result.err) == ("-e" in options)


def test_a_full_disk(ours):
    """Debian's says that all went well."""
    ours.play(*URL, "-o", "/dev/full", output=False)
    assert ours.code == 1 and "/dev/full cannot be written after 0 bytes: No space left" in ours.result.err


def test_a_reader_that_does_not_read(ours):
    """A signal ends it nevertheless."""
    with peers.Server(plays=flv.messages(WHOLE)) as server:
        read, write = os.pipe()
        fcntl.fcntl(write, F_SETPIPE_SZ, mmap.PAGESIZE)
        with ours.start("-r", server.url() + "/stream", output=False, stdout=write) as process:
            os.close(write)
            while not (is_full(read) and sleeps(process)):
                assert process.process.poll() is None
            assert process.stop(signal.SIGINT, 20 * ours.patience).code == 2
        os.close(read)


def is_full(pipe):
    """No frame of video fits any more."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] > mmap.PAGESIZE - 300


def sleeps(process):
    return "State:\tS" in pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")


def test_a_reader_that_went_away(ours):
    read, write = os.pipe()
    os.close(read)
    try:
        ours.play(*URL, output=False, stdout=write)
    finally:
        os.close(write)
    assert ours.code == 1 and "standard output cannot be written after 0 bytes: Broken pipe" in ours.result.err

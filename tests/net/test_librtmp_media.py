# SPDX-License-Identifier: MIT
"""RTMP_Read() and RTMP_Write() of our librtmp.so.1, by a program that does not know whose library it is; and what Debian's
gives in its place."""

import json
import shutil
import struct

import pytest

import flv
import flvcmp
import peers
import rtmp
import support
from librtmp_runs import debians, ours, run  # noqa: F401 (fixtures)

METADATA = rtmp.amf0("onMetaData", {"duration": 12.5, "videocodecid": 7.0, "audiocodecid": 10.0})
COMPLETE, ERROR, EOF = -3, -2, -1


def reads(library, url, size, *more):
    result = run(library, "read", url, str(size), *more)
    assert result.code == 0, result.err
    return result.out, json.loads(result.err.splitlines()[-1])


def part(kind, timestamp, body, previous=None):
    return flv.tag(kind, timestamp, body)[:-4] + struct.pack(">I", 11 + len(body) if previous is None else previous)


def stream(large):
    """All that a server may send, some of it in aggregates, with timestamps past 24 bits."""
    tags = [(flvcmp.SCRIPT, 0, METADATA), *flv.frames(40, step=50000)]
    tags += flv.frames(3, start=0x1000000 - 30) + [flv.video(0x1000100, 25, large)]
    messages = flv.messages(tags)
    aggregate = part(flvcmp.AUDIO, 7, b"\xaf\1abc") + part(flvcmp.VIDEO, 20, b"\x27\1\0\0\0frame", previous=3)
    aggregate += part(flvcmp.AUDIO, 31, b"\xaf\1def")[:-4]
    return messages + [rtmp.Message(rtmp.AGGREGATE, 0x1000200, 1, aggregate)]


@pytest.mark.parametrize("size", [1, 10, 4096, 65536])
def test_the_same_bytes_as_debians(ours, debians, size):
    with peers.Server(plays=stream(2000 if size == 1 else 70000)) as server:
        got, seen = reads(ours, f"{server.url()}/s", size)
        wanted, also = reads(debians, f"{server.url()}/s", size)
    assert got == wanted and len(got) > 17000
    assert flvcmp.parse(got)[-1].timestamp == 0x1000200 + 24
    assert seen["returned"] == also["returned"]
    assert seen == also and seen["status"] == COMPLETE and seen["duration"] == 12.5


def test_short_messages(ours, debians):
    """An end of sequence, say, which Debian's leaves out."""
    short = [(flvcmp.VIDEO, 360, b"\x17\2\0\0\0"), (flvcmp.AUDIO, 361, b"\xaf")]
    with peers.Server(plays=flv.messages(flv.frames(10) + short)) as server:
        got, seen = reads(ours, f"{server.url()}/s", 4096)
        theirs, also = reads(debians, f"{server.url()}/s", 4096)
    assert seen["timestamp"] == also["timestamp"] == 363  # what is held against the duration
    assert [t[:3] for t in flvcmp.parse(got)] == flv.frames(10) + short
    assert [t[:3] for t in flvcmp.parse(theirs)] == flv.frames(10)


def test_the_end_of_the_connection(ours, debians):
    """Not a word, and gone."""
    messages = b"".join(rtmp.message(m.type, m.payload, 6, m.timestamp, 1) for m in flv.messages(flv.frames(2)))

    def goes(conn):
        conn.send(messages)
        peers.close(conn)

    results = []
    for library in (ours, debians):
        with peers.Server("started", goes) as server:
            results.append(reads(library, f"{server.url()}/s", 4096))
    assert results[0] == results[1] and results[0][1]["status"] == EOF
    assert len(flvcmp.parse(results[0][0])) == 6


class Pausing(peers.Session):
    """Sends the first half of what there is, and the rest when it is to go on."""

    def play(self, name):
        plays, self.server.plays = self.server.plays, self.server.plays[: len(self.server.plays) // 2]
        self.rest = plays[len(plays) // 2 :]
        self.status("NetStream.Play.Start", "playing")
        self.send_all(self.server.plays)
        return True

    def send_all(self, plays):
        for m in plays:
            self.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1, self.chunk_size))

    def answer(self, name, *args):
        if name == "pause" and args[2]:
            self.status("NetStream.Pause.Notify", "it pauses")
        elif name == "pause":
            self.status("NetStream.Unpause.Notify", "it goes on")
            self.send_all(self.rest)
            self.status("NetStream.Play.Stop", "stopped")
        return super().answer(name, *args)


def test_a_pause(ours, debians):
    """The server is told where, sends nothing until it is to go on, and then the rest."""
    tags = flv.frames(50)
    results = []
    for library in (ours, debians):
        with peers.Server(plays=flv.messages(tags), session=Pausing) as server:
            result = run(library, "halt", f"{server.url()}/s timeout=1", str(len(flv.flv(tags[: len(tags) // 2]))))
            assert result.code == 0, result.err
            asked = [call[3:] for call in server.session().calls if call[0] == "pause"]
        results.append((result.out, asked, json.loads(result.err.splitlines()[-1])))
    assert results[0] == results[1]
    got, asked, (before, meanwhile, after) = results[0]
    assert asked == [[True, tags[len(tags) // 2 - 1][1]], [False, tags[len(tags) // 2 - 1][1]]]
    assert (before, meanwhile) == (len(flv.flv(tags[: len(tags) // 2])), 0) and after > 0
    assert [t[:3] for t in flvcmp.parse(got)] == tags


def test_a_pause_of_a_recording(ours, sluice, tmp_path):
    """More of it than fits on the way: what comes after the pause is but what was sent before it."""
    frames = flv.frames(1000, size=30000)
    (tmp_path / "live").mkdir()
    (tmp_path / "live/film.flv").write_bytes(flv.flv(frames))
    with sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", tmp_path) as serving:
        port = serving.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]
        result = run(ours, "halt", f"rtmp://127.0.0.1:{port}/live/film timeout=1", "100000")
    assert result.code == 0, result.err
    before, meanwhile, after = json.loads(result.err.splitlines()[-1])
    assert before == 100000 and meanwhile < 20_000_000 < after + meanwhile
    assert flvcmp.media(flvcmp.parse(result.out)) == flvcmp.media(flvcmp.parse(flv.flv(frames)))


def resuming(tags, index):
    kind, timestamp, body = tags[index]
    return json.dumps({"type": kind, "timestamp": timestamp, "frame": body.hex(), "metadata": METADATA.hex()})


def from_zero(tags, index):
    """What Adobe's server sends when it is asked to play from that frame."""
    return flv.messages([(flvcmp.SCRIPT, 0, METADATA), tags[0], tags[1]] +
                        [(k, t - tags[index][1], b) for k, t, b in tags[index:]])


def test_resumes_as_debians(ours, debians):
    tags = flv.frames(60)
    index = tags.index(flv.video(1000, 25))
    for size in (100, 65536):
        with peers.Server(plays=from_zero(tags, index)) as server:
            got, seen = reads(ours, f"{server.url()}/s", size, resuming(tags, index))
            wanted, also = reads(debians, f"{server.url()}/s", size, resuming(tags, index))
        assert got == wanted and seen == also
        assert [t[:3] for t in flvcmp.parse(flv.flv([]) + got)] == tags[index + 1 :]


def test_does_not_resume_another_stream_as_debians(ours, debians):
    tags = flv.frames(60)
    other = [(k, t, b + b"x") for k, t, b in tags]
    index = tags.index(flv.video(1000, 25))
    changed = [rtmp.Message(rtmp.DATA, 0, 1, METADATA + b"\5")] + flv.messages(tags)
    for plays in (from_zero(other, index), changed):
        with peers.Server(plays=plays) as server:
            got, seen = reads(ours, f"{server.url()}/s", 4096, resuming(tags, index))
            wanted, also = reads(debians, f"{server.url()}/s", 4096, resuming(tags, index))
        assert got == wanted == b"" and seen == also
        assert seen["status"] == ERROR and seen["returned"] == [0, -1]


def test_resumes_by_the_recordings_clock(ours):
    """Which Debian's does not."""
    tags = flv.frames(60)
    index = tags.index(flv.video(1000, 25))
    with peers.Server(plays=flv.messages([(flvcmp.SCRIPT, 0, METADATA), *tags[:2], *tags[index:]])) as server:
        got, seen = reads(ours, f"{server.url()}/s", 4096, resuming(tags, index))
    assert [t[:3] for t in flvcmp.parse(flv.flv([]) + got)] == tags[index + 1 :]
    assert seen["timestamp"] == tags[-1][1]


# ---- RTMP_Write() ----


@pytest.mark.parametrize("pieces", ["1", "333", "15,333,1", "4096", "32768", "1000000"])
def test_written_in_pieces(ours, tmp_path, pieces):
    tags = [(flvcmp.SCRIPT, 0, METADATA), *flv.frames(30), flv.video(2000, 25, 100000), flv.video(0x1000000, 26)]
    for begins_at in (0, 13):
        (tmp_path / "in.flv").write_bytes(flv.flv(tags)[begins_at:])
        with peers.Server() as server:
            result = run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", pieces)
            session = server.session()
        assert result.code == 0, result.err
        assert flv.got(session) == [t for t in tags if t[0] != flvcmp.SCRIPT]
        assert [m.payload for m in session.media if m.type == rtmp.DATA] == [rtmp.amf0("@setDataFrame") + METADATA]


def test_previous_tag_size_across_two_writes(ours, debians, tmp_path):
    """Where the second of two writes of 32 KiB begins in a PreviousTagSize, Debian's gives up."""
    first = flv.video(0, 0, 32736)
    first = (*first[:2], first[2] + bytes(32768 + 2 - len(flv.flv([first]))))
    tags = [first, *flv.frames(200)[2:]]
    assert len(flv.flv(tags[:1])) == 32768 + 2
    (tmp_path / "in.flv").write_bytes(flv.flv(tags))
    with peers.Server() as server:
        result = run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", "32768")
        assert result.code == 0 and flv.got(server.session()) == tags
    with peers.Server() as server:
        result = run(debians, "write", f"{server.url()}/s", tmp_path / "in.flv", "32768")
        assert flv.got(server.session()) != tags


def test_data_that_is_no_metadata_goes_as_it_is(ours, tmp_path):
    text = rtmp.amf0("onTextData", {"text": "hello"})
    (tmp_path / "in.flv").write_bytes(flv.flv([(flvcmp.SCRIPT, 0, text)]))
    with peers.Server() as server:
        assert run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", "100").code == 0
        assert [m.payload for m in server.session().media] == [text]


def test_what_is_no_flv(ours, tmp_path):
    (tmp_path / "in.flv").write_bytes(flv.flv(flv.frames(2)) + b"\xff" * 100)
    with peers.Server() as server:
        result = run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", "1000000")
        assert result.code == 1 and "gave up at byte 0" in result.err
        assert "this FLV is corrupt at byte" in result.err
        server.session()


def test_a_server_that_goes(ours, tmp_path):
    (tmp_path / "in.flv").write_bytes(flv.flv(flv.frames(20000)))
    with peers.Server("started", peers.reset) as server:
        result = run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", "32768")
        assert result.code == 1 and "gave up at byte" in result.err


# ---- rtmpdump ----


def test_rtmpdump_resumes(sluice, ours, tmp_path, clip):
    """Debian's rtmpdump, on our library and on its own. Servers whose clock is the recording's: tests/unit/test_flv_resume.c."""
    if not shutil.which("rtmpdump"):
        pytest.skip("rtmpdump is not installed")

    def dump(library, name, *options):
        env = {"LD_LIBRARY_PATH": str(library)} if library else {}
        with support.Process(["rtmpdump", *options, "-r", f"{url}/{support.KEY}", "-o", tmp_path / name], env=env) as process:
            return process.wait(60)

    (tmp_path / "recorded").mkdir()
    server = sluice.serve("--listen", "rtmp://127.0.0.1:0", tmp_path / "recorded")
    url = server.expect(r"listening on (\S+)", 20, "out")[1] + "/live"
    assert sluice.run("push", "--fast", clip, url, support.KEY).code == support.OK
    server.expect("was recorded", 20, "err")
    for library in (ours.parent, None):
        assert dump(library, "whole.flv").code == 0
        whole = (tmp_path / "whole.flv").read_bytes()
        tags = flvcmp.parse(whole)
        (tmp_path / "part.flv").write_bytes(whole[: tags[len(tags) * 2 // 3].offset])
        resumed = dump(library, "part.flv", "-e")
        assert resumed.code == 0, resumed.err
        assert (tmp_path / "part.flv").read_bytes() == whole

# SPDX-License-Identifier: MIT
"""sluice pull: what is stored, what it says, and how it ends."""

import json
import os
import signal
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
import support
from support import KEY, one_sentence


@pytest.fixture(autouse=True)
def needs_pull(sluice):
    sluice.need("pull")


def stored(path):
    return [(t.type, t.timestamp, t.body) for t in flvcmp.parse(path.read_bytes()) if t.type != flvcmp.SCRIPT]


def sends_and_then(tags, action):
    """At "started": sends tags, then misbehaves."""

    def go(conn):
        for kind, stamp, body in tags:
            conn.send(rtmp.message(kind, body, 6, stamp, 1))
        return action(conn)

    return go


METADATA = rtmp.amf0("onMetaData", {"width": 640.0, "encoder": "test"})


def test_all_of_a_stream_is_stored(sluice, clip, tmp_path):
    tags = [(t.type, t.timestamp, t.body) for t in flvcmp.parse(clip.read_bytes())]
    with peers.Server(plays=flv.messages(tags)) as server:
        result = sluice.run("pull", f"{server.url()}/{KEY}", tmp_path / "out.flv")
        assert server.session().name == KEY and server.session().ended == "closed"
    assert result.code == support.OK and result.err == ""
    assert stored(tmp_path / "out.flv") == [t for t in tags if t[0] != flvcmp.SCRIPT]


def test_standard_output_gets_the_same(sluice, tmp_path):
    tags = flv.frames(30)
    with peers.Server(plays=flv.messages(tags)) as server:
        result = sluice.run("pull", "--json", server.url(), KEY, "-")
    assert result.code == support.OK
    (tmp_path / "out.flv").write_bytes(result.out)
    assert stored(tmp_path / "out.flv") == tags
    end = json.loads(result.err.splitlines()[-1])
    assert end["event"] == "summary" and end["verb"] == "pull" and end["messages"] == len(tags)
    assert end["file_bytes"] == len(result.out) and end["media_ms"] == 29 * 40 + 3


def test_header_and_duration_are_completed(sluice, tmp_path):
    tags = [(flvcmp.SCRIPT, 0, METADATA)] + [flv.audio(i * 100, i) for i in range(21)]
    with peers.Server(plays=flv.messages(tags)) as server:
        assert sluice.run("pull", server.url(), "s", tmp_path / "out.flv").code == support.OK
    data = (tmp_path / "out.flv").read_bytes()
    assert data[4] == 4  # audio only
    script = flvcmp.parse(data)[0]
    name, members = rtmp.amf0_decode(script.body)
    assert name == "onMetaData" and members == {"duration": 2.0, "width": 640.0, "encoder": "test"}


def test_large_messages_and_few_writes(sluice, tmp_path):
    tags = flv.frames(500) + [flv.video(30000, 0, 200000), flv.video(30040, 1, 3000000)]
    with peers.Server(plays=flv.messages(tags)) as server:
        result = sluice.run("pull", "--json", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.OK and stored(tmp_path / "out.flv") == tags
    end = json.loads(result.out.splitlines()[-1])
    assert end["file_calls"] <= end["reads"] + 10  # one write a wakeup


def test_timestamps_start_at_zero_or_are_kept(sluice, tmp_path):
    tags = flv.frames(5, start=7000000)
    with peers.Server(plays=flv.messages(tags)) as server:
        assert sluice.run("pull", server.url(), "s", tmp_path / "a.flv").code == 0
        assert sluice.run("pull", "--keep-timestamps", server.url(), "s", tmp_path / "b.flv").code == 0
    assert stored(tmp_path / "a.flv") == flv.frames(5)
    assert stored(tmp_path / "b.flv") == tags


def test_duration(sluice, tmp_path):
    tags = flv.frames(100)
    with peers.Server(plays=flv.messages(tags)) as server:
        result = sluice.run("pull", "--duration", "1", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.OK
    assert stored(tmp_path / "out.flv") == [t for t in tags if t[1] < 1000]


@pytest.mark.parametrize("option,start", [(None, -2000), ("--live", -1000), ("--vod", 0)])
def test_live_or_recorded(sluice, tmp_path, option, start):
    with peers.Server(plays=flv.messages(flv.frames(3))) as server:
        args = ["pull", *([option] if option else []), server.url(), "s", tmp_path / "out.flv"]
        assert sluice.run(*args).code == support.OK
        # play's start stands where publish has its kind; in ms on the wire, in s in the specification's text
        assert server.session().kind == start


def test_waits_for_a_publisher(sluice, tmp_path):
    """Refused twice, then there."""
    calls = []
    nobody = rtmp.command("onStatus", 0, None, {"level": "error", "code": "NetStream.Play.StreamNotFound",
                                                "description": "nobody"}, csid=5, stream=1)

    def action(conn):
        calls.append(1)
        if len(calls) > 2:
            return True
        return peers.sends(nobody)(conn)

    with peers.Server("start", action, plays=flv.messages(flv.frames(3))) as server:
        result = sluice.run("pull", "--wait", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.OK and len(calls) == 3
    assert stored(tmp_path / "out.flv") == flv.frames(3)


def test_waits_no_longer_than_told(sluice, tmp_path):
    nobody = rtmp.command("onStatus", 0, None, {"level": "error", "code": "NetStream.Play.StreamNotFound",
                                                "description": "nobody"}, csid=5, stream=1)
    with peers.Server("start", peers.sends(nobody)) as server:
        result = sluice.run("pull", server.url(), "s", tmp_path / "out.flv")
        assert result.code == support.REFUSED and result.seconds < 5
        one_sentence(result, "NetStream.Play.StreamNotFound")
        result = sluice.run("pull", "--wait=1.5", server.url(), "s", tmp_path / "out.flv")
        assert result.code == support.REFUSED and 1 < result.seconds < 6
        assert len(server.sessions) >= 3
    assert not (tmp_path / "out.flv").exists()


def test_nobody_publishes_and_the_server_keeps_mum(sluice, tmp_path):
    with peers.Server("started", peers.stall) as server:
        result = sluice.run("pull", "--media-timeout", "0.5", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.REFUSED and 0.4 < result.seconds < 6
    one_sentence(result, "--wait")


def test_media_that_stops(sluice, tmp_path):
    tags = flv.frames(10)
    with peers.Server("started", sends_and_then(tags, peers.stall)) as server:
        result = sluice.run("pull", "--media-timeout", "0.5", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.LOST
    one_sentence(result, "--media-timeout")
    assert stored(tmp_path / "out.flv") == tags


def test_media_that_goes_on_slowly(sluice, tmp_path):
    """Each frame is a sign of life: all of it takes longer than the silence that is put up with."""
    tags = flv.frames(8)

    def go(conn):
        for kind, stamp, body in tags[4:]:
            time.sleep(0.25)
            conn.send(rtmp.message(kind, body, 6, stamp, 1))
        conn.status("NetStream.Play.Stop", "stopped")
        return True

    with peers.Server("started", sends_and_then(tags[:4], go)) as server:
        result = sluice.run("pull", "--media-timeout", "2", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.OK, result.err
    assert stored(tmp_path / "out.flv") == tags


@pytest.mark.parametrize("how", [peers.reset, peers.close])
def test_a_server_that_goes(sluice, tmp_path, how):
    tags = flv.frames(10)

    def go(conn):
        time.sleep(0.3)  # a reset takes along what is not read yet
        return how(conn)

    with peers.Server("started", sends_and_then(tags, go)) as server:
        result = sluice.run("pull", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.LOST
    one_sentence(result)
    assert stored(tmp_path / "out.flv") == tags


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_whole_file(sluice, tmp_path, number):
    tags = [(flvcmp.SCRIPT, 0, METADATA)] + flv.frames(10)
    with peers.Server("started", sends_and_then(tags, peers.stall)) as server:
        with sluice.start("pull", server.url(), KEY, tmp_path / "out.flv") as pull:
            while not ((tmp_path / "out.flv").exists() and (tmp_path / "out.flv").stat().st_size > 3000):
                time.sleep(0.01)
            result = pull.stop(number)
    assert result.code == support.INTERRUPTED and result.err == "" and result.seconds < 10
    assert stored(tmp_path / "out.flv") == tags[1:]
    assert rtmp.amf0_decode(flvcmp.parse((tmp_path / "out.flv").read_bytes())[0].body)[1]["duration"] == 0.363


def test_a_full_disk_keeps_what_came(sluice, tmp_path):
    tags = flv.frames(200, size=4000)
    with peers.Server(plays=flv.messages(tags)) as server:
        limited = ["sh", "-c", 'ulimit -f 200; trap "" XFSZ; exec "$0" "$@"', sluice.path, "pull", server.url(), "s",
                   str(tmp_path / "out.flv")]
        with support.Process(limited) as pull:
            result = pull.wait(20)
    assert result.code == support.OUTPUT
    one_sentence(result, "cannot write to", "File too large", "are kept")
    kept = stored(tmp_path / "out.flv")
    assert len(kept) > 20 and kept == tags[: len(kept)]


def test_dev_full(sluice):
    with peers.Server(plays=flv.messages(flv.frames(5))) as server:
        result = sluice.run("pull", server.url(), "s", "/dev/full")
    assert result.code == support.OUTPUT
    one_sentence(result, "No space left on device")


def test_a_reader_that_goes_away(sluice):
    reader, writer = os.pipe()
    os.close(reader)
    with peers.Server(plays=flv.messages(flv.frames(5))) as server:
        with sluice.start("pull", server.url(), "s", "-", stdout=writer) as pull:
            os.close(writer)
            result = pull.wait(20)
    assert result.code == support.OUTPUT
    one_sentence(result, "Broken pipe")


def test_a_signal_while_nobody_reads(sluice, tmp_path):
    big = [flv.video(i, i * 40, 200000) for i in range(20)]
    reader, writer = os.pipe()
    with peers.Server(plays=flv.messages(big)) as server:
        with sluice.start("pull", server.url(), "s", "-", stdout=writer) as pull:
            while not (server.sessions and server.sessions[0].name):
                time.sleep(0.01)
            time.sleep(0.5)
            result = pull.stop(signal.SIGINT, 10 * sluice.patience)
    os.close(reader)
    os.close(writer)
    assert result.code == support.OUTPUT
    one_sentence(result, "standard output took nothing more")


def test_a_signal_while_a_named_pipe_has_no_reader(sluice, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with peers.Server() as server:
        with sluice.start("pull", server.url(), "s", tmp_path / "pipe") as pull:
            time.sleep(0.5 * sluice.patience)
            result = pull.stop(signal.SIGINT)
    assert result.code == support.INTERRUPTED and result.err == ""


def test_without_standard_files(sluice, tmp_path):
    """What is said there must not end in the file that has their numbers."""
    closed = ("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-')
    with peers.Server(plays=flv.messages(flv.frames(5))) as server:
        args = ("pull", "-vv", "--json", server.url(), "s", tmp_path / "out.flv")
        with sluice.start(*args, prefix=closed) as pull:
            assert pull.wait(20 * sluice.patience).code == 0
    assert flvcmp.parse((tmp_path / "out.flv").read_bytes())[-1].body == flv.frames(5)[-1][2]


def test_an_output_that_cannot_be(sluice, tmp_path):
    with peers.Server() as server:
        result = sluice.run("pull", server.url(), "s", tmp_path / "none" / "out.flv")
        assert not server.sessions
    assert result.code == support.OUTPUT
    one_sentence(result, "cannot open")


def test_a_file_is_not_lost_to_a_refusal(sluice, tmp_path):
    out = tmp_path / "out.flv"
    out.write_bytes(b"precious")
    with peers.Server("connect", peers.close) as server:
        result = sluice.run("pull", server.url(), "s", out)
    assert result.code == support.REFUSED
    one_sentence(result)
    assert out.read_bytes() == b"precious"


def test_data_for_the_player_is_left_out(sluice, tmp_path):
    access = rtmp.amf0("|RtmpSampleAccess", True, True)
    complete = rtmp.amf0("onPlayStatus", {"level": "status", "code": "NetStream.Play.Complete"})
    cue = rtmp.amf0("onCuePoint", {"name": "x"})
    tags = [(rtmp.DATA, 0, access), *flv.frames(3), (rtmp.DATA, 100, cue), (rtmp.DATA, 120, complete)]
    with peers.Server("started", sends_and_then(tags, peers.stall)) as server:
        result = sluice.run("pull", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.OK
    scripts = [t.body for t in flvcmp.parse((tmp_path / "out.flv").read_bytes()) if t.type == flvcmp.SCRIPT]
    assert scripts == [cue]


def test_a_url_in_the_place_of_the_output(sluice, tmp_path):
    """The key in it is not said (support.check_sane)."""
    result = sluice.run("pull", tmp_path / "out.flv", f"rtmp://127.0.0.1/live/{KEY}")
    assert result.code == support.USAGE
    one_sentence(result, "the URL comes first")


@pytest.mark.parametrize("args,part", [
    (["URL", "OUT"], "no stream name"),
    (["URL"], "usage: sluice pull"),
    (["URL", "s", "OUT", "--duration", "x"], "--duration takes"),
    (["URL", "s", "OUT", "--wait=x"], "--wait takes"),
])
def test_wrong_command_lines(sluice, tmp_path, args, part):
    with peers.Server() as server:
        words = {"URL": server.url(), "OUT": tmp_path / "out.flv"}
        result = sluice.run("pull", *[words.get(a, a) for a in args])
        assert not server.sessions
    assert result.code == support.USAGE
    one_sentence(result, part)


# ---- going on with a recording ----


RECORDING = flv.frames(60)  # key frames at 0, 1000 and 2000
LAST_KEY = RECORDING.index(flv.video(2000, 50))


def recorded(tags, index):
    """What a server sends of a recording when it is asked to play from that frame on."""
    return flv.messages([(flvcmp.SCRIPT, 0, METADATA), *RECORDING[:2], *tags[index:]])


def begun(path, count, more=b""):
    """The file that a pull left behind that was broken off."""
    path.write_bytes(flv.flv([(flvcmp.SCRIPT, 0, METADATA), *RECORDING[:count]]) + more)
    return path.read_bytes()


@pytest.mark.parametrize("cut", [0, 1, 12, 100])
def test_resumes(sluice, tmp_path, cut):
    whole = flv.tag(*RECORDING[LAST_KEY + 6])
    begun(tmp_path / "out.flv", LAST_KEY + 6, whole[:cut])
    with peers.Server(plays=recorded(RECORDING, LAST_KEY)) as server:
        result = sluice.run("pull", "--resume", "--json", server.url(), "s", tmp_path / "out.flv")
        assert server.session().kind == 2000
    assert result.code == support.OK and result.err == ""
    assert stored(tmp_path / "out.flv") == RECORDING
    end = json.loads(result.out.splitlines()[-1])
    assert end["messages"] == len(RECORDING) - LAST_KEY - 1


def test_resumes_by_a_clock_that_begins_there(sluice, tmp_path):
    begun(tmp_path / "out.flv", LAST_KEY + 6)
    moved = [(k, t - 2000, b) for k, t, b in RECORDING]
    with peers.Server(plays=recorded(moved, LAST_KEY)) as server:
        assert sluice.run("pull", "--resume", server.url(), "s", tmp_path / "out.flv").code == support.OK
    assert stored(tmp_path / "out.flv") == RECORDING


def test_resumes_from_an_earlier_place_than_asked_for(sluice, tmp_path):
    """Some servers have no index, and begin at the beginning."""
    begun(tmp_path / "out.flv", LAST_KEY + 6)
    with peers.Server(plays=flv.messages(RECORDING)) as server:
        assert sluice.run("pull", "--resume", server.url(), "s", tmp_path / "out.flv").code == support.OK
    assert stored(tmp_path / "out.flv") == RECORDING


def test_what_comes_takes_the_place_of_what_was_there(sluice, tmp_path):
    begun(tmp_path / "out.flv", LAST_KEY + 1, b"".join(flv.tag(*flv.video(2000 + i, 1, 5000)) for i in range(50)))
    with peers.Server(plays=recorded(RECORDING, LAST_KEY)) as server:
        assert sluice.run("pull", "--resume", server.url(), "s", tmp_path / "out.flv").code == support.OK
    assert stored(tmp_path / "out.flv") == RECORDING


def test_a_resumed_file_has_its_duration(sluice, tmp_path):
    metadata = rtmp.amf0("onMetaData", {"duration": 0.0})
    (tmp_path / "out.flv").write_bytes(flv.flv([(flvcmp.SCRIPT, 0, metadata), *RECORDING[: LAST_KEY + 2]]))
    with peers.Server(plays=recorded(RECORDING, LAST_KEY)) as server:
        assert sluice.run("pull", "--resume", server.url(), "s", tmp_path / "out.flv").code == support.OK
    script = flvcmp.parse((tmp_path / "out.flv").read_bytes())[0]
    assert rtmp.amf0_decode(script.body)[1]["duration"] == 59 * 0.04 + 0.003


@pytest.mark.parametrize("other", ["frames", "short", "nothing", "refused"])
def test_what_cannot_be_resumed_is_left_as_it_is(sluice, tmp_path, other):
    metadata = rtmp.amf0("onMetaData", {"duration": 0.0})
    before = bytearray(flv.flv([(flvcmp.SCRIPT, 0, metadata), *RECORDING[: LAST_KEY + 6]]) + b"\x09cut off")
    before[4] = 0  # nor is what could be completed in it
    (tmp_path / "out.flv").write_bytes(before)
    tags = {"frames": [(k, t, b + b"x") for k, t, b in RECORDING], "short": RECORDING[:LAST_KEY]}.get(other, [])
    refusal = rtmp.command("onStatus", 0, None, {"level": "error", "code": "NetStream.Play.StreamNotFound",
                                                 "description": "nobody"}, csid=5, stream=1)
    step = ("start", peers.sends(refusal)) if other == "refused" else (None, None)
    with peers.Server(*step, plays=flv.messages(tags)) as server:
        result = sluice.run("pull", "--resume", server.url(), "s", tmp_path / "out.flv")
    assert result.code == support.REFUSED
    one_sentence(result)
    assert (tmp_path / "out.flv").read_bytes() == before


def test_nothing_to_resume_is_fetched_from_the_beginning(sluice, tmp_path):
    (tmp_path / "empty.flv").write_bytes(b"")
    (tmp_path / "header.flv").write_bytes(flv.flv([(flvcmp.SCRIPT, 0, METADATA)]))
    (tmp_path / "cut.flv").write_bytes(flv.flv([])[:5])
    for name in ("none", "empty", "header", "cut"):
        with peers.Server(plays=flv.messages(RECORDING)) as server:
            result = sluice.run("pull", "--resume", server.url(), "s", tmp_path / f"{name}.flv")
            assert server.session().kind == 0
        assert result.code == support.OK and stored(tmp_path / f"{name}.flv") == RECORDING


def test_what_is_damaged_is_not_resumed(sluice, tmp_path):
    """For the tags behind it would be lost."""
    content = bytearray(flv.flv(RECORDING))
    at = len(flv.flv(RECORDING[:20]))
    content[at + 1] ^= 0x80
    (tmp_path / "out.flv").write_bytes(content)
    result = sluice.run("pull", "--resume", "rtmp://127.0.0.1:1/a", "s", tmp_path / "out.flv")
    assert result.code == support.OUTPUT
    one_sentence(result, f"out.flv cannot be gone on with: it is damaged at byte {at}, ")
    assert (tmp_path / "out.flv").read_bytes() == content


def test_what_is_no_file_to_resume(sluice, tmp_path):
    (tmp_path / "text").write_bytes(b"not an FLV, and of value to somebody")
    (tmp_path / "keyless.flv").write_bytes(flv.flv([flv.video(40, 1), flv.video(80, 2)]))
    for name in ("text", "keyless.flv"):
        before = (tmp_path / name).read_bytes()
        result = sluice.run("pull", "--resume", "rtmp://127.0.0.1:1/a", "s", tmp_path / name)
        assert result.code == support.OUTPUT
        one_sentence(result, name)
        assert (tmp_path / name).read_bytes() == before
    os.mkfifo(tmp_path / "fifo")
    assert sluice.run("pull", "--resume", "rtmp://127.0.0.1:1/a", "s", tmp_path / "fifo").code == support.OUTPUT
    for args in (["--resume", "rtmp://127.0.0.1:1/a", "s", "-"],
                 ["--live", "--resume", "rtmp://127.0.0.1:1/a", "s", tmp_path / "new.flv"]):
        result = sluice.run("pull", *args)
        assert result.code == support.USAGE
        one_sentence(result, "--resume")
    assert not (tmp_path / "new.flv").exists()

# SPDX-License-Identifier: MIT
"""What rtmpsuck records: tag by tag, when, and under which name."""
import concurrent.futures
import json
import pathlib
import re
import sys
import time

import pytest

import flv
import rtmp
import streams
import stubs
from sucking import TAGS, play, recording, through, until


def test_the_file(suck):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", [*TAGS, (rtmp.DATA, 3, rtmp.amf0("|RtmpSampleAccess", True, True)), (rtmp.AUDIO, 3, b"")])
        server.media(rtmp.AUDIO, b"late", 9)
        assert client.reader.message().payload == b"late"
    stub.expect("done!")
    assert (stub.folder / "x").read_bytes() == flv.flv(TAGS)


@pytest.mark.parametrize("name, file", [
    ("../../up", "up"), ("/etc/passwd", "passwd"), ("-rf", "rf"), (".hidden", "hidden"), ("..", "stream"), ("mp4:a/b.mp4?k=v", "b.mp4"),
    ("a:b c\n;$(x)", "a_b_c____x_"), ("x" * 300, "x" * 199), ("\x1b[2J", "__2J"),
])
def test_names_are_safe(suck, name, file):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, name, TAGS)
    stub.expect("done!")
    assert stub.files() == [file] and (stub.folder / file).read_bytes() == flv.flv(TAGS)
    assert not re.search("[^ -~\n]", stub.text()), "what a client sends is shown without control characters"


def test_nothing_is_written_over(suck, tmp_path):
    stub = suck()
    (stub.folder / "x").write_text("mine")
    (stub.folder / "x01").symlink_to(tmp_path / "elsewhere")
    with through(stub) as (client, server):
        play(client, server, "x", TAGS)
        play(client, server, "dir/x", TAGS[1:])
    stub.expect("done!")
    assert stub.files() == ["x", "x01", "x02", "x03"]
    assert (stub.folder / "x").read_text() == "mine" and not (tmp_path / "elsewhere").exists()
    assert (stub.folder / "x02").read_bytes() == flv.flv(TAGS)
    assert (stub.folder / "x03").read_bytes() == flv.flv(TAGS[1:])


@pytest.mark.parametrize("code", ["NetStream.Play.Stop", "NetStream.Play.Complete", "NetStream.Play.Failed", "NetStream.Failed",
                                  "NetStream.Play.StreamNotFound"])
def test_the_server_ends_a_recording(suck, code):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code=code)
        server.media(rtmp.AUDIO, b"late", 9)
        assert client.reader.message().payload == b"late"
        until(lambda: (stub.folder / "x").read_bytes() == flv.flv(TAGS))


@pytest.mark.parametrize("command, on", [("closeStream", 1), ("deleteStream", 0), ("close", 0)])
def test_the_client_ends_a_recording(suck, command, on):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code="NetStream.Play.Reset")
        client.call(command, None, *([1] if command == "deleteStream" else []), stream=on)
        server.wait(3)
        server.media(rtmp.AUDIO, b"late", 9)
        assert client.reader.message().payload == b"late"
        until(lambda: (stub.folder / "x").read_bytes() == flv.flv(TAGS))


def test_a_refused_play_leaves_no_file(suck):
    stub = suck()
    with through(stub) as (client, server):
        client.call("play", None, "x", stream=1)
        server.wait(2)
        server.status("NetStream.Play.StreamNotFound")
        client.until("onStatus")
    stub.expect("done!")
    assert stub.files() == [] and "Playpath: x\n" in stub.text()


def test_two_streams_at_once_and_one_after_another(suck):
    stub = suck()
    with through(stub) as (client, server):
        for stream, name in (1, "a"), (2, "b"):
            client.call("play", None, name, stream=stream)
        server.wait(3)
        for n in range(10):
            server.media(rtmp.AUDIO, b"A%d" % n, n, 1)
            server.media(rtmp.AUDIO, b"B%d" % n, n, 2)
        for _ in range(20):
            client.reader.message()
        client.call("play", None, "c", 0, -1, False, stream=1)  # once "a" is over, which goes on
        server.wait(4)
        server.media(rtmp.AUDIO, b"A10", 10, 1)
        server.status("NetStream.Play.Start", 1)
        server.media(rtmp.AUDIO, b"C", 0, 1)
        client.until("onStatus")
        client.reader.message()
    stub.expect("done!")
    assert [t.body for t in recording(stub, "a")] == [b"A%d" % n for n in range(11)]
    assert [t.body for t in recording(stub, "b")] == [b"B%d" % n for n in range(10)]
    assert [t.body for t in recording(stub, "c")] == [b"C"]


def test_a_disk_that_is_full(sluice, suck):
    stub = suck(prefix=["prlimit", "--fsize=2000"])
    with through(stub) as (client, server):
        play(client, server, "x", [(rtmp.VIDEO, n, bytes(1000)) for n in range(20)])
    stub.expect("ERROR: The recording ends here, for it cannot be written: File too large")
    stub.expect("done!")


def test_a_server_that_hangs(sluice, tmp_path):
    """After 30 seconds of silence it is told to pause and to play on. The client hears nothing of that, nor twice what the
    server begins anew with; nor does the file."""
    def run(program):
        folder = tmp_path / program.parent.name
        code, _, err = stubs.apart(program, folder, f"timeout 120 {sys.executable} {hanging} >told", sluice.patience, 120)
        assert code == 0, err
        return json.loads((folder / "told").read_text()), streams.load(folder / "s")

    hanging = pathlib.Path(__file__).with_name("hanging.py")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        theirs, ours = pool.map(run, stubs.both(sluice, "rtmpsuck"))
    told, tags = ours
    assert told["server"] == [["play", None, "s"], ["pause", None, True, 400.0], ["pause", None, False, 400.0]]
    stamps = list(range(0, 800, 100))
    assert [m[1] for m in told["client"] if m[0] == rtmp.AUDIO] == [t.timestamp for t in tags] == stamps
    assert [m[2]["code"] for m in told["client"] if m[0] == "onStatus"] == ["NetStream.Play.Start", "NetStream.Play.Stop"]
    assert theirs == ours


def test_what_the_client_paused_is_left_alone(suck):
    stub = suck()
    with through(stub) as (client, server):
        play(client, server, "x", TAGS, code="NetStream.Play.Reset")
        client.call("pause", None, True, 5, stream=1)
        server.wait(3)
        time.sleep(32)
        client.call("pause", None, False, 5, stream=1)
        server.wait(4)
        assert [c[3] for c in server.commands() if c[0] == "pause"] == [True, False]
        server.media(rtmp.AUDIO, b"more", TAGS[-1][1])
        assert client.reader.message().payload == b"more"

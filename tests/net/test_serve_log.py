# SPDX-License-Identifier: MIT
"""The log of sluice serve: a line for each event, whatever clients send, and whether or not somebody reads it."""

import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess

import pytest

import flvcmp
import peers
import support
from support import KEY

PLACE = ["--listen", "rtmp://127.0.0.1:0"]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
F_SETPIPE_SZ = 1031


class Unread:
    """A server whose stdout or stderr is a pipe of a page that nobody reads until read() is called."""

    def __init__(self, sluice, stream, *options):
        sluice.need("serve")
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        other = subprocess.PIPE
        self.process = subprocess.Popen(
            [sluice.path, "serve", *PLACE, *map(str, options)], stdin=subprocess.DEVNULL,
            stdout=writer if stream == "stdout" else other, stderr=writer if stream == "stderr" else other)
        os.close(writer)
        first = os.read(self.reader, 4096) if stream == "stdout" else self.process.stdout.readline()
        self.port = int(re.search(rb"rtmp://127\.0\.0\.1:(\d+)", first)[1])

    def url(self, app="live"):
        return f"rtmp://127.0.0.1:{self.port}/{app}"

    def read(self):
        """All that is written until the process has ended, which is told to."""
        self.process.send_signal(signal.SIGTERM)
        text = b""
        while select.select([self.reader], [], [], 20)[0] and (data := os.read(self.reader, 65536)):
            text += data
        assert self.process.wait(20) == 0
        return text.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self.reader)


def come_and_go(port, count):
    for _ in range(count):
        with peers.Client("127.0.0.1", port) as client:
            client.handshake()
            client.connect("live")


def begin_and_end(port, count):
    """Publishes and ends that, in one go."""
    with peers.Client("127.0.0.1", port) as client:
        client.to("created")
        for _ in range(count):
            client.call("publish", None, "x", "live", stream=client.stream)
            client.call("closeStream", None, stream=client.stream)
        client.call("createStream", None)
        client.until("_result")


def serves(sluice, server, clip, tmp_path):
    """One publishes, one plays from the beginning on: all arrives."""
    out = tmp_path / "out.flv"
    pull = sluice.start("pull", "--wait=20", server.url() + "/" + KEY, out)
    push = sluice.run("push", clip, server.url(), KEY)
    assert push.code == support.OK, push.err
    assert pull.wait(30 * sluice.patience).code == support.OK
    wanted, got = flvcmp.align(flvcmp.media(flvcmp.read(clip)), flvcmp.media(flvcmp.read(out)))
    assert flvcmp.difference(wanted, got) is None and len(got) > 30


@pytest.mark.parametrize("stream, options", [("stderr", ["-v"]), ("stdout", ["--json"])])
def test_nobody_reads_and_serving_goes_on(sluice, short_clip, tmp_path, stream, options):
    """More than the pipe holds, and less than may wait: once it is read, all of it is there."""
    with Unread(sluice, stream, "--no-record", *options) as server:
        come_and_go(server.port, 100)
        serves(sluice, server, short_clip, tmp_path)
        text = server.read()
    assert text.endswith("\n") and KEY not in text
    if stream == "stdout":
        events = [json.loads(line) for line in text.splitlines()]
        numbers = [e["client"] for e in events if e["event"] == "connect"]
    else:
        assert all(re.match(rf"{TIME} sluice serve: ", line) for line in text.splitlines())
        numbers = [int(n) for n in re.findall(r"#(\d+), \S+, connected to app", text)]
    assert sorted(numbers) == list(range(1, 103))


def test_what_is_lost_is_counted(sluice, short_clip, tmp_path):
    """Far more than may wait. The number that is said is that of the lines that are not there."""
    with Unread(sluice, "stdout", "--no-record", "--json") as server:
        begin_and_end(server.port, 2000)
        serves(sluice, server, short_clip, tmp_path)
        text = server.read()
    events = [json.loads(line) for line in text.splitlines()]
    lost = [e for e in events if e["event"] == "lost"]
    assert lost and sum(e["lines"] for e in lost) + len(events) - len(lost) == 2 * 2000 + 10, lost
    assert events[-1]["event"] in ("lost", "close")


# Controls, a line of the log's own form, what terminals obey, and what is no UTF-8 after it.
NASTY = 'a"b\\c\r\n2026-11-24T00:00:00.000Z sluice serve: #9, forged\x1b[2J\x07\u009b é€'
BYTES = NASTY.encode() + b"\xff\xfe"


@pytest.mark.parametrize("options", [["-vvv"], ["-vvv", "--json"]])
def test_nothing_that_is_sent_gets_out_of_its_line(sluice, options):
    with sluice.start("serve", *PLACE, "--no-record", *options) as process:
        port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)")[1])
        with peers.Client("127.0.0.1", port) as client:
            client.handshake()
            client.call("connect", {"app": b"\x02" + struct.pack(">H", len(BYTES)) + BYTES, "tcUrl": NASTY})
            client.until("_result")
            client.call(NASTY, None, NASTY)
            client.create_stream()
            assert client.publish(NASTY)[3]["code"] == "NetStream.Publish.BadName"
        process.expect("closed after|\"close\"")
        result = process.stop()
    said = result.out.decode("ascii") + result.err.encode().decode("ascii")
    assert all(line.isprintable() for line in said.split("\n"))
    if "--json" in options:
        events = [json.loads(line) for line in result.out.splitlines()]
        assert [e["event"] for e in events] == ["listening", "connect", "refuse", "close"]
        assert {e["app"] for e in events[1:]} == {NASTY + "\ufffd\ufffd"}
    else:
        assert result.err.count('"a\\"b\\\\c\\x0d\\x0a2026-11-24T00') == 2
        for line in result.err.splitlines():
            assert re.match(rf"{TIME} sluice serve: ", line) and not line.startswith("2026-11-24T00:00:00.000Z"), line


def test_text_and_json_say_the_same(sluice, clip):
    """Each number and name of an event's object is in its line."""
    texts = []
    for options in (["-v"], ["--json"]):
        with sluice.start("serve", *PLACE, "--no-record", *options) as process:
            url = process.expect(r"rtmp://127\.0\.0\.1:\d+")[0]
            assert sluice.run("push", "--fast", clip, url + "/live", KEY).code == support.OK
            result = process.stop()
        texts.append(result.err if options == ["-v"] else result.out.decode())
    lines, events = texts[0].splitlines(), [json.loads(line) for line in texts[1].splitlines()][1:]
    assert len(lines) == len(events) == 4
    for line, event in zip(lines, events):
        assert re.match(rf"{TIME} ", line) and re.fullmatch(TIME, event["time"])
        assert f'#{event["client"]}' in line and "127.0.0.1:" in line and "127.0.0.1:" in event["address"]
        for key in ("app", "messages", "bytes", "stored"):
            if key in event and event["event"] != "close":
                assert re.search(rf'\b{event[key]}\b', line), (key, line)
        if "bytes_in" in event:
            assert abs(int(re.search(r"(\d+) bytes in", line)[1]) - event["bytes_in"]) < 100
            assert re.search(r"\d+ bytes in and \d+ out", line)


def test_the_journal_has_its_own_times(sluice):
    """$JOURNAL_STREAM counts where stderr is that stream."""
    reader, writer = os.pipe()
    st = os.fstat(writer)
    for stream, times in ((f"{st.st_dev}:{st.st_ino}", False), ("1:2", True)):
        process = subprocess.Popen([sluice.path, "serve", *PLACE, "--no-record", "-v"], stderr=writer,
                                   stdout=subprocess.PIPE, env=dict(os.environ, JOURNAL_STREAM=stream))
        port = int(re.search(rb":(\d+)\n", process.stdout.readline())[1])
        come_and_go(port, 1)
        process.terminate()
        process.communicate()
        line = os.read(reader, 65536).decode().splitlines()[0]
        assert bool(re.match(TIME, line)) == times and "sluice serve: #1, " in line
    os.close(reader)
    os.close(writer)


def test_each_line_says_whose_it_is(sluice):
    with sluice.start("serve", *PLACE, "--no-record", "-vvv") as process:
        port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)")[1])
        with peers.Client("127.0.0.1", port) as first, peers.Client("127.0.0.1", port) as second:
            for client in (first, second):
                client.handshake()
            for client in (first, second):
                client.connect("live")
            places = {f"127.0.0.1:{client.sock.getsockname()[1]}" for client in (first, second)}
        process.expect("(?s)closed after.*closed after")
        result = process.stop()
    named = [re.match(rf"{TIME} sluice serve: client (\S+): (.*)", line) for line in result.err.splitlines()]
    said = {place: [m[2] for m in named if m and m[1] == place] for place in places}
    for lines in said.values():
        assert lines[0] == "accepted" and "handshake done, plain" in lines and "<- connect 1 on stream 0" in lines
    assert not [line for line in result.err.splitlines() if re.search("(<-|->) ", line) and "client 127" not in line]


@pytest.mark.parametrize("options", [["-vvv"], ["-vvv", "--json"]])
def test_no_secret_is_said_whatever_happens(sluice, clip, tmp_path, certificates, options):
    """Not a name that may be a key, nor what follows it, nor a password: of those who are let in, refused, taken over,
    ended and lost, over any transport, and of recordings that cannot be."""
    (tmp_path / "live").write_text("no folder")
    with sluice.start("serve", *PLACE, "--listen", "rtmps://127.0.0.1:0", "--cert", certificates / "good.pem", "--key",
                      certificates / "good.key", "--takeover", "--stats", "0.2", "--publish-timeout", "0.5", "--open", *options,
                      tmp_path) as process:
        port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])
        tls = int(process.expect(r"rtmps://127\.0\.0\.1:(\d+)", 20, "out")[1])
        urls = [f"rtmp://u5er:p4ss@127.0.0.1:{port}/live", f"rtmpe://127.0.0.1:{port}/live", f"rtmpt://127.0.0.1:{port}/live",
                f"rtmps://127.0.0.1:{tls}/live"]
        for url in urls:
            trust = ["--ca-file", certificates / "ca.pem"] if url.startswith("rtmps") else []
            sluice.run("push", "--fast", *trust, clip, url, KEY + "?token=t0k3n")
            sluice.run("pull", "--wait=0.2", *trust, url, KEY, tmp_path / "out.flv")
        with peers.Client("127.0.0.1", port) as first, peers.Client("127.0.0.1", port) as second:
            for client in (first, second):
                client.handshake()
                client.connect("live?user=u5er&pass=p4ss")
                client.create_stream()
                client.publish(KEY)
            client.call("play", None, KEY, 0, stream=client.stream)
            process.expect("publish-timeout")
        process.expect("takeover")
        process.expect("not recorded", 20)
        result = process.stop()
    said = result.out.decode() + result.err
    for secret in (KEY, "t0k3n", "p4ss", "u5er"):
        assert secret not in said

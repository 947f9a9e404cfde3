# SPDX-License-Identifier: MIT
"""sluice push: what arrives, what it says, and how it ends."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import flv
import flvcmp
import peers
import support
from support import KEY, one_sentence


@pytest.fixture(autouse=True)
def needs_push(sluice):
    sluice.need("push")


@pytest.fixture
def write(tmp_path):
    def write(tags, name="in.flv", cut=0):
        data = flv.flv(tags) if isinstance(tags, list) else tags
        (tmp_path / name).write_bytes(data[: len(data) - cut])
        return tmp_path / name

    return write


def bodies(tags):
    return [(t[0], t[2]) for t in tags]


def stamps(tags):
    return [t[1] for t in tags]


def pushed(sluice, *args, server_options=None, **options):
    """Pushes to a server of its own: the result, and the server's session. URL stands for the URL."""
    with peers.Server(**(server_options or {})) as server:
        result = sluice.run("push", *[server.url() if a == "URL" else a for a in args], **options)
        return result, server.session() if server.sessions else None


# ---- what arrives ----


def test_all_of_a_file_arrives_and_in_order(sluice, clip):
    result, session = pushed(sluice, "--fast", clip, "URL", KEY)
    assert result.code == support.OK and result.err == ""
    wanted = [t for t in flvcmp.parse(clip.read_bytes()) if t.type != flvcmp.SCRIPT]
    assert [(t.type, t.timestamp, t.body) for t in wanted] == flv.got(session)
    assert session.name == KEY and session.kind == "live" and session.ended == "closed"
    assert session.commands[:5] == ["connect", "releaseStream", "FCPublish", "createStream", "publish"]
    assert session.commands[-1] in ("deleteStream", "closeStream") and "FCUnpublish" in session.commands
    metadata = [m for m in session.media if m.type == flvcmp.SCRIPT]
    assert metadata and metadata[0].payload.startswith(b"\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData")


def test_messages_of_all_sizes(sluice, write):
    tags = flv.frames(2) + [flv.video(100 + i, i, size) for i, size in
                            enumerate((4, 128, 65520, 65536, 70000, 131072, 1000000, 3000000, 8))]
    result, session = pushed(sluice, "--fast", write(tags), "URL", "s")
    assert result.code == support.OK and flv.got(session) == tags


def test_a_file_is_paced_by_its_timestamps(sluice, write):
    tags = flv.frames(26)
    result, session = pushed(sluice, write(tags), "URL", "s")
    assert result.code == support.OK and flv.got(session) == tags
    assert 0.95 < result.seconds < 4


def test_standard_input_is_sent_as_it_comes(sluice, write):
    tags = flv.frames(250)
    with open(write(tags), "rb") as f:
        cat = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
    with cat:
        result, session = pushed(sluice, "-", "URL", "s", stdin=cat.stdout)
    assert result.code == support.OK and flv.got(session) == tags
    assert result.seconds < 5  # it would take 10 s to play


def test_a_named_pipe(sluice, write, tmp_path):
    tags = flv.frames(50)
    data = flv.flv(tags)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with peers.Server() as server:
        with sluice.start("push", fifo, server.url(), "s") as push:
            with open(fifo, "wb", buffering=0) as pipe:
                for at in range(0, len(data), 999):
                    pipe.write(data[at : at + 999])
            assert push.wait(20).code == support.OK
        assert flv.got(server.session()) == tags


def test_realtime_paces_a_pipe_too(sluice, write):
    with open(write(flv.frames(26)), "rb") as f:
        cat = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
    with cat:
        result, session = pushed(sluice, "--realtime", "-", "URL", "s", stdin=cat.stdout)
    assert result.code == support.OK and len(flv.got(session)) == 54
    assert result.seconds > 0.95


@pytest.mark.parametrize("pace", ["--fast", "--realtime"])
def test_a_live_frame_waits_for_nobody(sluice, pace):
    """What came out of the pipe arrives, though neither a TLS record nor anything else is full, and more may follow."""
    tags = flv.frames(1)
    reader, writer = os.pipe()
    with peers.Server() as server:
        with sluice.start("push", pace, "-", server.url(), "s", stdin=reader) as push:
            os.close(reader)
            os.write(writer, flv.flv(tags))
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not (server.sessions and len(server.sessions[0].media) == len(tags)):
                time.sleep(0.01)
            arrived = flv.got(server.sessions[0])
            os.close(writer)
            assert push.wait(20).code == support.OK
    assert arrived == tags


def test_pings_are_answered_while_the_input_stalls(sluice):
    """A pipe that gives nothing keeps nobody from talking to the server."""
    ping = peers.rtmp.message(peers.rtmp.USER_CONTROL, b"\x00\x06\x00\x00\x00\x2a", 2)
    pongs = []

    def action(conn):
        conn.send(ping)
        while True:
            m = conn.reader.message()
            if m.type == peers.rtmp.USER_CONTROL and m.payload[:2] == b"\x00\x07":
                pongs.append(m.payload[2:])
                return False

    reader, writer = os.pipe()
    with peers.Server("started", action) as server:
        with sluice.start("push", "-", server.url(), "s", stdin=reader) as push:
            os.close(reader)
            server.session(10 * sluice.patience)
            os.close(writer)
            push.wait(20)
    assert pongs == [b"\x00\x00\x00\x2a"]


def test_loop_goes_on(sluice, write):
    once = flv.frames(6)
    ends = [(flvcmp.VIDEO, 203, b"\x17\x02\0\0\0"), (flvcmp.VIDEO, 203, b"\x92avc1")]  # of a sequence: left out
    with peers.Server() as server:
        with sluice.start("push", "--loop", "--fast", write(once + ends), server.url(), "s") as push:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not (server.sessions and len(server.sessions[0].media) > 70):
                time.sleep(0.01)
            assert push.stop(signal.SIGINT).code == support.INTERRUPTED
        tags = flv.got(server.session())
    assert len(tags) > 70
    assert bodies(tags[:70]) == bodies(once * 5)
    assert stamps(tags[:70]) == [s + 243 * i for i in range(5) for s in stamps(once)]


# ---- timestamps ----


def test_they_start_at_zero_or_are_kept(sluice, write):
    tags = flv.frames(3, start=5000)
    path = write(tags)
    result, session = pushed(sluice, "--fast", path, "URL", "s")
    assert result.code == 0 and stamps(flv.got(session)) == [s - 5000 for s in stamps(tags)]
    result, session = pushed(sluice, "--fast", "--keep-timestamps", path, "URL", "s")
    assert result.code == 0 and stamps(flv.got(session)) == stamps(tags)


def test_across_the_wrap(sluice, write):
    tags = flv.frames(4, start=0xFFFFFFFF - 60)
    result, session = pushed(sluice, "--fast", write(tags), "URL", "s")
    assert result.code == 0 and result.err == ""
    assert stamps(flv.got(session)) == stamps(flv.frames(4))
    result, session = pushed(sluice, "--fast", "--keep-timestamps", write(tags), "URL", "s")
    assert stamps(flv.got(session)) == [s & 0xFFFFFFFF for s in stamps(tags)]


def test_back_is_mended_and_told(sluice, write):
    path = write(flv.frames(25) + flv.frames(25))
    result, session = pushed(sluice, path, "URL", "s")
    assert result.code == support.OK
    one_sentence(result, "warning", "timestamps went back")
    got = flv.got(session)
    assert len(got) == 104
    for kind in (flvcmp.AUDIO, flvcmp.VIDEO):
        track = [s for t, s, _ in got if t == kind]
        assert track == sorted(track)
    assert got[-1][1] == 1003 + 24 * 40 + 3  # after the last frame of both tracks
    assert 1.9 < result.seconds < 6


def test_a_gap_is_sent_and_not_waited_for(sluice, write):
    tags = flv.frames(5) + [flv.video(3600000, 0), flv.video(3600040, 1)]
    result, session = pushed(sluice, write(tags), "URL", "s")
    assert result.code == support.OK and flv.got(session) == tags
    assert result.seconds < 5


def test_standing_still_is_told(sluice, write):
    tags = [flv.video(0, i) for i in range(200)]
    result, session = pushed(sluice, write(tags), "URL", "s")
    assert result.code == support.OK and flv.got(session) == tags
    one_sentence(result, "warning", "stand still")
    result, _ = pushed(sluice, "--quiet", write(tags), "URL", "s")
    assert result.code == support.OK and result.err == ""


# ---- bad input ----


@pytest.mark.parametrize("data,part", [
    (b"", "empty"),
    (flv.flv([]), "without any tags"),
    (b"FLV\x01", "cut off"),
    (b"hello, this is no video at all", "not an FLV"),
    (b"\0\0\0\x18ftypisom" + bytes(20), "an MP4 or MOV file"),
    (b"\x1a\x45\xdf\xa3" + bytes(40), "a Matroska or WebM file"),
    ((b"\x47\x40\x11\x10" + bytes(184)) * 3, "an MPEG transport stream"),
])
def test_what_is_no_flv_is_told_before_connecting(sluice, write, data, part):
    with peers.Server() as server:
        result = sluice.run("push", write(data), server.url(), "s")
        assert not server.sessions
    assert result.code == support.INPUT
    one_sentence(result, part)


def test_no_such_file(sluice):
    result = sluice.run("push", "/nonexistent.flv", "rtmp://127.0.0.1/live/s")
    assert result.code == support.INPUT
    one_sentence(result, "cannot open /nonexistent.flv", "No such file")
    result = sluice.run("push", "/tmp", "rtmp://127.0.0.1/live/s")
    assert result.code == support.INPUT
    one_sentence(result, "/tmp")


@pytest.mark.parametrize("through_pipe", [False, True])
@pytest.mark.parametrize("damage", ["truncated", "corrupt"])
def test_what_is_whole_is_sent(sluice, write, damage, through_pipe):
    tags = flv.frames(30)
    data = flv.flv(tags)
    if damage == "truncated":
        data, whole = data[:-30], len(tags) - 1
    else:
        whole = 20
        at = len(flv.flv(tags[:whole]))
        data = data[:at] + b"\xee" * 40 + data[at + 40 :]
    path = write(data)
    if through_pipe:
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
            result, session = pushed(sluice, "-", "URL", "s", stdin=cat.stdout)
    else:
        result, session = pushed(sluice, "--fast", path, "URL", "s")
    assert result.code == support.INPUT
    one_sentence(result, "all before that was sent")
    assert flv.got(session) == tags[:whole]
    assert "FCUnpublish" in session.commands and session.ended == "closed"


# ---- the stream's name ----


def test_name_from_a_file_or_the_environment(sluice, write, tmp_path):
    path = write(flv.frames(1))
    (tmp_path / "key").write_text(f"{KEY}?token=a b\n\n", encoding="ascii")
    result, session = pushed(sluice, path, "URL", "--key-file", tmp_path / "key")
    assert result.code == 0 and session.name == f"{KEY}?token=a b"
    result, session = pushed(sluice, path, "URL", "--key-env", "MY_KEY", env={"MY_KEY": KEY})
    assert result.code == 0 and session.name == KEY
    result, session = pushed(sluice, path, "URL", env={"SLUICE_KEY": KEY})
    assert result.code == 0 and session.name == KEY
    with peers.Server() as server:
        result = sluice.run("push", path, f"{server.url()}/{KEY}?x=1", env={"SLUICE_KEY": "other"})
        assert result.code == 0 and server.session().name == f"{KEY}?x=1"


def test_it_does_not_show_in_ps(sluice, write, tmp_path):
    (tmp_path / "key").write_text(KEY, encoding="ascii")
    with peers.Server() as server:
        with sluice.start("push", write(flv.frames(250)), server.url(), "--key-file", tmp_path / "key") as push:
            while not (server.sessions and server.sessions[0].name):
                time.sleep(0.01)
            with open(f"/proc/{push.pid}/cmdline", "rb") as f:
                assert KEY.encode() not in f.read()
            push.stop()
        assert server.sessions[0].name == KEY


@pytest.mark.parametrize("args,part", [
    (["URL"], "no stream name"),
    (["URL", "a", "--key-env", "HOME"], "exclude each other"),
    (["URL", "--key-file", "/nonexistent/key"], "cannot read the stream key"),
    (["URL", "--key-file", KEY], "--key-file"),
    (["URL", "--key-env", KEY], "--key-env"),
    (["URL", "x" * 5000], "at most 4096 bytes"),
    (["URL", "a", "--kind", "dead"], "live, record or append"),
    (["URL", "a", "--chunk-size", "0"], "from 1 to 16777215"),
    (["URL", "a", "b"], "usage: sluice push"),
    (["http://127.0.0.1/live/s"], "must begin with rtmp"),
    (["rtmp://[::1/live/s"], "IPv6"),
])
def test_wrong_command_lines(sluice, write, args, part):
    path = write(flv.frames(1))
    with peers.Server() as server:
        result = sluice.run("push", path, *[server.url() if a == "URL" else a for a in args])
        assert not server.sessions
    assert result.code == support.USAGE
    one_sentence(result, part)


def test_a_url_in_the_place_of_the_input(sluice, clip):
    """The key in it is not said (support.check_sane)."""
    for url in (f"rtmp://127.0.0.1/live/{KEY}", f"rtmps://127.0.0.1/live/{KEY}", f"RTMPT://127.0.0.1/{KEY}"):
        result = sluice.run("push", url, clip)
        assert result.code == support.USAGE
        one_sentence(result, "INPUT comes first")


def test_a_pipe_cannot_loop(sluice):
    result = sluice.run("push", "--loop", "-", "rtmp://127.0.0.1/live/s", stdin=subprocess.PIPE)
    assert result.code == support.USAGE
    one_sentence(result, "--loop needs a file")


# ---- options that the server sees ----


@pytest.mark.parametrize("kind", ["live", "record", "append"])
def test_kind(sluice, write, kind):
    result, session = pushed(sluice, "--kind", kind, write(flv.frames(1)), "URL", "s")
    assert result.code == 0 and session.kind == kind


@pytest.mark.parametrize("size", [1, 128, 4096, 16777215])
def test_chunk_size(sluice, write, size):
    tags = flv.frames(5)
    result, session = pushed(sluice, "--fast", "--json", "--chunk-size", str(size), write(tags), "URL", "s")
    assert result.code == 0 and flv.got(session) == tags
    assert json.loads(result.out.splitlines()[-1])["chunk_size_out"] == size


# ---- signals ----


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_in_order(sluice, write, number):
    with peers.Server() as server:
        with sluice.start("push", write(flv.frames(500)), server.url(), KEY) as push:
            while not (server.sessions and len(server.sessions[0].media) > 20):
                time.sleep(0.01)
            result = push.stop(number)
        session = server.session()
    assert result.code == support.INTERRUPTED and result.err == ""
    assert result.seconds < 10
    assert "FCUnpublish" in session.commands and session.ended == "closed"
    assert flv.got(session) == flv.frames(500)[: len(flv.got(session))]


def test_a_second_signal_ends_at_once(sluice, write):
    """The server reads nothing more: closing in order would wait for the stall deadline."""
    big = [flv.video(i, i, 1000000) for i in range(60)]
    with peers.Server("started", peers.stall, receive_buffer=4096) as server:
        push = support.Process([sluice.path, "push", "--fast", write(flv.frames(1) + big), server.url(), "s"])
        with push:
            while not (server.sessions and server.sessions[0].name):
                time.sleep(0.01)
            time.sleep(0.3)
            push.process.send_signal(signal.SIGINT)
            time.sleep(0.3)
            assert push.process.poll() is None
            push.process.send_signal(signal.SIGINT)
            assert push.process.wait(5) == -signal.SIGINT


def test_a_signal_while_connecting(sluice, write):
    with peers.Server("c0c1", peers.stall) as server:
        with sluice.start("push", write(flv.frames(5)), server.url(), "s") as push:
            while not server.sessions:
                time.sleep(0.01)
            time.sleep(0.1)
            result = push.stop(signal.SIGINT)
    assert result.code == support.INTERRUPTED and result.seconds < 5


# ---- what it says ----


def test_json_lines(sluice, write):
    result, session = pushed(sluice, "--json", write(flv.frames(60)), "URL", KEY)
    assert result.code == 0 and result.err == ""
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [l["event"] for l in lines] == ["status"] * (len(lines) - 1) + ["summary"]
    assert 2 <= len(lines) - 1 <= 4
    end = lines[-1]
    assert end["messages"] == len(session.media) and end["exit"] == "ok" and end["exit_status"] == 0
    assert end["payload_bytes"] == sum(len(t[2]) for t in flv.frames(60))
    assert end["media_ms"] == 59 * 40 + 3 and end["undelivered_bytes"] == 0
    assert end["wire_bytes_out"] > end["payload_bytes"]
    assert end["rtt_ms"] > 0 or sluice.emulated  # qemu-user passes on the first four bytes of TCP_INFO only
    # One write a message at most, and what the commands took.
    assert end["writes"] <= end["messages"] + 12
    documented = (support.ROOT / "doc" / "man" / "sluice.1").read_text(encoding="utf-8").split(".SH JSON OUTPUT")[1]
    documented = documented.split(".SH EXIT STATUS")[0]
    fields = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"^\.TP\n\.BR? (.*)$", documented, re.M))))
    assert fields == set(end) | {"tls_offload"}  # which is there with --tls-offload only
    assert set(lines[0]) < set(end)


def test_json_tells_failures_too(sluice, write):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        result = sluice.run("push", "--json", write(flv.frames(1)), f"rtmp://127.0.0.1:{port}/live", KEY)
    assert result.code == support.CONNECT
    end = json.loads(result.out.splitlines()[-1])
    assert end["exit"] == "connect" and end["exit_status"] == support.CONNECT
    assert result.err == f"sluice push: {end['error']}\n"


def test_status_line_on_a_terminal(sluice, write):
    leader, follower = os.openpty()
    with peers.Server() as server:
        push = subprocess.Popen([sluice.path, "push", write(flv.frames(60)), server.url(), KEY], stderr=follower)
        os.close(follower)
        seen = b""
        try:
            while data := os.read(leader, 4096):
                seen += data
        except OSError:
            pass
        assert push.wait(20) == 0
    os.close(leader)
    text = seen.decode()
    assert re.search(r"\r00:00:0\d  \d+ kb/s \(mean \d+\)  queue 0 kB  rtt [\d.]+ ms  no TLS\x1b\[K", text), text
    assert text.endswith("\r\x1b[K") and KEY not in text
    assert all(len(line) < 90 for line in text.split("\r"))


def test_the_stream_waits_for_nobody_who_reads_json(sluice, write):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b" " * 65536)
    except BlockingIOError:
        os.set_blocking(writer, True)
    with peers.Server() as server:
        with sluice.start("push", "--json", write(flv.frames(40)), server.url(), "s", stdout=writer) as push:
            assert push.wait(20 * sluice.patience).code == 0
        assert flv.got(server.session()) == flv.frames(40)
    os.close(reader)
    os.close(writer)


def test_the_stream_does_not_wait_for_a_stopped_terminal(sluice, write):
    leader, follower = os.openpty()
    os.write(leader, b"\x13")  # Ctrl-S
    with peers.Server() as server:
        push = subprocess.Popen([sluice.path, "push", write(flv.frames(40)), server.url(), "s"], stderr=follower)
        try:
            assert push.wait(20 * sluice.patience) == 0
        finally:
            push.kill()
            push.wait()
        assert flv.got(server.session()) == flv.frames(40)
    os.close(follower)
    os.close(leader)


# Runs its arguments without standard input, output and error.
CLOSED = ("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-')


def test_without_standard_files(sluice, write):
    """What is said there must not end in the file or socket that has their numbers."""
    path = write(flv.frames(40))
    with peers.Server() as server:
        with sluice.start("push", "-vv", "--json", path, server.url(), "s", prefix=CLOSED) as push:
            assert push.wait(20 * sluice.patience).code == 0
        assert flv.got(server.session()) == flv.frames(40)
    with peers.Server() as server:
        with sluice.start("push", "-", server.url(), "s", prefix=CLOSED) as push:
            assert push.wait(20 * sluice.patience).code == support.INPUT


def test_verbose_says_what_happens(sluice, write):
    result, _ = pushed(sluice, "-v", write(flv.frames(1)), "URL", KEY)
    assert result.code == 0 and "connected to 127.0.0.1" in result.err
    more, _ = pushed(sluice, "-vv", write(flv.frames(1)), "URL", KEY)
    assert len(more.err.splitlines()) > len(result.err.splitlines())


# ---- a server that gives trouble ----


def test_refused(sluice, write):
    refuse = peers.sends(peers.rtmp.command("onStatus", 0, None, {
        "level": "error", "code": "NetStream.Publish.BadName", "description": f"{KEY} is taken"}, csid=5, stream=1))
    result, _ = pushed(sluice, write(flv.frames(1)), "URL", KEY, server_options={"step": "start", "action": refuse})
    assert result.code == support.REFUSED
    one_sentence(result, "NetStream.Publish.BadName")


def test_killed_in_mid_stream(sluice, write):
    def action(conn):
        for _ in range(20):
            conn.reader.message()
        peers.reset(conn)

    result, _ = pushed(sluice, write(flv.frames(500)), "URL", "s", server_options={"step": "started", "action": action})
    assert result.code == support.LOST and result.seconds < 10
    one_sentence(result)


def test_a_slow_server_holds_the_input_back(sluice, write):
    """What waits is bounded: the process does not take in the file that it cannot send."""
    big = [flv.video(i, i, 100000) for i in range(400)]
    with peers.Server("started", peers.stall, receive_buffer=4096) as server:
        with sluice.start("push", "--fast", "--json", "--send-buffer", "20000", write(flv.frames(1) + big),
                          server.url(), "s") as push:
            push.expect(r'"event":"status".*\n.*"event":"status"', 20)
            line = json.loads(push.text("out").splitlines()[-1])
            assert 0 < line["queue_bytes"] < 600000
            assert line["file_bytes"] < 2000000
            push.process.kill()


# ---- what it costs ----


def allocations(sluice, *args):
    """How often a push asks the heap for memory, from its start to its end."""
    with peers.Server() as server:
        with support.Process(["valgrind", "--tool=memcheck", "--leak-check=full", "--error-exitcode=99", sluice.path,
                              "push", "--fast", *args, server.url(), KEY]) as process:
            process.process.wait(120)
            for thread in process.threads:
                thread.join(5)
            assert process.process.returncode == support.OK, process.text()
            return int(re.search(r"total heap usage: ([\d,]+) allocs", process.text())[1].replace(",", ""))


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_no_allocation_for_each_message(sluice, write):
    """A stream three times as long takes no more of them: 4000 messages more, within the few of a queue that grows."""
    if sluice.sanitized:
        pytest.skip("a sanitizer and valgrind do not go together")
    short = allocations(sluice, write(flv.frames(1000), "short.flv"))
    long = allocations(sluice, write(flv.frames(3000), "long.flv"))
    assert abs(long - short) <= 20, (short, long)

# SPDX-License-Identifier: MIT
"""rtmpdump, ours and Debian's: told the same, they tell a server the same and end alike; each option makes a difference.

Debian's gets the short options and ours the long ones, so that both spellings are shown to be the same.
"""
import fcntl
import mmap
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import termios
import threading

import pytest

import flv
import flvcmp
import peers
import rtmp
import serving as serving_module
import stubs
import support
import swf

F_SETPIPE_SZ = 1031  # which fcntl has from Python 3.10 on
DEBIANS = pathlib.Path("/usr/bin/rtmpdump")
META = (rtmp.DATA, 0, rtmp.amf0("onMetaData", {"duration": 8.0}))
FRAMES = flv.frames(50)
WHOLE = [META] + flv.frames(200)  # a key frame each second
URL = ["-r", "rtmp://127.0.0.1:{port}/live/stream"]
PLAYER, PLAIN = swf.player(compressed=True)
HASH = swf.hash_of(PLAIN)

LONG = {"h": "help", "i": "url", "r": "rtmp", "n": "host", "c": "port", "S": "socks", "l": "protocol", "y": "playpath",
        "Y": "playlist", "s": "swfUrl", "t": "tcUrl", "p": "pageUrl", "a": "app", "w": "swfhash", "x": "swfsize",
        "W": "swfVfy", "X": "swfAge", "u": "auth", "C": "conn", "f": "flashVer", "v": "live", "d": "subscribe",
        "R": "realtime", "o": "flv", "e": "resume", "m": "timeout", "A": "start", "B": "stop", "T": "token", "j": "jtv",
        "#": "hashes", "b": "buffer", "k": "skip", "q": "quiet", "V": "verbose", "z": "debug"}


class Dump:
    """One rtmpdump, and what it did."""

    def __init__(self, program, folder, patience, long=False):
        self.program, self.folder, self.patience, self.long = program, folder, patience, long
        self.got = folder / "got.flv"
        self.result = None
        folder.mkdir(exist_ok=True)

    def start(self, *args, output=True, **options):
        args = list(args) + (["-o", str(self.got)] if output else [])
        if self.long:
            args = [f"--{LONG.get(a[1], a[1])}" if re.fullmatch("-[a-zA-Z#]", a) else a for a in args]
        return support.Process([self.program, *args], env={"HOME": str(self.folder)}, **options)

    def run(self, *args, **options):
        with self.start(*args, **options) as process:
            self.result = process.wait(25 * self.patience)
        return self.result

    def play(self, *args, plays=None, setup=None, **options):
        """Plays from a server of its own; returns what that one heard."""
        with peers.Server(*(setup or ()), plays=flv.messages(FRAMES if plays is None else plays)) as server:
            self.run(*(a.format(port=server.port) for a in args), **options)
            session = server.session()
        return heard(session, server.port)

    def tags(self):
        return flvcmp.read(self.got)

    @property
    def code(self):
        return self.result.code


def heard(session, port):
    """Connect's values, the commands up to play, and the player's buffer. Ports are the server's own."""
    connect, *rest = session.calls
    info = {name: str(value).replace(str(port), "PORT") for name, value in connect[2].items()}
    calls = [(call[0], *call[2:]) for call in rest if call[0] not in ("deleteStream", "closeStream")]
    # Debian's says its buffer once more before there is a stream.
    controls = [c for c in session.controls if c[:6] != b"\0\3\0\0\0\0"]
    return {"info": info, "extras": connect[3:], "calls": calls, "controls": controls}


@pytest.fixture
def ours(sluice, tmp_path):
    return Dump(stubs.beside(sluice, "rtmpdump"), tmp_path / "ours", sluice.patience, long=True)


@pytest.fixture
def debians(sluice, tmp_path):
    if not DEBIANS.exists():
        pytest.skip("rtmpdump is not installed")
    return Dump(DEBIANS, tmp_path / "debians", sluice.patience)


# ---- what the server hears ----

CASES = {
    "none": [*URL],
    "host": ["-r", "rtmp://nowhere.invalid:{port}/live/stream", "-n", "127.0.0.1"],
    "port": ["-r", "rtmp://127.0.0.1:1/live/stream", "-c", "{port}"],
    "protocol": ["-r", "rtmpt://127.0.0.1:{port}/live/stream", "-l", "0"],
    "no URL": ["-n", "127.0.0.1", "-c", "{port}", "-l", "0", "-a", "live", "-y", "stream"],
    "app": [*URL, "-a", "other/app"],
    "playpath": [*URL, "-y", "mp4:some/where"],
    "URL with more": ["-r", "rtmp://127.0.0.1:{port}/a/b/c.mp4?x=1"],
    "tcUrl": [*URL, "-t", "rtmp://some.where/else"],
    "pageUrl": [*URL, "-p", "http://page/"],
    "swfUrl": [*URL, "-s", "http://player/a.swf"],
    "flashVer": [*URL, "-f", "WIN 9,0,0,1"],
    "auth": [*URL, "-u", "secret"],
    "conn": [*URL, "-C", "B:1", "-C", "S:text", "-C", "N:1.5", "-C", "Z:", "-C", "O:1", "-C", "NB:flag:0", "-C",
             "NN:number:2", "-C", "NS:name:value", "-C", "O:0"],
    "playlist": [*URL, "-Y"],
    "live": [*URL, "-v"],
    "subscribe": [*URL, "-d", "channel"],
    "subscribe, live": [*URL, "-v", "-d", "channel"],
    "start": [*URL, "-A", "1.5"],
    "start, live": [*URL, "-A", "1.5", "-v"],
    "stop": [*URL, "-B", "7"],
    "start, stop": [*URL, "-A", "2", "-B", "7"],
    "buffer": [*URL, "-b", "5000"],
    "jtv": [*URL, "-j", '{{"a":"b"}}'],
    "url": ["-i", "rtmp://127.0.0.1:{port}/live/stream app=other pageUrl=http://p conn=S:a start=2000 flashver=F"],
    "url, live": ["-i", "rtmp://127.0.0.1:{port}/live/stream live=1 subscribe=s", "-Y", "-C", "N:1", "-b", "7"],
}
SAME_AS_NONE = {"none", "host", "port", "protocol", "no URL"}


@pytest.mark.parametrize("name", CASES)
def test_the_server_hears_the_same(ours, debians, name):
    want = debians.play(*CASES[name])
    got = ours.play(*CASES[name])
    assert got == want
    assert ours.code == debians.code == 0
    assert not flvcmp.difference(debians.tags(), ours.tags(), shift=0)
    plain = ours.play(*CASES["none"])
    assert (got == plain) == (name in SAME_AS_NONE)


def test_timestamps_begin_where_it_starts(ours, debians):
    for dump in (debians, ours):
        dump.play(*URL, "-A", "1.5")
        assert [t.timestamp for t in flvcmp.media(dump.tags())][0] == 1500


def test_a_buffer_for_all_of_it(ours, debians):
    """The server learns that it is 5 seconds longer than the stream, unless it was given."""
    plays = [(rtmp.DATA, 0, rtmp.amf0("onMetaData", {"duration": 40000.0}))] + FRAMES
    for dump in (debians, ours):
        for options, sizes in ([], [36000000, 40005000]), (["-b", "100"], [100]):
            controls = dump.play(*URL, *options, plays=plays)["controls"]
            assert [struct.unpack(">I", c[6:])[0] for c in controls if c[:2] == b"\0\3"] == sizes


def test_a_secure_token_is_answered(ours, debians):
    """The answer is what Debian's made of this token with this key."""
    def ask(conn):
        conn.say("_result", conn.transaction, {"fmsVer": "FMS/3,0,1,123"},
                 {"level": "status", "code": "NetConnection.Connect.Success",
                  "secureToken": "3c1ff1a14e1181ab01fabc9e316a882f"})
        return True

    for dump in (debians, ours):
        calls = dump.play(*URL, "-T", "opensesame", setup=("connect", ask))["calls"]
        assert ("secureTokenResponse", None, "secret token 123") in calls
    assert not any(c[0] == "secureTokenResponse" for c in ours.play(*URL, setup=("connect", ask))["calls"])


def test_url_and_what_is_beside_it(ours):
    """Debian's ignores it without a word."""
    url = ["-i", "rtmp://127.0.0.1:{port}/live/stream app=other"]
    calls = ours.play(*url, "-y", "mine", "-B", "3", "-p", "http://p")
    assert calls["calls"][-1] == ("play", None, "mine", 0.0, 3000.0)
    assert calls["info"]["app"] == "other" and calls["info"]["pageUrl"] == "http://p"


# ---- how it connects ----


class Ear:
    """Hears the first bytes of whoever connects, and hangs up."""

    def __init__(self, size):
        self.size, self.data = size, b""
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(60)
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        conn, _ = self.sock.accept()
        with conn:
            while len(self.data) < self.size and (data := conn.recv(4096)):
                self.data += data

    def heard(self):
        self.thread.join(60)
        self.sock.close()
        return self.data


@pytest.mark.parametrize("protocol, begins", [("0", b"\x03"), ("1", b"POST /"), ("2", b"\x06"), ("3", b"POST /"),
                                              ("4", b"\x16\x03"), ("5", b"\x16\x03")])
def test_protocols(ours, debians, protocol, begins):
    for dump in (debians, ours):
        ear = Ear(len(begins))
        with dump.start("-r", f"rtmp://127.0.0.1:{ear.port}/live/stream", "-l", protocol) as process:
            assert ear.heard()[:len(begins)] == begins
            if dump is ours:  # Debian's goes on for ever over HTTP
                assert process.wait(20 * ours.patience).code == 3


def test_socks(ours, debians):
    for dump in (debians, ours):
        ear = Ear(8)
        dump.run("-r", "rtmp://127.0.0.2:99/live/stream", "-S", f"127.0.0.1:{ear.port}")
        assert ear.heard()[:8] == b"\x04\x01\0\x63\x7f\0\0\x02"
    assert ours.code == debians.code == 3


def test_timeout(ours, debians):
    """Sooner than the 30 seconds that it is without."""
    for dump in (debians, ours):
        with peers.Server("started", peers.stall) as server:
            dump.run("-r", server.url() + "/stream", "-m", "1")
    assert ours.code == debians.code == 2


# ---- SWF verification ----


@pytest.fixture
def verifying(sluice, tmp_path, certificates):
    """A server with a recording, which it plays to one player only."""
    server = serving_module.Serving(sluice, tmp_path / "served", certificates, "--swf-verify", f"{HASH}:{len(PLAIN)}")
    (tmp_path / "clip.flv").write_bytes(flv.flv(FRAMES))
    assert sluice.run("push", "--fast", tmp_path / "clip.flv", server.url()).code == support.OK
    server.wait("unpublish")
    yield server
    server.stop()


def is_played(dump, server, *args):
    dump.got.unlink(missing_ok=True)
    dump.run("-r", server.url(), *args)
    return dump.got.exists() and len(dump.got.read_bytes()) > 10000


def test_a_player_is_vouched_for(ours, debians, verifying):
    with swf.Web(swf.modified(PLAYER)) as web:
        for dump in (debians, ours):
            assert is_played(dump, verifying, "-w", HASH, "-x", str(len(PLAIN)))
            assert is_played(dump, verifying, "-W", web.url())
            assert not is_played(dump, verifying, "-w", HASH, "-x", "1", "-m", "3")
            assert not is_played(dump, verifying, "-w", HASH, "-m", "3") and "swfsize" in dump.result.err
        assert len(web.heads) == 2


def test_the_age_of_a_hash(ours, verifying):
    with swf.Web(swf.modified(PLAYER)) as web:
        for age, asked in (["-X", "30"], 1), ([], 1), (["-X", "0"], 2):
            assert is_played(ours, verifying, "-W", web.url(), *age)
            assert len(web.heads) == asked
    assert HASH in (ours.folder / ".swfinfo").read_text(encoding="ascii")


# ---- the pause that makes servers hurry ----


def runs_dry(conn):
    for m in flv.messages(flv.frames(3)):
        conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
    conn.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 31, 1), 2))
    return True


@pytest.mark.parametrize("options, pauses", [([], 1), (["-R"], 0), (["-v"], 0)])
def test_realtime(ours, debians, options, pauses):
    for dump in (debians, ours):
        calls = dump.play(*URL, *options, setup=("started", runs_dry))["calls"]
        assert sum(c[0] == "pause" for c in calls) == pauses, calls


def falls_silent(conn):
    """Pauses when it is told to, and then says nothing more until it is asked anew."""
    runs_dry(conn)
    while conn.calls[-1][0] != "pause":
        m = conn.reader.message()
        if m.type == rtmp.COMMAND:
            conn.calls.append(rtmp.amf0_decode(m.payload))
    conn.status("NetStream.Pause.Notify", "paused")
    conn.server.step = None
    conn.serve()


def falls_silent_at_once(conn):
    for m in flv.messages(flv.frames(3)):
        conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
    conn.server.step = None
    conn.serve()


@pytest.mark.parametrize("silence", [falls_silent, falls_silent_at_once])
def test_silence(ours, debians, silence):
    """It is told to pause and to go on, and then asked once more, from the last frame on, at 83 ms."""
    want = [("createStream", None), ("play", None, "stream", 0.0), ("pause", None, True, 83.0), ("pause", None, False, 83.0),
            ("createStream", None), ("play", None, "stream", 83.0)]
    for dump in (debians, ours):
        calls = dump.play(*URL, "-m", "1", setup=("started", silence))["calls"]
        assert [c for i, c in enumerate(calls) if c not in calls[:i] or c[0] != "pause"] == want
        assert dump.code == 0 and "trying to resume" in dump.result.err
    assert not flvcmp.difference(debians.tags(), ours.tags(), shift=0)


def test_a_silence_of_live_streams(ours, debians):
    for dump in (debians, ours):
        with peers.Server("started", falls_silent_at_once) as server:
            dump.run("-r", server.url() + "/stream", "-v", "-m", "1")
            assert [c[0] for c in server.session().calls].count("play") == 1
        assert dump.code == 2


# ---- files ----


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


def test_resume_nothing(ours):
    """A file that is not there, or has nothing, is begun."""
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


# ---- how it ends, and what it says ----


@pytest.mark.parametrize("args, code", [
    ([], 1), (["-n", "127.0.0.1"], 1), (["-r", "rtmp://127.0.0.1:1/live"], 1), (["-Q"], 1), (["--nothing"], 1), (["-r"], 1),
    (["-r", "rtmp://127.0.0.1:1/a/b", "-l", "6"], 1), (["-r", "rtmp://127.0.0.1:1/a/b", "-C", "X:1"], 1),
    (["-r", "rtmp://127.0.0.1:1/a/b", "-o", "/nowhere/x"], 1), (["-i", "rtmp:/x"], 1), (["-r", "rtmp://127.0.0.1:1/a/b"], 3),
    (["-i", "rtmp://127.0.0.1:1/a/b"], 3), (["-h"], 0), (["-r", "rtmp://127.0.0.1:1/a/b", "more"], 3),
])
def test_exit_codes(ours, debians, args, code):
    for dump in (debians, ours):
        dump.run(*args, output=False)
        assert dump.code == code and dump.result.err and not dump.result.out


@pytest.mark.parametrize("plays, code, says", [
    (FRAMES, 0, "Download complete"),
    (WHOLE, 2, "Download may be incomplete (downloaded about 99.50%), try resuming"),
    (WHOLE[:101], 2, "Download may be incomplete (downloaded about 24.00%), try resuming"),
    (WHOLE + [flv.video(8000, 0)], 0, "Download complete"),
])
def test_what_is_whole(ours, debians, plays, code, says):
    for dump in (debians, ours):
        dump.play(*URL, plays=plays)
        assert dump.code == code and says in dump.result.err


def test_an_end_before_the_stream(ours, debians):
    for dump in (debians, ours):
        dump.play(*URL, setup=("create", peers.close))
        assert dump.code == 1


def test_an_end_within_the_stream(ours, debians):
    def breaks_off(conn):
        for m in flv.messages(WHOLE[:101]):
            conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
        peers.close(conn)

    for dump in (debians, ours):
        dump.play(*URL, setup=("started", breaks_off))
        assert dump.code == 2
        assert dump.got.read_bytes() == flv.flv(WHOLE[:101])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(ours, debians, number):
    def holds(conn):
        for m in flv.messages(WHOLE[:101]):
            conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
        conn.drain()

    for dump in (debians, ours):
        with peers.Server("started", holds) as server, dump.start("-r", server.url() + "/stream") as process:
            process.expect(r"kB / \d", 20 * dump.patience)
            while dump is ours and dump.got.stat().st_size < len(flv.flv(WHOLE[:101])):
                pass
            result = process.stop(number, 20 * dump.patience)
        assert result.code == 2 and "try resuming" in result.err
    assert ours.got.read_bytes() == flv.flv(WHOLE[:101])


def test_help(ours, debians):
    ours.run("-h", output=False)
    debians.run("-h", output=False)
    want = {(letter, name) for name, letter in re.findall(r"^--(\w+)\|-(\S)", debians.result.err, re.M)}
    got = set(re.findall(r"^-(\S), --(\w+)", ours.result.err, re.M))
    assert got == want == set(LONG.items())


def test_hashes(ours, debians):
    for plays, count in (WHOLE, 99), (FRAMES, 1):
        for dump in (debians, ours):
            dump.play(*URL, "-#", plays=plays)
            assert dump.result.err.count("#") == count and " kB / " not in dump.result.err


def test_progress(ours, debians):
    for dump in (debians, ours):
        dump.play(*URL, plays=WHOLE)
        assert re.findall(r"\r([\d.]+ kB / [\d.]+ sec \([\d.]+%\))", dump.result.err)[-1] == "73.741 kB / 7.96 sec (99.5%)"
        assert "#" not in dump.result.err


def test_how_much_it_says(ours, debians):
    for dump in (debians, ours):
        said = []
        for options in ["-q"], [], ["-V"], ["-z"]:
            dump.play(*URL, *options)
            said.append(dump.result.err)
        assert said[0] == ""
        assert [("DEBUG: " in text, "DEBUG2: " in text) for text in said[1:]] == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize("step", ["accepted", "c0c1", "s0s1", "handshaken", "connect", "connected", "create", "created", "start",
                                  "started"])
@pytest.mark.parametrize("action", [peers.garbage, peers.noise, peers.reset, peers.close])
def test_servers_that_misbehave(ours, step, action):
    """It ends by itself, and in order."""
    with peers.Server(step, action) as server:
        ours.run("-r", server.url() + "/stream", "-m", "5")
    assert ours.code in ((0, 1, 2) if step in ("start", "started") else (1, 2, 3))


def test_no_secret_is_said(ours):
    secrets = {"-T": "tokentoken", "-u": "authauth", "-j": "jtvjtv", "-y": "streamkey", "-C": "S:connconn"}
    ours.play(*URL, "-z", *(word for pair in secrets.items() for word in pair))
    assert not [s for s in secrets.values() if s.rpartition(":")[2] in ours.result.err]


def test_it_is_the_program_that_was_built(ours):
    assert shutil.which("rtmpdump") != str(ours.program)
    version = subprocess.run([ours.program, "-r", "x"], capture_output=True, timeout=30, check=False).stderr.decode()
    assert version.startswith("RTMPDump, of Sluice ")

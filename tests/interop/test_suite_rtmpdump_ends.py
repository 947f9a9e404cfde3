# SPDX-License-Identifier: MIT
"""How rtmpdump ends and what it says, ours and Debian's."""
import re
import shutil
import signal

import pytest

import flv
import peers
import rtmp
from dumps import FRAMES, LONG, URL, WHOLE


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


def test_the_first_line(ours, debians):
    """Whatever comes behind it; but for --quiet, wherever that is."""
    for dump in (debians, ours):
        for options in ["-r", "x"], ["-Q"], ["-h"], ["-r"]:
            dump.run(*options, output=False)
            assert re.match(r"RTMPDump v2\.4( \(Sluice \S+\))?\n", dump.result.err)
        dump.run("-r", "rtmp://127.0.0.1:1/a/b", "-q", output=False)
        assert dump.result.err == ""
    ours.run("-evq", "-r", "rtmp://127.0.0.1:1/a/b", output=False)
    assert ours.code == 3 and ours.result.err == ""


def test_it_is_the_program_that_was_built(ours):
    assert shutil.which("rtmpdump") != str(ours.program)
    ours.run("-r", "x", output=False)
    assert ours.result.err.startswith("RTMPDump v2.4 (Sluice ")

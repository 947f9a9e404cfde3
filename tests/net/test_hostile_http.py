# SPDX-License-Identifier: MIT
"""RTMPT against HTTP servers that stall, break off, lie about lengths or know no tunnels: an answer is understood or there
is one sentence, and nothing hangs or spins."""

import ssl
import subprocess

import pytest

import flvcmp
import peers
import rtmp
import tunnels
from support import CONNECT, KEY, LOST, OK, PROTOCOL, REFUSED, UNDELIVERED, one_sentence

DEADLINES = ("--connect-timeout", "2", "--reply-timeout", "2", "--stall-timeout", "1")


def bodies(path):
    return [t.body for t in flvcmp.parse(path.read_bytes()) if t.type != flvcmp.SCRIPT]


@pytest.fixture
def push(sluice, short_clip):
    """push(how of Tunnels): the command's result, the tunnels and what the RTMP server behind them got. It is paced: two
    seconds."""
    sluice.need("push")

    def run(*options, backend=None, timeout=20, **how):
        with backend or peers.Server() as server, tunnels.Tunnels(server.port, **how) as http:
            result = sluice.run("push", *DEADLINES, *options, short_clip, http.url(), KEY, timeout=timeout)
        return result, http, server

    return run


@pytest.mark.parametrize("act", [tunnels.good, tunnels.without_length, tunnels.chunked, tunnels.dribbled,
                                 tunnels.then_closes(tunnels.good)],
                         ids=["good", "without-length", "chunked", "dribbled", "closes-each-time"])
def test_answers_of_every_kind_are_understood(push, short_clip, act):
    result, http, server = push("--fast", act=act)
    assert (result.code, result.err) == (OK, "")
    session = server.sessions[0]
    assert [m.payload for m in session.media if m.type != rtmp.DATA] == bodies(short_clip)
    assert session.commands[-1] in ("deleteStream", "FCUnpublish", "closeStream")
    assert http.count("open") == http.count("close") == 1
    numbers = [int(number) for command, _, number, _ in http.requests if command != "open"]
    assert numbers == list(range(1, len(numbers) + 1)), "no request is lost, and none comes twice"
    closes = act in (tunnels.good, tunnels.chunked, tunnels.dribbled)
    assert http.connections == (1 if closes else len(http.requests))
    assert all(f["content-type"] == "application/x-fcs" and f["host"] == f"127.0.0.1:{http.port}" for f in http.fields)


def test_tls_connections_that_end_are_made_anew(push, short_clip, certificates):
    """Each with a handshake of its own, in which the session of the last one, which ended in order, is taken up."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    result, http, server = push("--fast", "--ca-file", certificates / "ca.pem", tls=tls,
                                act=tunnels.then_closes(tunnels.good))
    assert (result.code, result.err) == (OK, "")
    assert [m.payload for m in server.sessions[0].media if m.type != rtmp.DATA] == bodies(short_clip)
    assert http.connections == len(http.requests) > 5
    assert http.resumed >= http.connections - 2


def test_what_is_queued_is_one_request(push, short_clip):
    """Fast, all of half a megabyte is there at once."""
    result, http, _ = push("--fast")
    assert result.code == OK
    assert http.count("send") <= 25, http.requests
    assert max(length for _, _, _, length in http.requests) > short_clip.stat().st_size // 4


OPENINGS = {
    "not-found": (tunnels.says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), {REFUSED}, "404 Not Found"),
    "moved": (tunnels.says(b"HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), {REFUSED}, "301 Moved"),
    "no-name": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), {PROTOCOL}, "without a name"),
    "odd-name": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n../x?y\n"), {PROTOCOL}, "without a name"),
    "long-name": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n" + b"x" * 300), {PROTOCOL}, "name"),
}
ANSWERS = {
    "negative": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), {PROTOCOL}, "Content-Length"),
    "huge": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"), {PROTOCOL}, "99999999999999"),
    "overflow": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551620\r\n\r\n"), {PROTOCOL}, "possible"),
    "two-lengths": (tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n\1\1"), {PROTOCOL},
                    "lengths"),
    "garbage": (tunnels.says(b"\xff" * 40000), {PROTOCOL}, "head"),
    "not-http": (tunnels.says(b"220 mail.example ESMTP\r\n\r\n"), {PROTOCOL}, "not HTTP"),
    "endless-head": (tunnels.says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000), {PROTOCOL}, "16384"),
    "cut": (tunnels.then_closes(tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\1x")), {PROTOCOL}, "middle"),
    "error": (tunnels.says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), {CONNECT, REFUSED, LOST, UNDELIVERED},
              "502"),
    "gone": (tunnels.says(b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n"), {CONNECT, REFUSED, LOST, UNDELIVERED}, ""),
    "silent": (tunnels.nothing, {CONNECT, REFUSED, LOST, UNDELIVERED}, ""),
    "endless": (tunnels.endless, {CONNECT, REFUSED, LOST, UNDELIVERED, PROTOCOL}, ""),
    "hangs-up": (tunnels.hang_up, {PROTOCOL}, "without an answer"),
}


@pytest.mark.parametrize("name", OPENINGS | ANSWERS)
def test_misbehaviour_when_the_tunnel_is_opened(push, name):
    action, codes, part = (OPENINGS | ANSWERS)[name]
    result, http, _ = push(misbehave={"open": (1, action)})
    sentence = one_sentence(result, part)
    assert result.code in codes | {CONNECT}, sentence
    assert f"127.0.0.1:{http.port}" in sentence
    assert http.count("open") == http.connections == 1


@pytest.mark.parametrize("since", [1, 3, 12])
@pytest.mark.parametrize("name", ANSWERS)
def test_misbehaviour_in_the_tunnel(push, name, since):
    """At the first request of the handshake, at connect or so, and in mid-stream."""
    action, codes, part = ANSWERS[name]
    result, http, _ = push(misbehave={"send": (since, action)})
    sentence = one_sentence(result, part if name != "error" else "")
    assert result.code in codes | {REFUSED, LOST, UNDELIVERED}, sentence
    assert http.connections <= 2, "once more, when it hung up without a word, and no more"
    assert http.count("send") <= since + 1


@pytest.mark.parametrize("action", [tunnels.nothing, tunnels.hang_up, tunnels.endless], ids=lambda a: a.__name__)
def test_the_last_request_is_not_answered(push, short_clip, action):
    """All has arrived: that the farewell gets no answer is nobody's loss."""
    result, _, server = push("--fast", misbehave={"close": (1, action)})
    assert (result.code, result.err) == (OK, "")
    assert [m.payload for m in server.sessions[0].media if m.type != rtmp.DATA] == bodies(short_clip)


def test_an_answer_without_even_a_wait(push):
    """A body of no bytes is no error, only nothing: but what was in it is lost to the handshake."""
    result, http, _ = push(misbehave={"send": (1, tunnels.says(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))})
    assert result.code == CONNECT
    one_sentence(result, "handshake")
    assert http.count("idle") <= 20, "and it asks again, ever more slowly"


@pytest.fixture
def traced(sluice, tmp_path):
    """traced(verb, ...): the result, and how many calls that wait for the network or use it were made."""
    trace = tmp_path / "trace"
    try:
        subprocess.run(["strace", "-o", "/dev/null", "true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("strace is not installed, or may not trace here")
    strace = ["strace", "-f", "-e", "trace=poll,ppoll,recvfrom,sendmsg,connect", "-o", trace]

    def run(verb, *args):
        sluice.need(verb)
        # A traced process cannot look for leaks.
        result = sluice.run(verb, *args, timeout=20, prefix=strace, env={"ASAN_OPTIONS": "detect_leaks=0"})
        return result, sum("(" in line for line in trace.read_text().splitlines())

    return run


@pytest.mark.parametrize("act", [tunnels.good, tunnels.then_closes(tunnels.good)], ids=["kept", "closed"])
@pytest.mark.parametrize("interval", [0, 1, 255])
def test_an_idle_tunnel_is_quiet(traced, tmp_path, interval, act):
    """Three seconds of nothing to play, from a server that answers at once and would have it ask without end: the waits
    double from 10 ms to half a second, so there are about eleven requests, and some of the beginning. And the process
    does nothing else."""

    def started(conn):
        conn.drain()

    with peers.Server("started", started) as server, tunnels.Tunnels(server.port, act=act, interval=interval) as http:
        result, calls = traced("pull", "--live", "--media-timeout", "3", http.url(), KEY, tmp_path / "x.flv")
    assert result.code == REFUSED, result.err
    assert http.count("idle") <= 20, http.requests
    assert calls <= 10 * len(http.requests) + 60


def test_waiting_for_an_answer_is_quiet(traced, short_clip):
    """The socket would take more, and there is more: but not before the answer, which never comes."""
    with peers.Server() as server, tunnels.Tunnels(server.port, misbehave={"send": (8, tunnels.nothing)}) as http:
        result, calls = traced("push", *DEADLINES, short_clip, http.url(), KEY)
    assert result.code in (LOST, UNDELIVERED), result.err
    assert calls <= 10 * len(http.requests) + 300, "some for each frame that is queued meanwhile"


def test_a_sound_session_comes_through(sluice, tmp_path):
    sluice.need("pull")
    plays = [rtmp.Message(rtmp.AUDIO, n * 20, 1, b"\xaf" + bytes([min(n, 1), n]) * 300) for n in range(60)]
    with peers.Server(plays=plays) as server, tunnels.Tunnels(server.port) as http:
        result = sluice.run("pull", *DEADLINES, http.url(), KEY, tmp_path / "x.flv", timeout=20)
    assert (result.code, result.err) == (OK, "")
    assert bodies(tmp_path / "x.flv") == [m.payload for m in plays]

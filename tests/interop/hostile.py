# SPDX-License-Identifier: MIT
"""Servers that attack, by name: over RTMP, and over HTTP. Each ends the connection in order when it has attacked, so
that there is no deadline to wait for."""
import concurrent.futures
import contextlib
import pathlib
import re
import shutil
import signal
import threading
import time

import pytest

import flv
import peers
import rtmp
import rtmpe
import support
import tunnels
from attacks import BROKEN, nested

# What only those hear who have a key, or a name to publish under.
SECRETS = " token=secretsecretkey1 pubUser=name pubPasswd=word"
PLAYED = flv.messages(flv.frames(20))


# ---- answers to connect that older libraries fell over ----


def error(info=None):
    """An _error to the last command, with this in the place of the object with its reasons."""
    values = [] if info is None else [info]
    return peers.replies(lambda n: rtmp.command("_error", n, None, *values))


def result(*values):
    return peers.replies(lambda n: rtmp.command("_result", n, *values))


def refusal(text):
    return {"level": "error", "code": "NetConnection.Connect.Rejected", "description": text}


def token(value):
    return result({}, {"code": "NetConnection.Connect.Success", "secureToken": value})


AUTH = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
ANSWERS = {
    "an error without reasons": error(),
    "an error whose reason is a number": error(7),
    "an error without description": error({"level": "error", "code": "NetConnection.Connect.Rejected"}),
    "a description that is a number": error({"code": "NetConnection.Connect.Rejected", "description": 7}),
    "an empty description": error(refusal("")),
    "needauth without fields": error(refusal(AUTH + "?reason=needauth")),
    "needauth with empty fields": error(refusal(AUTH + "?reason=needauth&user=&salt=&challenge=&opaque=")),
    "needauth whose fields do not end": error(refusal(AUTH + "?reason=needauth&user=x&salt=" + "s" * 60000)),
    "authfailed": error(refusal(AUTH + "?reason=authfailed&opaque=vgoAAA==")),
    "authmod alone": error(refusal("authmod=adobe")),
    "llnw without fields": error(refusal("[ code=403 need auth; authmod=llnw ] : ?reason=needauth")),
    "a secure token that is a number": token(7),
    "a secure token that is a number, where a server's properties are": result({"secureToken": 7}, {}),
    "an empty secure token": token(""),
    "a secure token of one digit": token("f"),
    "a secure token of 17 digits": token("f" * 17),
    "a secure token of 60000 digits": token("f" * 60000),
    "a secure token that is no number": token("g" * 32),
    "a secure token that is an object": token({"secureToken": {"secureToken": "f" * 32}}),
    "a secure token that is nothing": token(None),
    "short strings": peers.sends(*(rtmp.message(rtmp.COMMAND, b"\x02" + n + b"x") for n in (b"", b"\0", b"\0\x09"))),
    "a class of AMF3 that refers to none": peers.sends(rtmp.message(
        rtmp.COMMAND_AMF3, b"\0" + rtmp.amf0("_result", 1) + b"\x11\x0a\x7d\x7d")),
    "deep nesting": peers.sends(rtmp.message(rtmp.COMMAND, rtmp.amf0("_result", 1) + nested(b"\x03\0\1a", 20000))),
}


def and_leaves(action):
    """After the attack the server ends the connection."""

    def act(conn):
        conn.drain = lambda: None
        action(conn)
        del conn.drain
        peers.close(conn)

    return act


def over_rtmp(step, action):
    @contextlib.contextmanager
    def attack(_tls):
        with peers.Server(step, and_leaves(action), receive_buffer=4096) as server:
            yield server.url()
            assert server.sessions, "nobody came"

    return attack


# ---- answers of web servers ----


def ok(*fields, body=b"\1"):
    head = b"".join(field + b"\r\n" for field in fields)
    return tunnels.says(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)


def length(text):
    return ok(b"Content-Length: " + text)


def again_and_again(act, times, then):
    """The first of the answers so often, and from then on the other one."""

    def acting(conn, payload):
        conn.tunnels.asked = asked = getattr(conn.tunnels, "asked", 0) + 1
        (act if asked <= times else then)(conn, payload)

    return acting


def goes(conn, _):
    """Nobody is there any more."""
    with contextlib.suppress(OSError):
        conn.tunnels.sock.shutdown(2)
    raise EOFError


GONE = tunnels.says(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
TUNNELS = {
    "no bytes": again_and_again(ok(b"Content-Length: 0", body=b""), 5, GONE),
    "no bytes, and none of what was said": again_and_again(ok(b"Content-Length: 1"), 5, GONE),
    "a length of -1": length(b"-1"),
    "the least length": length(b"-9223372036854775808"),
    "a length of 2^64 and one": length(b"18446744073709551617"),
    "a length of 4 GB": length(b"4294967295"),
    "an empty length": length(b""),
    "a length that is no number": length(b"x"),
    "two lengths": ok(b"Content-Length: 1", b"Content-Length: 7"),
    "no length": again_and_again(ok(), 5, GONE),
    "no length, and no bytes": again_and_again(ok(body=b""), 5, GONE),
    "chunks of -1": ok(b"Transfer-Encoding: chunked", body=b"-1\r\n\1\r\n"),
    "chunks of 2^64 and one": ok(b"Transfer-Encoding: chunked", body=b"10000000000000001\r\n\1\r\n"),
    "a head of fields": tunnels.says(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000),
    "no HTTP": tunnels.says(b"\xff" * 40000),
    "an end in the middle": ok(b"Content-Length: 100"),
    "an end": tunnels.hang_up,
    "an end of all": goes,
    "no such tunnel": GONE,
}
# Where they come from on: at once, with the handshake, and in the stream.
PLACES = {"open": {"open": 1}, "handshake": {"send": 1, "idle": 1}, "stream": {"send": 5, "idle": 2}}
# Answers that may be the last word of a sound server. They come again over TLS, and to those who want RTMPE.
LAST_WORDS = ("no length", "an end in the middle", "an end", "an end of all", "no such tunnel")
EVERYWHERE = ("no bytes", "a length of -1", *LAST_WORDS)
RTMPE = {"a key that is 0": rtmpe.server(public=0), "no digest": rtmpe.server(digest=False)}


def over_http(scheme="rtmpt", server=(), **how):
    @contextlib.contextmanager
    def attack(tls):
        secure = tls if scheme == "rtmpts" else None
        with peers.Server(*server, plays=PLAYED) as behind, tunnels.Tunnels(behind.port, tls=secure, **how) as http:
            yield scheme + http.url()[http.url().index(":"):]
            assert http.connections, "nobody came"

    return attack


def misbehaving(name, place, scheme="rtmpt"):
    act = tunnels.then_closes(TUNNELS[name])
    return over_http(scheme, misbehave={command: (since, act) for command, since in PLACES[place].items()})


# Each is called with a ssl.SSLContext, and is a context with the URL of an application.
CONNECT = {f"connect: {name}": over_rtmp("connect", action) for name, action in ANSWERS.items()}
CONNECT |= {f"connect: {name}": over_rtmp("connect", peers.sends(data)) for name, data in BROKEN.items()}
STARTED = {f"started: {name}": over_rtmp("started", peers.sends(data)) for name, data in BROKEN.items()}
HTTP = {f"rtmpt, {place}: {name}": misbehaving(name, place) for place in PLACES for name in TUNNELS
        if place == "handshake" or name in EVERYWHERE}
HTTP |= {f"{scheme}, {place}: {name}": misbehaving(name, place, scheme) for name in LAST_WORDS
         for scheme, place in (("rtmpts", "open"), ("rtmpts", "stream"), ("rtmpte", "handshake"))}
HTTP |= {f"rtmpte: {name}": over_http("rtmpte", ("c0c1", action)) for name, action in RTMPE.items()}


def each(attack, cases, at_once=4, together=1):
    """attack([names]) of so many cases together, some at once. What failed, a line each."""
    names = list(cases)
    count = -(-len(names) // together)

    def tried(group):
        try:
            attack(group)
        except AssertionError as e:
            return f"{group}: {e}"
        return ""

    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return "\n".join(filter(None, pool.map(tried, [names[i::count] for i in range(count)])))


@contextlib.contextmanager
def servers(names, cases, tls):
    """The URLs of these."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(cases[name](tls)) for name in names]


# ---- silence ----


class Heard:
    """An action that says nothing from then on; is_silent() tells whether it was come to."""

    def __init__(self, words=b""):
        self.words, self.is_silent = words, threading.Event()

    def __call__(self, conn, _payload=None):
        if self.words:
            conn.send(self.words)
        self.is_silent.set()
        (conn.tunnels if hasattr(conn, "tunnels") else conn.server).over.wait(120)


def silent_rtmp(step):
    @contextlib.contextmanager
    def silence():
        heard = Heard()
        with peers.Server(step, heard) as server:
            yield server.url(), heard.is_silent

    return silence


def silent_http(command, since, words=b""):
    @contextlib.contextmanager
    def silence():
        heard = Heard(words)
        with peers.Server() as server, tunnels.Tunnels(server.port, misbehave={command: (since, heard)}) as http:
            yield http.url(), heard.is_silent

    return silence


@contextlib.contextmanager
def silent_in_a_tunnel():
    """Each request is answered, with nothing."""
    heard = Heard()
    with peers.Server("connect", heard) as server, tunnels.Tunnels(server.port) as http:
        yield http.url(), heard.is_silent


SILENCES = {
    "handshake": silent_rtmp("s0s1"),
    "connect": silent_rtmp("connect"),
    "started": silent_rtmp("started"),
    "rtmpt, open": silent_http("open", 1),
    "rtmpt, no length": silent_http("send", 2, b"HTTP/1.1 200 OK\r\n\r\n"),
    "rtmpt, half an answer": silent_http("send", 2, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\1"),
    "rtmpt, connect": silent_in_a_tunnel,
}
# In two seconds. A tunnel whose waits have doubled up to half a second is asked ten times, in some five calls each.
CALLS = dict.fromkeys(SILENCES, 50) | {"rtmpt, connect": 100}


def cpu(pid):
    """Hundredths of seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def work(process, is_silent, patience, pid=None):
    """System calls and hundredths of seconds of CPU time of two seconds, begun when the server has fallen silent."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    assert is_silent.wait(20 * patience), f"it never came so far: {process.text()}"
    pid = pid or process.pid
    with support.Process(["strace", "-f", "-c", "-U", "calls", "-p", str(pid)]) as strace:
        strace.expect("attached", 20 * patience)
        before = cpu(pid)
        time.sleep(2)
        assert process.process.poll() is None, f"it has ended: {process.text()}"
        ticks = cpu(pid) - before
        strace.process.send_signal(signal.SIGINT)
        strace.process.wait(20 * patience)
    found = re.search(r"(\d+) total", strace.text())
    return int(found[1]) if found else 0, ticks


def check_quiet(case, process, is_silent, patience, pid=None):
    for _ in range(3):  # it may still be at what it was given before, where others keep the machine busy
        calls, ticks = work(process, is_silent, patience, pid)
        if calls < CALLS[case] and ticks < 50:
            return
    assert calls < CALLS[case], f"{calls} system calls"
    assert ticks < 50, f"{ticks} hundredths of a second of CPU time"

# SPDX-License-Identifier: MIT
"""Proxies that refuse, answer nonsense, stop in the middle, or never come to an end: a sentence, in time, and no password
in it."""
import json
import resource
import socket
import ssl
import threading
import time

import pytest

import flv
import peers
from support import CONNECT, OK, USAGE, one_sentence

PASSWORD = "pr0xy-secret-77"
FAR = "rtmp://live.example/app"


class Proxy:
    """Answers the first client with these parts, the next one each time that something has come; then it does `last`:
    "stay" is silent until the client is gone, "close", "reset", "pour" never stops."""

    def __init__(self, *parts, last="stay", dribble=0):
        self.parts, self.last, self.dribble, self.said = parts, last, dribble, b""
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.where = f"127.0.0.1:{self.sock.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            conn, _ = self.sock.accept()
        except OSError:
            return
        conn.settimeout(30)
        try:
            self.talk(conn)
        except OSError:
            pass
        conn.close()

    def talk(self, conn):
        for part in self.parts:
            self.said += conn.recv(4096)
            for at in range(0, len(part), self.dribble or len(part) or 1):
                conn.sendall(part[at:at + (self.dribble or len(part))])
                time.sleep(0.005 if self.dribble else 0)
        if self.last == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        while self.last == "pour":
            conn.sendall(b"x" * 65536)
        while self.last == "stay" and conn.recv(4096):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.thread.join(10)


@pytest.fixture
def push(sluice, tmp_path):
    sluice.need("push")
    source = tmp_path / "in.flv"
    source.write_bytes(flv.flv(flv.frames(2)))

    def push(scheme, proxy, url=FAR, user=True, **how):
        credentials = "" if not user else "me@" if "socks4" in scheme else f"me:{PASSWORD}@"
        result = sluice.run("push", "-v", "--fast", "--connect-timeout", "1", "--reply-timeout", "1", "--proxy",
                            f"{scheme}://{credentials}{proxy.where}", source, url, "s", **how)
        assert PASSWORD not in result.err and PASSWORD.encode() not in result.out
        return result

    return push


def told(result, *parts):
    """With --verbose a failure is said twice: as a line of the log, and as the end."""
    lines = set(result.err.splitlines())
    assert len(lines) == 1, result.err
    return one_sentence(result._replace(err=lines.pop() + "\n"), *parts)


REFUSALS = [("socks5", [b"\5\0", bytes([5, code])], f"SOCKS5 reply {code}, {name}") for code, name in [
    (1, "general failure"), (2, "not allowed by its rules"), (3, "network unreachable"), (4, "host unreachable"),
    (5, "connection refused"), (6, "TTL expired"), (7, "command not supported"), (8, "address type not supported"),
    (9, "which has no name"), (255, "which has no name")]]
REFUSALS += [("socks4a", [bytes([0, code]) + bytes(6)], f"SOCKS4a reply {code}, {name}") for code, name in [
    (91, "request rejected or failed"), (92, "identd not reached"), (93, "another user by identd"), (94, "which has no name")]]
REFUSALS += [("http", [b"HTTP/1.1 %d No\r\nContent-Length: 999999\r\n\r\n" % code], f"HTTP status {code}, {name}")
             for code, name in [(403, "forbidden"), (405, "method not allowed"), (502, "bad gateway"),
                                (503, "service unavailable"), (504, "gateway timeout"), (302, "which has no name")]]


@pytest.mark.parametrize("scheme,parts,name", REFUSALS, ids=lambda p: p if isinstance(p, str) else "")
def test_refusals_are_told_by_name(push, scheme, parts, name):
    with Proxy(*parts) as proxy:
        result = push(scheme, proxy)
    assert result.code == CONNECT
    told(result, f"the proxy {proxy.where} made no connection to live.example:1935 ({name})")
    assert result.seconds < 1, "it does not wait for the rest"


@pytest.mark.parametrize("scheme,parts", [
    ("socks5", [b"\4\0"]), ("socks5", [b"HTTP/1.1 400 Bad Request\r\n\r\n"]), ("socks5", [b"\5\0", b"\5\0\0\7xxxxx"]),
    ("socks5", [b"\5\2", b"\7\0"]), ("socks5", [b"\5\1"]), ("socks4a", [b"\4\x5a\0\0\0\0\0\0"]),
    ("socks4a", [b"HTTP/1.1 400 Bad Request\r\n\r\n"]), ("http", [b"\5\xff\r\n\r\n"]), ("http", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n"]),
    ("http", [b"HTTP/1.1 +20 \r\n\r\n"]), ("http", [b"\r\n" * 9]),
])
def test_nonsense(push, scheme, parts):
    with Proxy(*parts) as proxy:
        result = push(scheme, proxy)
    assert result.code == CONNECT and result.seconds < 1
    told(result, f"the proxy {proxy.where} ", "check its port, and which protocol it speaks")


HALVES = {
    "socks4a": ([b"\0\x5a\0\0\0\0\0"],),
    "socks5": ([b"\5"], [b"\5\2", b"\1"], [b"\5\0", b"\5"], [b"\5\0", b"\5\0\0\3\xff" + b"n" * 256]),
    "http": ([b"HTTP/1.1 200"], [b"HTTP/1.1 200 OK\r\nVia: x\r\n"], [b"HTTP/1.1 100 Continue\r\n\r\n"]),
}


@pytest.mark.parametrize("last", ["stay", "close", "reset"])
@pytest.mark.parametrize("scheme", HALVES)
def test_half_answers(push, scheme, last):
    """The time that connecting may take is the time that all of it may take, and nobody spins meanwhile."""
    for parts in ([b""], *HALVES[scheme]):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Proxy(*parts, last=last) as proxy:
            result = push(scheme, proxy)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert result.code == CONNECT
        if last == "stay":
            told(result, f"the proxy {proxy.where} made no connection to live.example:1935 within 1000 ms")
            assert 0.9 < result.seconds < 5
            assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5
        else:
            told(result, f"the proxy {proxy.where} hung up")


def test_answers_without_end(push):
    with Proxy(b"HTTP/1.1 200 OK\r\n", last="pour") as proxy:
        result = push("http", proxy)
    assert result.code == CONNECT and result.resident < 60000
    told(result, f"the proxy {proxy.where} sent a head of more than 16384 bytes")


def test_proxies_that_are_not_there(push, sluice, tmp_path):
    class Nobody:
        where = "127.0.0.1:1"

    result = push("socks5", Nobody)
    assert result.code == CONNECT
    told(result, "the proxy is out of reach: cannot connect to 127.0.0.1:1 ")
    for url, part in (("ftp://h", "scheme"), (f"socks4://u:{PASSWORD}@h", "SOCKS4"), ("http://h/x", "behind"),
                      (f"socks5://u:{PASSWORD}@h:0", "port")):
        result = sluice.run("push", "--proxy", url, tmp_path / "in.flv", FAR, "s")
        assert result.code == USAGE and PASSWORD not in result.err
        one_sentence(result, "the URL of the proxy cannot be used", part, "socks5://")
    result = sluice.run("push", "--proxy", "socks5://h", "--address", "127.0.0.1", tmp_path / "in.flv", FAR, "s")
    assert result.code == USAGE
    one_sentence(result, "--address", "proxy")


@pytest.mark.parametrize("tls", [False, True])
def test_answers_byte_by_byte(push, sluice, certificates, tmp_path, tls):  # push makes in.flv
    """A proxy that is slow and right; what it carries is what was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    with peers.Server(tls=context if tls else None) as server:
        with Relay(server.port) as proxy:
            source = tmp_path / "in.flv"
            result = sluice.run("push", "--json", "--ca-file", certificates / "ca.pem", "--proxy",
                                f"socks5://127.0.0.1:{proxy.port}", source, server.url(host="localhost"), "s")
            assert result.code == OK, result.err
            assert json.loads(result.out.splitlines()[-1])["peer"] == f"localhost:{server.port}"
            assert proxy.asked == b"\5\1\0\3\x09localhost" + server.port.to_bytes(2, "big")


class Relay:
    """SOCKS5, a byte at a time until the tunnel stands."""

    def __init__(self, to):
        self.to, self.asked = to, b""
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        conn, _ = self.sock.accept()
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn.recv(3)
        self.slowly(conn, b"\5\0")
        while len(self.asked) < 5 or len(self.asked) < 7 + self.asked[4]:
            self.asked += conn.recv(1)
        self.slowly(conn, b"\5\0\0\3\4name\0\0")
        server = socket.create_connection(("127.0.0.1", self.to))
        other = threading.Thread(target=self.carry, args=(server, conn), daemon=True)
        other.start()
        self.carry(conn, server)
        other.join(20)
        conn.close()
        server.close()

    @staticmethod
    def slowly(conn, data):
        for byte in data:
            conn.sendall(bytes([byte]))
            time.sleep(0.01)

    @staticmethod
    def carry(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        self.thread.join(20)

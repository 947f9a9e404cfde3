# SPDX-License-Identifier: MIT
"""RTMPT by hand: an HTTP server whose tunnels lead to an RTMP server, and that misbehaves on request; and a client that is
a socket to rtmp.py and peers.py, and goes through a tunnel of `sluice serve`."""

import contextlib
import re
import socket
import threading
import time

import peers


class Http:
    """One connection, from either end: heads and bodies, nothing hidden."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def message(self):
        """(first line, fields by lower-case name, body), of what has a length or no body."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
        length = int(fields.get("content-length", 0))
        while len(self.buffer) < length:
            self.more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return first, fields, body


# ---- a server ----


def good(conn, payload):
    conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(payload) + payload)


def says(data):
    """These bytes instead of the answer, which is lost."""

    def act(conn, _):
        conn.send(data)

    return act


def then_closes(act):
    def closing(conn, payload):
        act(conn, payload)
        raise EOFError

    return closing


def without_length(conn, payload):
    conn.send(b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n" + payload)
    raise EOFError


def chunked(conn, payload):
    pieces = [payload[:1], payload[1:]] if len(payload) > 1 else [payload]
    conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
              b"".join(b"%x;x=y\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nX: y\r\n\r\n")


def dribbled(conn, payload):
    for byte in b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:%d\r\n\r\n" % len(payload) + payload:
        conn.send(bytes([byte]))


def nothing(conn, _):
    conn.tunnels.over.wait(60)


def endless(conn, _):
    conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\1\r\n")
    while not conn.tunnels.over.wait(0.05):
        conn.send(b"1\r\n\x02\r\n")


def hang_up(_conn, _):
    raise EOFError


class Connection(Http):
    def __init__(self, tunnels, sock):
        super().__init__(sock)
        self.tunnels = tunnels

    def send(self, data):
        self.sock.sendall(data)

    def run(self):
        with contextlib.suppress(OSError), self.sock:
            if self.tunnels.tls:
                self.sock = self.tunnels.tls.wrap_socket(self.sock, server_side=True)
                self.tunnels.resumed += self.sock.session_reused
            with contextlib.suppress(EOFError):
                while True:
                    first, fields, body = self.message()
                    self.tunnels.request(self, first, fields, body)
            if self.tunnels.tls:
                self.sock.unwrap()


class Tunnels:
    """Leads to an RTMP server at port. misbehave: {command: (from which request of it on, action)}; other requests are
    answered with act. interval is the first byte of answers. tls: an ssl.SSLContext."""

    def __init__(self, port, act=good, misbehave=None, interval=1, tls=None):
        self.tls, self.resumed = tls, 0
        self.backend, self.act, self.misbehave, self.interval = port, act, misbehave or {}, interval
        self.over, self.lock = threading.Event(), threading.Lock()
        self.requests, self.connections = [], 0  # (command, id, number, length of the body)
        self.ends, self.fields = {}, []
        self.threads = []
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.sock.getsockname()[1]
        self.start(self.accept)

    def start(self, run):
        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def accept(self):
        with contextlib.suppress(OSError):
            while not self.over.is_set():
                sock, _ = self.sock.accept()
                self.connections += 1
                sock.settimeout(60)
                self.start(Connection(self, sock).run)

    def request(self, conn, first, fields, body):
        command, _, rest = first.removeprefix("POST /").removesuffix(" HTTP/1.1").partition("/")
        name, _, number = rest.partition("/")
        with self.lock:
            self.requests.append((command, name, number, len(body)))
            self.fields.append(fields)
            count = sum(r[0] == command for r in self.requests)
        payload = getattr(self, "do_" + command)(name, body)
        since, action = self.misbehave.get(command, (0, None))
        (action if action and count >= since else self.act)(conn, payload)

    def do_open(self, _name, _body):
        name = f"t{len(self.ends)}"
        self.ends[name] = socket.create_connection(("127.0.0.1", self.backend), 20)
        return name.encode() + b"\n"

    def do_send(self, name, body):
        with contextlib.suppress(OSError):  # it may have ended
            self.ends[name].sendall(body)
        return self.do_idle(name, body)

    def do_idle(self, name, _body):
        """What there is, within the time that the next station takes to answer."""
        data, end = b"", self.ends[name]
        end.settimeout(0.05)
        with contextlib.suppress(OSError):
            while len(data) < 1 << 20 and (more := end.recv(65536)):
                data += more
                end.settimeout(0.005)
        return bytes([self.interval]) + data

    def do_close(self, name, _body):
        self.ends[name].close()
        return b"\0"

    def url(self, app="live"):
        return f"{'rtmpts' if self.tls else 'rtmpt'}://127.0.0.1:{self.port}/{app}"

    def count(self, command):
        return sum(r[0] == command for r in self.requests)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for end in self.ends.values():
            end.close()


# ---- a client ----


class Tunnel:
    """A tunnel of a server that looks like a socket. apart: each request on a connection of its own."""

    def __init__(self, port, apart=False, tls=None):
        self.port, self.apart, self.tls = port, apart, tls
        self.http, self.id, self.number, self.data, self.ended = None, None, 0, b"", False
        status, body = self.post("/open/1", b"\0")
        assert status == 200 and re.fullmatch(rb"[0-9a-f]{32}\n", body), body
        self.id = body.strip().decode()

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port), 20)
        return Http(self.tls.wrap_socket(sock, server_hostname="127.0.0.1") if self.tls else sock)

    def post(self, target, body, fields=""):
        if self.apart or not self.http:
            self.http = self.connect()
        self.http.sock.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode()
                               + body)
        first, _, answer = self.http.message()
        if self.apart:
            self.http.sock.close()
        return int(first.split()[1]), answer

    def ask(self, command, body):
        self.number += 1
        status, answer = self.post(f"/{command}/{self.id}/{self.number}", body)
        self.ended = status == 404
        assert status in (200, 404)
        if status == 200:
            self.data += answer[1:]

    def sendall(self, data):
        self.ask("send", data)

    def recv(self, n):
        end = time.monotonic() + 20
        while not self.data and not self.ended and time.monotonic() < end:
            self.ask("idle", b"\0")
        data, self.data = self.data[:n], self.data[n:]
        return data

    def settimeout(self, _seconds):
        """As of a socket; what there is to wait for is bounded anyway."""

    def close(self):
        with contextlib.suppress(OSError, EOFError):
            if not self.ended:
                self.post(f"/close/{self.id}/{self.number + 1}", b"\0")
            self.http.sock.close()


class Client(peers.Client):
    """peers.Client, through a tunnel."""

    def __init__(self, port, apart=False):  # pylint: disable=super-init-not-called
        self.sock = Tunnel(port, apart)
        self.reader = peers.rtmp.Reader(self.sock)
        self.transactions, self.stream = 0, 1
        self.host, self.port = "127.0.0.1", port

# SPDX-License-Identifier: MIT
"""Peers written by hand: a server and a client that behave, and that misbehave at any step on request.

A Server runs in threads of the test; the actions below say what it does when a session reaches the step it was told
of. A Client is driven step by step by the test itself.
"""

import contextlib
import os
import socket
import struct
import threading
import time

import rtmp
from rtmp import Ended

HANDSHAKE = 1536

# In the order a session reaches them. "publish" and "play" are the same step of the two kinds of client.
STEPS = (
    "accepted",   # nothing read yet
    "c0c1",       # the client's half of the handshake is here, nothing sent
    "s0s1",       # S0 and S1 sent, S2 not
    "handshaken", # all sent, C2 read
    "connect",    # the command is read and not answered
    "connected",  # answered
    "create",
    "created",
    "start",      # publish or play: read
    "started",    # answered; media flows
)


# ---- what a misbehaving peer does ----


def stall(conn):
    """Says nothing and reads nothing."""
    conn.server.over.wait(120)


def reset(conn):
    conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.sock.close()


def close(conn):
    """An orderly end; reads to the peer's end, so that no reset comes of unread data."""
    conn.sock.shutdown(socket.SHUT_WR)
    conn.drain()


def garbage(conn):
    """Bytes that are no handshake, and chunks of a type that refers to an earlier header that never was."""
    conn.send(b"\xff" * 4096)
    conn.drain()


def noise(conn):
    conn.send(os.urandom(8192))
    conn.drain()


def http(conn):
    """What a web server says to what it does not understand."""
    conn.send(b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    close(conn)


def sends(*parts):
    """Sends these bytes, then waits for the peer's end, reading."""

    def action(conn):
        for part in parts:
            conn.send(part)
        conn.drain()

    return action


def replies(make):
    """Sends make(transaction), an answer to the command that was read last, then reads on."""

    def action(conn):
        conn.send(make(conn.transaction))
        conn.drain()

    return action


def then_goes_on(*parts, chunk_size=128):
    """Sends these bytes and behaves from there on, in chunks of the size that they may have set."""

    def action(conn):
        conn.chunk_size = chunk_size
        for part in parts:
            conn.send(part)
        return True

    return action


# ---- a server ----


class Session:
    """One client's connection to a Server."""

    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.reader = None
        self.transaction = 0
        self.commands = []  # names, in order
        self.calls = []  # the same with all their values
        self.controls = []  # payloads of user control messages
        self.media = []  # Messages of audio, video and data
        self.keep_media = True
        self.media_bytes = 0
        self.name = None  # what is published or played
        self.kind = None  # live, record or append; of play, the start
        self.ended = None  # "closed", "reset", or the step at which it misbehaved
        self.wire = 0
        self.c0c1 = None
        self.info = None  # what connect says
        self.chunk_size = 128  # that is sent in

    def say(self, *values, csid=3, stream=0):
        self.send(rtmp.command(*values, csid=csid, stream=stream, chunk_size=self.chunk_size))

    def send(self, data):
        step = self.server.dribble or len(data) or 1
        with contextlib.suppress(OSError):  # the client may have had enough already
            for at in range(0, len(data), step):
                self.sock.sendall(data[at : at + step])

    def drain(self):
        with contextlib.suppress(OSError):
            while self.sock.recv(65536):
                pass

    def at(self, step):
        """True to go on."""
        if self.server.step != step:
            return True
        self.ended = step
        if self.server.action(self):
            self.ended = None
            return True
        return False

    def run(self):
        try:
            if self.server.tls:
                self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
            self.reader = rtmp.Reader(self.sock)
            self.handshake() and self.serve()
        except Ended:
            self.ended = self.ended or "closed"
        except OSError:
            self.ended = self.ended or "reset"
        except KeyError:  # a chunk that refers to one that never was
            self.ended = self.ended or "broken"
        finally:
            if self.reader:
                self.wire = self.reader.total
            self.sock.close()

    def handshake(self):
        if not self.at("accepted"):
            return False
        c0c1 = self.c0c1 = self.reader.exactly(1 + HANDSHAKE)
        if not self.at("c0c1"):
            return False
        # An S1 of zeros but for the time is that of the specification: the client must not want a digest.
        self.send(b"\x03" + struct.pack(">II", 1, 0) + bytes(HANDSHAKE - 8))
        if not self.at("s0s1"):
            return False
        self.send(c0c1[1:])
        self.reader.exactly(HANDSHAKE)
        return self.at("handshaken")

    def serve(self):
        while True:
            m = self.reader.message()
            if m.type in (rtmp.AUDIO, rtmp.VIDEO, rtmp.DATA):
                self.media_bytes += len(m.payload)
                if self.keep_media:
                    self.media.append(m)
            elif m.type == rtmp.USER_CONTROL:
                self.controls.append(m.payload)
            elif m.type == rtmp.COMMAND:
                self.calls.append(rtmp.amf0_decode(m.payload))
                if not self.answer(*self.calls[-1][:5]):
                    return

    def answer(self, name, transaction=0, info=None, argument=None, kind=None):
        """False when that is the end of it."""
        self.commands.append(name)
        self.transaction = transaction
        if name == "connect":
            self.info = info
        step = {"connect": "connect", "createStream": "create", "publish": "start", "play": "start"}.get(name)
        if step and not self.at(step):
            return False
        if name == "connect":
            self.send(rtmp.control(rtmp.WINDOW_ACK_SIZE, self.server.window))
            self.send(rtmp.message(rtmp.PEER_BANDWIDTH, struct.pack(">IB", 2500000, 2), 2))
            self.say("_result", transaction, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31},
                     {"level": "status", "code": "NetConnection.Connect.Success", "description": "ok",
                      "objectEncoding": 0})
            return self.at("connected")
        if name == "createStream":
            self.say("_result", transaction, None, 1)
            return self.at("created")
        if name == "publish":
            self.name, self.kind = argument, kind
            self.status("NetStream.Publish.Start", "publishing")
            return self.at("started")
        if name == "play":
            self.kind = kind
            return self.play(argument)
        return True

    def status(self, code, description, level="status"):
        self.say("onStatus", 0, None, {"level": level, "code": code, "description": description}, csid=5, stream=1)

    def play(self, name):
        self.name = name
        self.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 0, 1), 2))
        self.status("NetStream.Play.Reset", "resetting")
        self.status("NetStream.Play.Start", "playing")
        if not self.at("started"):
            return False
        for m in self.server.plays:
            self.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1, self.chunk_size))
        self.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 1, 1), 2))
        self.status("NetStream.Play.Stop", "stopped")
        return True


class Server:
    """Listens on a free port of 127.0.0.1. At `step` of each session it does `action`, otherwise it behaves.

    tls: an ssl.SSLContext. plays: Messages for those who play. dribble: bytes a write. receive_buffer: SO_RCVBUF.
    session: what a connection is answered by, a kind of Session."""

    def __init__(self, step=None, action=None, tls=None, plays=(), dribble=0, window=2500000, receive_buffer=0,
                 host="127.0.0.1", session=Session):
        self.session_class = session
        self.step, self.action, self.tls = step, action, tls
        self.plays, self.dribble, self.window = plays, dribble, window
        self.sessions = []
        self.over = threading.Event()
        self.sock = socket.socket(socket.AF_INET)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.bind((host, 0))
        self.sock.listen(64)
        self.host, self.port = self.sock.getsockname()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.threads = []
        self.thread.start()

    def _accept(self):
        while not self.over.is_set():
            try:
                sock, _ = self.sock.accept()
            except OSError:
                return
            sock.settimeout(60)
            session = self.session_class(self, sock)
            self.sessions.append(session)
            thread = threading.Thread(target=session.run, daemon=True)
            thread.start()
            self.threads.append(thread)  # started: session() joins what it finds here

    def url(self, app="live", scheme=None, host=None):
        return f"{scheme or ('rtmps' if self.tls else 'rtmp')}://{host or self.host}:{self.port}/{app}"

    def session(self, timeout=20):
        """The first session, once it has ended of itself."""
        end = time.monotonic() + timeout
        while not self.threads and time.monotonic() < end:
            time.sleep(0.01)
        self.threads[0].join(timeout)
        return self.sessions[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session.sock.close()
        for thread in [self.thread, *self.threads]:
            thread.join(5)


# ---- a client ----


class Client:
    """A client to drive by hand. Nothing is read that is not asked for."""

    def __init__(self, host, port, tls=None, timeout=20):
        self.sock = socket.create_connection((host, port), timeout)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        self.reader = rtmp.Reader(self.sock)
        self.transactions = 0
        self.stream = 1
        self.host, self.port = host, port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def handshake(self):
        c1 = struct.pack(">II", 0, 0) + os.urandom(HANDSHAKE - 8)
        self.send(b"\x03" + c1)
        answer = self.reader.exactly(1 + 2 * HANDSHAKE)
        assert answer[0] == 3
        self.send(answer[1 : 1 + HANDSHAKE])
        return answer

    def until(self, *names):
        """Reads until one of these commands comes; its decoded values."""
        while True:
            m = self.reader.message()
            if m.type == rtmp.COMMAND:
                values = rtmp.amf0_decode(m.payload)
                if values[0] in names:
                    return values

    def call(self, name, *args, stream=0):
        self.transactions += 1
        self.send(rtmp.command(name, self.transactions, *args, stream=stream))
        return self.transactions

    def connect(self, app="live"):
        self.call("connect", {"app": app, "type": "nonprivate", "flashVer": "FMLE/3.0",
                              "tcUrl": f"rtmp://{self.host}:{self.port}/{app}"})
        return self.until("_result", "_error")

    def create_stream(self):
        self.call("createStream", None)
        values = self.until("_result", "_error")
        self.stream = int(values[3])
        return values

    def publish(self, name, kind="live"):
        self.call("publish", None, name, kind, stream=self.stream)
        return self.until("onStatus")

    def play(self, name):
        self.call("play", None, name, -2000, stream=self.stream)

    def media(self, kind, payload, timestamp=0, csid=6):
        self.send(rtmp.message(kind, payload, csid, timestamp, self.stream))

    def to(self, step, name="stream"):
        """Goes on to a step: "accepted", "c0", "half", "handshaken", "connected", "created", "started"."""
        if step in ("c0", "half"):
            self.send(b"\x03" if step == "c0" else b"\x03" + bytes(700))
        if step in ("accepted", "c0", "half"):
            return
        self.handshake()
        for at, act in (("connected", self.connect), ("created", self.create_stream),
                        ("started", lambda: self.publish(name))):
            if step == "handshaken":
                return
            act()
            if step == at:
                return

    def ended(self, timeout):
        """Whether the server ends the connection in time."""
        self.sock.settimeout(timeout)
        try:
            while self.sock.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True

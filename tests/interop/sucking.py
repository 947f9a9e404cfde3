# SPDX-License-Identifier: MIT
"""Both ends of an rtmpsuck, and what they say through it."""
import contextlib
import socket
import threading
import time
import types

import peers
import rtmp
import streams
import support


def until(what, timeout=20):
    """what(), once it is true."""
    end = time.monotonic() + timeout
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


class End:
    """A server for one client, driven by hand: messages that came, and the connection to send on."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtmp://127.0.0.1:{self.listener.getsockname()[1]}/live"
        self.messages, self.session, self.reads = [], None, True
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError, peers.Ended):
            sock, _ = self.listener.accept()
            sock.settimeout(60)
            session = peers.Session(types.SimpleNamespace(step=None, dribble=0), sock)
            session.reader = rtmp.Reader(sock)
            session.handshake()
            self.session = session
            while True:
                self.messages.append(session.reader.message())
        self.closed.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        if self.session:
            with contextlib.suppress(OSError):
                self.session.sock.shutdown(socket.SHUT_RDWR)
            self.session.sock.close()

    def commands(self):
        return [rtmp.amf0_decode(m.payload) for m in self.messages if m.type == rtmp.COMMAND]

    def wait(self, count, timeout=20):
        until(lambda: len(self.messages) >= count, timeout)
        return self.messages

    def say(self, *values, stream=0):
        self.session.send(rtmp.command(*values, stream=stream, csid=3 if not stream else 5))

    def status(self, code, stream=1):
        self.say("onStatus", 0, None, {"level": "status", "code": code, "description": "-"}, stream=stream)

    def media(self, kind, payload, timestamp=0, stream=1):
        self.session.send(rtmp.message(kind, payload, 6, timestamp, stream))


@contextlib.contextmanager
def through(stub, **info):
    """A client and a server with rtmpsuck between, the client's connect command at the server."""
    with End() as server, stub.client() as client:
        client.handshake()
        client.call("connect", {"app": "live", "tcUrl": server.url, **info})
        until(lambda: server.messages)
        yield client, server


def recording(stub, name):
    """A recording's tags, once it is whole: rtmpsuck has it closed when it says that the connection is."""
    return streams.load(stub.folder / name)


def push(sluice, serving, clip):
    pushed = sluice.run("push", "--fast", clip, serving.url())
    assert pushed.code == support.OK, pushed.err


def tc_url(serving):
    return serving.url(stream="").rstrip("/")


def play(client, server, name, tags, stream=1, code="NetStream.Play.Stop"):
    before = len(server.messages)
    client.call("play", None, name, stream=stream)
    server.wait(before + 1)
    server.status("NetStream.Play.Start", stream)
    for kind, stamp, body in tags:
        server.media(kind, body, stamp, stream)
    server.status(code, stream)
    while client.until("onStatus")[3]["code"] != code:
        pass


TAGS = [(rtmp.DATA, 0, rtmp.amf0("onMetaData", {"a": 1})), (rtmp.AUDIO, 1, b"\xaf\x01x"), (rtmp.VIDEO, 2, b"\x17\x02\0\0\0"),
        (rtmp.AUDIO, 0x1234567, b"\xaf")]

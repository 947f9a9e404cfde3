# SPDX-License-Identifier: MIT
"""Streams of our librtmp.so.1 that go on for long: past 2^31 bytes, and past all that timestamps wrap at."""

import socket
import struct

import peers
import rtmp
from librtmp_program import frame
from librtmp_runs import ours, run  # noqa: F401 (fixture)

# Past 2^24, where timestamps are extended, past 2^31, and past 2^32, where they begin again.
SIZE, COUNT, STEP = 1 << 20, 2060, 2_100_000
MOST = 1 << 31
STAMPS = [i * STEP & 0xFFFFFFFF for i in range(COUNT)]
assert SIZE * COUNT > MOST and STEP * COUNT > 1 << 32


class Buffered(rtmp.Reader):
    """One that takes large pieces as they are."""

    def __init__(self, sock):
        super().__init__(sock)
        self.file = sock.makefile("rb", 1 << 20)

    def exactly(self, n):
        data = self.file.read(n)
        if len(data) < n:
            raise rtmp.Ended
        self.total += n
        return data


class Sink(peers.Session):
    """Looks at each message, and acknowledges it."""

    stamps = ()

    def handshake(self):
        self.reader = Buffered(self.sock)
        return super().handshake()

    def serve(self):
        payload = frame(SIZE).raw[11:-4]
        self.stamps, read = [], self.reader.message

        def message():
            m = read()
            if m.type == rtmp.VIDEO:
                assert m.payload == payload
                self.stamps.append(m.timestamp)
                self.send(rtmp.control(rtmp.ACK, self.reader.total & 0xFFFFFFFF))
            return m

        self.reader.message = message
        self.keep_media = False
        super().serve()


class Source(peers.Session):
    """Sends all that, each message in one chunk, and hears how much of it has come."""

    sent = 0
    heard = ()

    def play(self, name):
        payload = frame(SIZE).raw[11:-4]
        self.status("NetStream.Play.Start", "playing")
        self.send(rtmp.control(rtmp.SET_CHUNK_SIZE, SIZE))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for stamp in STAMPS:
            self.sock.sendall(rtmp.header(rtmp.VIDEO, SIZE, 6, stamp, 1))
            self.sock.sendall(payload)
        self.chunk_size = SIZE
        self.status("NetStream.Play.Stop", "stopped")
        return True

    def serve(self):
        self.heard, read = [], self.reader.message

        def message():
            m = read()
            if m.type == rtmp.ACK:
                self.heard.append(struct.unpack(">I", m.payload)[0])
            return m

        self.reader.message = message
        super().serve()


def test_written(ours):
    with peers.Server(session=Sink) as server:
        result = run(ours, "flood", f"{server.url()}/s", str(COUNT), str(SIZE), str(STEP), timeout=300)
        assert result.code == 0, result.err
        session = server.session(300)
    assert session.stamps == STAMPS
    assert session.media_bytes == SIZE * COUNT and session.reader.total > MOST


def test_read(ours):
    with peers.Server(session=Source) as server:
        result = run(ours, "drain", f"{server.url()}/s", str(COUNT), str(SIZE), str(STEP), timeout=300)
        assert result.code == 0, result.err
        heard = server.session(300).heard
    # As often at the end as at the beginning, and never less than before.
    assert heard == sorted(heard) and heard[-1] > MOST
    assert max(b - a for a, b in zip(heard, heard[1:])) < 8 * SIZE

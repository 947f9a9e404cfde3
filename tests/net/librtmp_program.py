#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program over librtmp.so.1, whichever: what RTMP_Read() gives goes to standard output, and what it returned each time
to standard error, as JSON; RTMP_Write() gets what is in a file.

    librtmp_program.py LIBRARY read URL SIZE [RESUME]
    librtmp_program.py LIBRARY write URL FILE PIECES
    librtmp_program.py LIBRARY publish FILE URL...
    librtmp_program.py LIBRARY late URL FILE
    librtmp_program.py LIBRARY paused URL
    librtmp_program.py LIBRARY seek URL MS
    librtmp_program.py LIBRARY wrong URL FILE
    librtmp_program.py LIBRARY again URL
    librtmp_program.py LIBRARY halt URL BYTES
    librtmp_program.py LIBRARY own URL PORT [FILE]
    librtmp_program.py LIBRARY player URL SIZE HASH
    librtmp_program.py LIBRARY flood URL COUNT SIZE STEP
    librtmp_program.py LIBRARY drain URL COUNT SIZE STEP

RESUME is a JSON object: what rtmpdump says of the file that it resumes. PIECES are sizes, and all of them again.
publish does so whole, to one URL after the other. late and paused wait until the server is gone, and then write the file
or ask for a pause, which has to fail; paused then plays what there is. seek does so as soon as it plays, and plays what
follows. wrong does what fails: it writes while it plays, and pauses while it publishes. again connects three times
without closing in between, and plays. halt pauses once it has so many bytes, plays until nothing more comes, and goes on;
how much there was before it did so is on standard error. own gives the library a socket of its own, and waits for that
before each call. player says which SWF file it is, and what the library would answer a server that asks, and says that to
the server. flood and drain have COUNT video frames of SIZE bytes (see frame()), STEP milliseconds apart."""

import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys

# Of the structure RTMP, on 64 bits.
DURATION, READ, SOCKET, LINK = 128, 168, 272, 16688
SWF_SIZE, SWF_HASH, SWF_ANSWER = LINK + 320, LINK + 324, LINK + 356
TIMESTAMP, FLAGS, STATUS, FRAME_TYPE, RESUME_AT, METADATA, FRAME, METADATA_SIZE, FRAME_SIZE = 20, 25, 26, 27, 28, 32, 40, 48, 52
RESUME = 2


class Session:
    def __init__(self, library, url, write=False, connect=True):
        self.lib = ctypes.CDLL(library)
        self.lib.RTMP_Alloc.restype = ctypes.c_void_p
        self.r = ctypes.c_void_p(self.lib.RTMP_Alloc())
        self.lib.RTMP_Init(self.r)
        self.url = ctypes.create_string_buffer(url.encode())
        self.kept = []
        assert self.lib.RTMP_SetupURL(self.r, self.url), "the URL is refused"
        if write:
            self.lib.RTMP_EnableWrite(self.r)
        if connect:
            self.begin(self.lib.RTMP_Connect)

    def begin(self, connect):
        if not connect(self.r, None) or not self.lib.RTMP_ConnectStream(self.r, 0):
            sys.exit("no stream")

    def field(self, kind, at):
        return kind.from_address(self.r.value + at)

    def close(self):
        self.lib.RTMP_Close(self.r)
        self.lib.RTMP_Free(self.r)


def lend(session, data, at, size_at):
    buffer = ctypes.create_string_buffer(data, len(data))
    session.kept.append(buffer)
    session.field(ctypes.c_void_p, READ + at).value = ctypes.addressof(buffer)
    session.field(ctypes.c_uint32, READ + size_at).value = len(data)


def resume(session, at):
    session.field(ctypes.c_uint8, READ + FLAGS).value |= RESUME
    session.field(ctypes.c_uint8, READ + FRAME_TYPE).value = at["type"]
    session.field(ctypes.c_uint32, READ + RESUME_AT).value = at["timestamp"]
    session.field(ctypes.c_uint32, READ + TIMESTAMP).value = at["timestamp"]
    lend(session, bytes.fromhex(at["frame"]), FRAME, FRAME_SIZE)
    lend(session, bytes.fromhex(at["metadata"]), METADATA, METADATA_SIZE)


def read(library, url, size, at=None):
    session = Session(library, url)
    buffer = ctypes.create_string_buffer(int(size))
    returned = []
    if at:
        resume(session, json.loads(at))
    while returned[-2:].count(0) < 2 and -1 not in returned:
        n = session.lib.RTMP_Read(session.r, buffer, int(size))
        returned.append(n)
        if n > 0:
            sys.stdout.buffer.write(buffer.raw[:n])
    seen = {"returned": returned, "status": session.field(ctypes.c_int8, READ + STATUS).value,
            "timestamp": session.field(ctypes.c_uint32, READ + TIMESTAMP).value,
            "duration": session.field(ctypes.c_double, DURATION).value}
    session.close()
    print(json.dumps(seen), file=sys.stderr)


def write(library, url, file, pieces):
    session = Session(library, url, write=True)
    with open(file, "rb") as f:
        data = f.read()
    sizes = [int(n) for n in pieces.split(",")]
    at = turn = 0
    while at < len(data):
        piece = data[at : at + sizes[turn % len(sizes)]]
        if session.lib.RTMP_Write(session.r, piece, len(piece)) != len(piece):
            sys.exit(f"RTMP_Write() gave up at byte {at}")
        at += len(piece)
        turn += 1
    session.close()


def publish(library, file, *urls):
    with open(file, "rb") as f:
        data = f.read()
    for url in urls:
        session = Session(library, url, write=True)
        assert session.lib.RTMP_Write(session.r, data, len(data)) == len(data)
        session.close()


def await_end(session):
    """The server sees by the window that all it said was read."""
    session.lib.RTMP_SendServerBW(session.r)
    gone = select.poll()
    gone.register(session.lib.RTMP_Socket(session.r), 0)
    gone.poll(20000)


def late(library, url, file):
    session = Session(library, url, write=True)
    await_end(session)
    with open(file, "rb") as f:
        data = f.read()
    if session.lib.RTMP_Write(session.r, data, len(data)) < 0:
        sys.exit("RTMP_Write() gave up")


def paused(library, url):
    session = Session(library, url)
    await_end(session)
    assert not session.lib.RTMP_Pause(session.r, 1)
    rest(session)


def rest(session):
    buffer = ctypes.create_string_buffer(4096)
    while (n := session.lib.RTMP_Read(session.r, buffer, len(buffer))) > 0:
        sys.stdout.buffer.write(buffer.raw[:n])
    session.close()


def seek(library, url, ms):
    session = Session(library, url)
    buffer = ctypes.create_string_buffer(4096)
    assert session.lib.RTMP_Read(session.r, buffer, len(buffer)) > 0
    assert session.lib.RTMP_SendSeek(session.r, int(ms)), "the server does not seek"
    rest(session)


def wrong(library, url, file):
    with open(file, "rb") as f:
        data = f.read()
    playing = Session(library, url)
    assert playing.lib.RTMP_Write(playing.r, data, len(data)) == -1
    playing.close()
    publishing = Session(library, url, write=True)
    assert not publishing.lib.RTMP_Pause(publishing.r, 1)
    assert publishing.lib.RTMP_Write(publishing.r, data, len(data)) == len(data)
    publishing.close()


def again(library, url):
    session = Session(library, url)
    open_files = len(os.listdir("/proc/self/fd"))
    for _ in range(2):
        assert session.lib.RTMP_Connect(session.r, None) and session.lib.RTMP_ConnectStream(session.r, 0)
    assert len(os.listdir("/proc/self/fd")) == open_files
    rest(session)


def halt(library, url, size):
    session = Session(library, url)
    buffer = ctypes.create_string_buffer(65536)
    status = session.field(ctypes.c_int8, READ + STATUS)
    halves = []

    def until(most):
        have = 0
        while have < most and (n := session.lib.RTMP_Read(session.r, buffer, min(len(buffer), most - have))) > 0:
            sys.stdout.buffer.write(buffer.raw[:n])
            have += n
        halves.append(have)

    until(int(size))
    assert session.lib.RTMP_Pause(session.r, 1)
    until(sys.maxsize)
    assert session.lib.RTMP_IsTimedout(session.r), "it goes on"
    status.value = 0
    assert session.lib.RTMP_Pause(session.r, 0)
    until(sys.maxsize)
    session.close()
    print(json.dumps(halves), file=sys.stderr)


def wait_for(descriptor, events):
    poll = select.poll()
    poll.register(descriptor, events)
    if poll.poll(10000) != [(descriptor, events)]:
        sys.exit("the descriptor is not ready, or of a connection that is over")


def own(library, url, port, file=None):
    session = Session(library, url, write=bool(file), connect=False)
    descriptor = socket.create_connection(("127.0.0.1", int(port))).detach()
    session.field(ctypes.c_int, SOCKET).value = descriptor
    session.begin(session.lib.RTMP_Connect1)
    assert session.lib.RTMP_Socket(session.r) == descriptor
    buffer = ctypes.create_string_buffer(4096)
    n = 0 if file else 1
    if file:
        with open(file, "rb") as f:
            while piece := f.read(4096):
                wait_for(descriptor, select.POLLOUT)
                assert session.lib.RTMP_Write(session.r, piece, len(piece)) == len(piece)
    while n > 0:
        wait_for(descriptor, select.POLLIN)
        n = session.lib.RTMP_Read(session.r, buffer, len(buffer))
        sys.stdout.buffer.write(buffer.raw[:max(n, 0)])
    session.close()


def player(library, url, size, swf):
    session = Session(library, url, connect=False)
    session.field(ctypes.c_uint32, SWF_SIZE).value = int(size)
    session.field(ctypes.c_char * 32, SWF_HASH).raw = bytes.fromhex(swf)
    session.begin(session.lib.RTMP_Connect)
    print(session.field(ctypes.c_char * 42, SWF_ANSWER).raw.hex())
    assert session.lib.RTMP_SendCtrl(session.r, 27, 0, 0)
    session.close()


def frame(size):
    """A tag of video, its timestamp to be put."""
    body = b"\x27\x01\0\0\0" + bytes(range(256)) * (size // 256 + 1)
    tag = b"\x09" + size.to_bytes(3, "big") + bytes(7) + body[:size] + struct.pack(">I", 11 + size)
    return ctypes.create_string_buffer(tag, len(tag))


def put_timestamp(tag, ms):
    struct.pack_into(">HBB", tag, 4, ms >> 8 & 0xFFFF, ms & 0xFF, ms >> 24 & 0xFF)


def flood(library, url, count, size, step):
    session = Session(library, url, write=True)
    tag = frame(int(size))
    for i in range(int(count)):
        put_timestamp(tag, i * int(step))
        assert session.lib.RTMP_Write(session.r, tag, len(tag)) == len(tag)
    session.close()


def drain(library, url, count, size, step):
    session = Session(library, url)
    expected, got = frame(int(size)), ctypes.create_string_buffer(int(size) + 15)

    def fill(n):
        have = 0
        while have < n:
            more = session.lib.RTMP_Read(session.r, ctypes.byref(got, have), n - have)
            assert more > 0, "it ends too early"
            have += more
        return memoryview(got).cast("B")[:n]

    assert bytes(fill(13)[:3]) == b"FLV"
    for i in range(int(count)):
        put_timestamp(expected, i * int(step))
        assert fill(len(got)) == memoryview(expected).cast("B"), f"frame {i} is another"
    assert session.lib.RTMP_Read(session.r, got, len(got)) == 0
    session.close()


if __name__ == "__main__":
    # As programs in C have it: one that writes to a closed socket is ended, unless it sees to it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    commands = {"read": read, "write": write, "publish": publish, "late": late, "paused": paused, "seek": seek,
                "wrong": wrong, "again": again, "halt": halt, "own": own, "player": player, "flood": flood, "drain": drain}
    commands[sys.argv[2]](sys.argv[1], *sys.argv[3:])

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

RESUME is a JSON object: what rtmpdump says of the file that it resumes. PIECES are sizes, and all of them again.
publish does so whole, to one URL after the other. late and paused wait until the server is gone, and then write the file
or ask for a pause, which has to fail; paused then plays what there is. seek does so as soon as it plays, and plays what
follows. wrong does what fails: it writes while it plays, and pauses while it publishes. again connects three times
without closing in between, and plays."""

import ctypes
import json
import os
import select
import signal
import sys

# Of the structure RTMP, on 64 bits.
DURATION, READ = 128, 168
TIMESTAMP, FLAGS, STATUS, FRAME_TYPE, RESUME_AT, METADATA, FRAME, METADATA_SIZE, FRAME_SIZE = 20, 25, 26, 27, 28, 32, 40, 48, 52
RESUME = 2


# As programs in C have it: one that writes to a closed socket is ended, unless it sees to it.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)


class Session:
    def __init__(self, library, url, write=False):
        self.lib = ctypes.CDLL(library)
        self.lib.RTMP_Alloc.restype = ctypes.c_void_p
        self.r = ctypes.c_void_p(self.lib.RTMP_Alloc())
        self.lib.RTMP_Init(self.r)
        self.url = ctypes.create_string_buffer(url.encode())
        self.kept = []
        assert self.lib.RTMP_SetupURL(self.r, self.url), "the URL is refused"
        if write:
            self.lib.RTMP_EnableWrite(self.r)
        if not self.lib.RTMP_Connect(self.r, None) or not self.lib.RTMP_ConnectStream(self.r, 0):
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


if __name__ == "__main__":
    commands = {"read": read, "write": write, "publish": publish, "late": late, "paused": paused, "seek": seek,
                "wrong": wrong, "again": again}
    commands[sys.argv[2]](sys.argv[1], *sys.argv[3:])

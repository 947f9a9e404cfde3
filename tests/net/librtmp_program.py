#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program over librtmp.so.1, whichever: what RTMP_Read() gives goes to standard output, and what it returned each time
to standard error, as JSON; RTMP_Write() gets what is in a file.

    librtmp_program.py LIBRARY read URL SIZE [RESUME]
    librtmp_program.py LIBRARY write URL FILE PIECES
    librtmp_program.py LIBRARY publish FILE URL...

RESUME is a JSON object: what rtmpdump says of the file that it resumes. PIECES are sizes, and all of them again.
publish does so whole, to one URL after the other."""

import ctypes
import json
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


if __name__ == "__main__":
    {"read": read, "write": write, "publish": publish}[sys.argv[2]](sys.argv[1], *sys.argv[3:])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the chunk stream vectors here: a publisher's bytes, or those of a server to a player.

  capture.py sink PORT NAME            waits for one publisher, answers it, keeps what it sent until it closes
  capture.py play HOST PORT APP STREAM NAME SECONDS   plays and keeps what the server sent
  capture.py client PORT HOST SERVER_PORT FILE   relays one connection, and keeps what the client sent after its handshake

The first two write NAME.chunks, the peer's chunk stream after its handshake, and NAME.txt, one line per message in it: type,
chunk stream, timestamp, message stream, size, CRC-32. The reader below follows RTMP 1.0, 5.3, to the letter, and shares
nothing with the library.
"""
import select
import socket
import struct
import sys
import time
import zlib


class Chunks:
    """Reads a chunk stream; messages come out as (type, csid, timestamp, stream, payload)."""

    def __init__(self):
        self.size, self.data, self.streams = 128, b"", {}

    def feed(self, data):
        self.data += data
        out = []
        while (msg := self.chunk()) is not False:
            if msg:
                out.append(msg)
        return out

    def chunk(self):
        d = self.data
        if not d:
            return False
        fmt, csid, at = d[0] >> 6, d[0] & 63, 1
        if csid < 2:
            if len(d) < 2 + csid:
                return False
            csid, at = 64 + d[1] + (d[2] << 8 if csid else 0), 2 + csid
        head = (11, 7, 3, 0)[fmt]
        if len(d) < at + head:
            return False
        s = dict(self.streams.get(csid, {"ts": 0, "got": b"", "sid": 0}))
        if fmt < 3:
            s["field"] = int.from_bytes(d[at:at + 3], "big")
        if fmt < 2:
            s["len"], s["type"] = int.from_bytes(d[at + 3:at + 6], "big"), d[at + 6]
        if fmt == 0:
            s["sid"] = int.from_bytes(d[at + 7:at + 11], "little")
        at += head
        ext = s["field"] == 0xFFFFFF
        if ext:
            if len(d) < at + 4:
                return False
            s["ext"] = int.from_bytes(d[at:at + 4], "big")
            at += 4
        if not s["got"]:
            step = s["ext"] if ext else s["field"]
            s["ts"] = step if fmt == 0 else (s["ts"] + step) & 0xFFFFFFFF
        take = min(self.size, s["len"] - len(s["got"]))
        if len(d) < at + take:
            return False
        s["got"] += d[at:at + take]
        self.data = d[at + take:]
        msg = None
        if len(s["got"]) == s["len"]:
            msg = (s["type"], csid, s["ts"], s["sid"], s["got"])
            s["got"] = b""
            if s["type"] == 1:
                self.size = int.from_bytes(msg[4][:4], "big")
        self.streams[csid] = s
        return msg


def amf(*values):
    out = b""
    for v in values:
        if v is None:
            out += b"\5"
        elif isinstance(v, str):
            out += b"\2" + struct.pack(">H", len(v)) + v.encode()
        elif isinstance(v, dict):
            out += b"\3" + b"".join(struct.pack(">H", len(k)) + k.encode() + amf(x) for k, x in v.items()) + b"\0\0\t"
        else:
            out += b"\0" + struct.pack(">d", v)
    return out


def message(kind, csid, sid, payload, size=128):
    out = bytes([csid]) + b"\0\0\0" + len(payload).to_bytes(3, "big") + bytes([kind]) + sid.to_bytes(4, "little")
    parts = [payload[i:i + size] for i in range(0, len(payload), size)]
    return out + bytes([0xC0 | csid]).join(parts)


def exactly(sock, n):
    out = b""
    while len(out) < n:
        got = sock.recv(n - len(out))
        if not got:
            raise EOFError("the peer closed after %d of %d bytes" % (len(out), n))
        out += got
    return out


def save(name, data, messages):
    open(name + ".chunks", "wb").write(data)
    with open(name + ".txt", "w") as f:
        for kind, csid, ts, sid, payload in messages:
            f.write("%d %d %d %d %d %08x\n" % (kind, csid, ts, sid, len(payload), zlib.crc32(payload)))
    print(name, len(data), "bytes", len(messages), "messages")


def answers(msg):
    """What a server says to a command, just enough for a publisher."""
    kind, csid, ts, sid, payload = msg
    if kind != 20:
        return b""
    n = struct.unpack(">H", payload[1:3])[0]
    name, txn = payload[3:3 + n].decode(), struct.unpack(">d", payload[4 + n:12 + n])[0]
    if name == "connect":
        return (message(5, 2, 0, struct.pack(">I", 5000000)) + message(6, 2, 0, struct.pack(">IB", 5000000, 2)) +
                message(20, 3, 0, amf("_result", txn, {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0},
                                      {"level": "status", "code": "NetConnection.Connect.Success"})))
    if name == "createStream":
        return message(20, 3, 0, amf("_result", txn, None, 1.0))
    if name == "publish":
        return message(4, 2, 0, b"\0\0\0\0\0\1") + message(20, 5, 1, amf(
            "onStatus", 0.0, None, {"level": "status", "code": "NetStream.Publish.Start", "description": "ok"}))
    if name in ("releaseStream", "FCPublish", "FCUnpublish"):
        return message(20, 3, 0, amf("_result", txn, None, None))
    return b""


def sink(port, name):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1)
    listener.settimeout(30)
    sock, _ = listener.accept()
    sock.settimeout(20)
    hello = exactly(sock, 1537)
    sock.sendall(b"\3" + bytes(1536) + hello[1:])
    exactly(sock, 1536)
    data, messages, chunks = b"", [], Chunks()
    while True:
        try:
            got = sock.recv(65536)
        except OSError:
            break
        if not got:
            break
        data += got
        for msg in chunks.feed(got):
            messages.append(msg)
            try:
                sock.sendall(answers(msg))
            except OSError:
                pass
    save(name, data[:len(data) - len(chunks.data)], messages)


def play(host, port, app, stream, name, seconds):
    sock = socket.create_connection((host, port), 10)
    sock.sendall(b"\3" + bytes(1536))
    handshake = exactly(sock, 1537)
    sock.sendall(handshake[1:])
    exactly(sock, 1536)
    sock.sendall(message(20, 3, 0, amf("connect", 1.0, {"app": app, "tcUrl": "rtmp://%s:%d/%s" % (host, port, app)})))
    data, messages, chunks, end = b"", [], Chunks(), time.time() + seconds
    sock.settimeout(0.2)
    while time.time() < end:
        try:
            got = sock.recv(65536)
        except socket.timeout:
            continue
        if not got:
            break
        data += got
        for msg in chunks.feed(got):
            messages.append(msg)
            if msg[0] == 20 and msg[4].startswith(amf("_result", 1.0)):
                sock.sendall(message(20, 3, 0, amf("createStream", 2.0, None)))
            elif msg[0] == 20 and msg[4].startswith(amf("_result", 2.0)):
                sock.sendall(message(20, 8, 1, amf("play", 3.0, None, stream)))
    save(name, data[:len(data) - len(chunks.data)], messages)


def client(port, host, server_port, name):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1)
    listener.settimeout(30)
    near, _ = listener.accept()
    far = socket.create_connection((host, server_port), 10)
    said, open_ends = b"", [near, far]
    while near in open_ends and far in open_ends:
        for sock in select.select(open_ends, [], [], 30)[0]:
            got = sock.recv(65536)
            if not got:
                open_ends.remove(sock)
                continue
            said += got if sock is near else b""
            (far if sock is near else near).sendall(got)
    open(name, "wb").write(said[1 + 2 * 1536:])


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "sink":
        sink(int(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) == 6 and sys.argv[1] == "client":
        client(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
    elif len(sys.argv) == 8 and sys.argv[1] == "play":
        play(sys.argv[2], int(sys.argv[3]), *sys.argv[4:7], float(sys.argv[7]))
    else:
        sys.exit(__doc__)

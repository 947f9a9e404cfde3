# SPDX-License-Identifier: MIT
"""RTMP by hand, from the specification, sharing nothing with the code under test: AMF0, chunks, a blocking reader."""

import struct
from collections import namedtuple

SET_CHUNK_SIZE, ABORT, ACK, USER_CONTROL, WINDOW_ACK_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, DATA, COMMAND, AGGREGATE = 8, 9, 18, 20, 22
COMMAND_AMF3 = 17

Message = namedtuple("Message", "type timestamp stream payload")


class Ended(Exception):
    """The peer has closed the connection."""


# ---- AMF0 ----


def amf0_string(text):
    data = text.encode()
    return b"\x02" + struct.pack(">H", len(data)) + data


def amf0(*values):
    """Encodes values: None, bool, numbers, str, dict (an object), and bytes, which are taken as already encoded."""
    out = b""
    for value in values:
        if value is None:
            out += b"\x05"
        elif isinstance(value, bytes):
            out += value
        elif isinstance(value, bool):
            out += b"\x01" + bytes([value])
        elif isinstance(value, (int, float)):
            out += b"\x00" + struct.pack(">d", value)
        elif isinstance(value, str):
            out += amf0_string(value)
        else:
            members = (struct.pack(">H", len(k)) + k.encode() + amf0(v) for k, v in value.items())
            out += b"\x03" + b"".join(members) + b"\x00\x00\x09"
    return out


def _amf0_members(data, at):
    members = {}
    while True:
        n = struct.unpack_from(">H", data, at)[0]
        name = data[at + 2 : at + 2 + n].decode()
        at += 2 + n
        if not n and data[at] == 9:
            return members, at + 1
        members[name], at = _amf0_value(data, at)


def _amf0_value(data, at):
    kind = data[at]
    at += 1
    if kind == 0:
        return struct.unpack_from(">d", data, at)[0], at + 8
    if kind == 1:
        return bool(data[at]), at + 1
    if kind == 2:
        n = struct.unpack_from(">H", data, at)[0]
        return data[at + 2 : at + 2 + n].decode(), at + 2 + n
    if kind == 3:
        return _amf0_members(data, at)
    if kind in (5, 6):
        return None, at
    if kind == 8:
        return _amf0_members(data, at + 4)
    if kind == 10:
        values = []
        n = struct.unpack_from(">I", data, at)[0]
        at += 4
        for _ in range(n):
            value, at = _amf0_value(data, at)
            values.append(value)
        return values, at
    raise ValueError(f"AMF0 marker {kind}")


def amf0_decode(data):
    values, at = [], 0
    while at < len(data):
        value, at = _amf0_value(data, at)
        values.append(value)
    return values


# ---- chunks ----


def basic_header(fmt, csid):
    """RTMP 1.0, 5.3.1.1; the long form is little-endian."""
    if csid < 64:
        return bytes([fmt << 6 | csid])
    if csid < 320:
        return bytes([fmt << 6, csid - 64])
    return bytes([fmt << 6 | 1]) + struct.pack("<H", csid - 64)


def header(kind, length, csid, timestamp=0, stream=0):
    """The header of a message that is not there yet: a type 0 chunk without its data."""
    short = min(timestamp, 0xFFFFFF)
    out = basic_header(0, csid) + short.to_bytes(3, "big") + length.to_bytes(3, "big") + bytes([kind])
    out += struct.pack("<I", stream)
    return out + (struct.pack(">I", timestamp) if short == 0xFFFFFF else b"")


def message(kind, payload, csid=3, timestamp=0, stream=0, chunk_size=128):
    first = header(kind, len(payload), csid, timestamp, stream)
    more = basic_header(3, csid) + (struct.pack(">I", timestamp) if timestamp >= 0xFFFFFF else b"")
    return first + more.join(payload[at : at + chunk_size] for at in range(0, max(len(payload), 1), chunk_size))


def command(*values, csid=3, stream=0, chunk_size=128):
    return message(COMMAND, amf0(*values), csid, 0, stream, chunk_size)


def control(kind, value):
    return message(kind, struct.pack(">I", value), 2)


class Reader:
    """Messages from a blocking socket."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.chunk_size = 128
        self.streams = {}
        self.total = 0

    def exactly(self, n):
        parts = [self.buffer]
        have = len(self.buffer)
        while have < n:
            data = self.sock.recv(max(n - have, 65536))
            if not data:
                raise Ended
            self.total += len(data)
            parts.append(data)
            have += len(data)
        data = b"".join(parts)
        self.buffer = data[n:]
        return data[:n]

    def _chunk(self):
        first = self.exactly(1)[0]
        fmt, csid = first >> 6, first & 63
        if csid == 0:
            csid = self.exactly(1)[0] + 64
        elif csid == 1:
            csid = struct.unpack("<H", self.exactly(2))[0] + 64
        state = self.streams.setdefault(csid, {"parts": [], "have": 0, "stamp": 0, "delta": 0, "extended": False})
        if fmt < 3:
            stamp = int.from_bytes(self.exactly(3), "big")
            if fmt < 2:
                state["length"] = int.from_bytes(self.exactly(3), "big")
                state["type"] = self.exactly(1)[0]
            if fmt == 0:
                state["stream"] = struct.unpack("<I", self.exactly(4))[0]
            state["extended"] = stamp == 0xFFFFFF
            if state["extended"]:
                stamp = struct.unpack(">I", self.exactly(4))[0]
            state["delta"] = stamp
            state["stamp"] = stamp if fmt == 0 else (state["stamp"] + stamp) & 0xFFFFFFFF
        else:
            if state["extended"]:
                self.exactly(4)
            if not state["have"]:
                state["stamp"] = (state["stamp"] + state["delta"]) & 0xFFFFFFFF
        part = self.exactly(min(self.chunk_size, state["length"] - state["have"]))
        state["parts"].append(part)
        state["have"] += len(part)
        if state["have"] < state["length"]:
            return None
        found = Message(state["type"], state["stamp"], state["stream"], b"".join(state["parts"]))
        state["parts"], state["have"] = [], 0
        return found

    def message(self):
        while not (found := self._chunk()):
            pass
        if found.type == SET_CHUNK_SIZE:
            self.chunk_size = struct.unpack(">I", found.payload)[0]
        return found

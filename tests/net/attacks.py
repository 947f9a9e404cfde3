# SPDX-License-Identifier: MIT
"""Bytes that no sound peer sends, for servers and clients alike, by name."""

import struct

import rtmp


def nested(opening, depth, closing=b""):
    return opening * depth + b"\x05" + closing * depth


GROWN = (  # an audio message of 1000 bytes, 128 of them here, and then the same chunk stream says it is 16 MB
    rtmp.header(rtmp.AUDIO, 1000, 6, 0, 1) + bytes(128)
    + rtmp.basic_header(1, 6) + bytes(3) + (0xFFFFFF).to_bytes(3, "big") + bytes([rtmp.AUDIO]) + bytes(128)
    + (rtmp.basic_header(3, 6) + bytes(128)) * 300
)
MANY_STREAMS = b"".join(rtmp.header(rtmp.VIDEO, 0xFFFFFF, csid, 0, 1) + bytes(128) for csid in range(3, 323))
BROKEN = {
    "chunk size 0": rtmp.control(rtmp.SET_CHUNK_SIZE, 0),
    "chunk size with the top bit": rtmp.control(rtmp.SET_CHUNK_SIZE, 0x80000001),
    "chunk size cut off": rtmp.message(rtmp.SET_CHUNK_SIZE, b"\0\0", 2),
    "acknowledgement cut off": rtmp.message(rtmp.ACK, b"\0", 2) + rtmp.message(rtmp.ACK, b"", 2),
    "window cut off": rtmp.message(rtmp.WINDOW_ACK_SIZE, b"\0\0\0", 2),
    "ping cut off": rtmp.message(rtmp.USER_CONTROL, b"\0\6", 2),
    "user control empty": rtmp.message(rtmp.USER_CONTROL, b"", 2),
    "a message grows half-way": GROWN,
    "type 3 first": b"\xc7" + bytes(500),
    "type 1 first": b"\x47" + bytes(500),
    "type 2 first": b"\x87" + bytes(500),
    "hundreds of chunk streams": MANY_STREAMS,
    "100,000 pings": rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 7), 2) * 100000,
    "an aggregate longer than itself": rtmp.message(rtmp.AGGREGATE, b"\x08\xff\xff\xff" + bytes(40), 6, 0, 1),
    "a command of nothing": rtmp.message(rtmp.COMMAND, b""),
    "a command that is a number": rtmp.message(rtmp.COMMAND, rtmp.amf0(7)),
    "a string longer than its message": rtmp.message(rtmp.COMMAND, b"\x02\xff\xff_result"),
    "a long string of 4 GB": rtmp.message(rtmp.COMMAND, b"\x0c\xff\xff\xff\xff_result"),
    "an array of 4 billion": rtmp.message(rtmp.COMMAND, rtmp.amf0("_result", 1, b"\x0a\xff\xff\xff\xff")),
    "a number cut off": rtmp.message(rtmp.COMMAND, rtmp.amf0("_result") + b"\x00\x3f"),
    "an object without end": rtmp.message(rtmp.COMMAND, rtmp.amf0("_result", 1) + b"\x03\0\1a\5" * 50),
    "a reference to nothing": rtmp.message(rtmp.COMMAND, rtmp.amf0("_result", 1) + b"\x07\xff\xff"),
    "arrays nested 400,000 deep": rtmp.message(
        rtmp.COMMAND, rtmp.amf0("_result", 1) + nested(b"\x0a\0\0\0\1", 400000)),
    "objects nested 400,000 deep": rtmp.message(
        rtmp.COMMAND, rtmp.amf0("_result", 1) + nested(b"\x03\0\1a", 400000, b"\0\0\x09")),
    "typed objects nested 400,000 deep": rtmp.message(
        rtmp.COMMAND, rtmp.amf0("_result", 1) + nested(b"\x10\0\1C\0\1a", 400000, b"\0\0\x09")),
    "AMF3 arrays nested 400,000 deep": rtmp.message(
        rtmp.COMMAND_AMF3, b"\0" + rtmp.amf0("_result", 1) + b"\x11" + nested(b"\x09\x03\x01", 400000)),
    "AMF3 traits of 2^28 members": rtmp.message(
        rtmp.COMMAND_AMF3, b"\0" + rtmp.amf0("_result", 1) + b"\x11\x0a\xff\xff\xff\xf3\x01"),
    "AMF3 externalizable": rtmp.message(
        rtmp.COMMAND_AMF3, b"\0" + rtmp.amf0("_result", 1) + b"\x11\x0a\x07\x03X" + bytes(20)),
}

# What is odd and no reason to give up.
HARMLESS = {
    "unknown message types": b"".join(rtmp.message(kind, b"\1\2\3", 3) for kind in (7, 10, 16, 19, 21, 23, 99, 255)),
    "unknown commands": b"".join(rtmp.command(name, 0, None) for name in ("onBWDone", "onFCPublish", "xyzzy", "")),
    "abort of nothing": rtmp.control(rtmp.ABORT, 77),
    "abort of what has begun": rtmp.header(rtmp.AUDIO, 1000, 9) + bytes(128) + rtmp.control(rtmp.ABORT, 9),
    "the largest chunk size": rtmp.control(rtmp.SET_CHUNK_SIZE, 0xFFFFFF),
    "acknowledgements of anything": b"".join(rtmp.control(rtmp.ACK, n) for n in (0, 1, 0xFFFFFFFF, 5)),
    "window of 1": rtmp.control(rtmp.WINDOW_ACK_SIZE, 1),
    "window of 0": rtmp.control(rtmp.WINDOW_ACK_SIZE, 0),
    "bandwidth of any kind": b"".join(
        rtmp.message(rtmp.PEER_BANDWIDTH, struct.pack(">IB", n, kind), 2) for n, kind in ((0, 0), (1, 1), (9, 2), (5, 9))),
    "unknown user control": rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 99, 7), 2),
    "a hundred pings": rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 7), 2) * 100,
    "a result that nobody asked for": rtmp.command("_result", 4711, None, 3),
    "an empty message": rtmp.message(rtmp.AUDIO, b"", 6, 0, 1),
}

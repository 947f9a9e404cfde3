# SPDX-License-Identifier: MIT
"""FLVs made for a test, and streams told apart."""

import struct

import flvcmp
import rtmp

AUDIO_CONFIG = b"\xaf\x00\x12\x10"
VIDEO_CONFIG = b"\x17\x00\x00\x00\x00\x01\x4d\x40\x1f\xff\xe1\x00\x00"


def tag(kind, timestamp, body):
    stamp = timestamp & 0xFFFFFFFF
    head = struct.pack(">B", kind) + len(body).to_bytes(3, "big") + (stamp & 0xFFFFFF).to_bytes(3, "big")
    head += bytes([stamp >> 24]) + b"\0\0\0"
    return head + body + struct.pack(">I", 11 + len(body))


def flv(tags):
    return b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + b"".join(tag(*t) for t in tags)


def video(timestamp, number, size=300):
    return (flvcmp.VIDEO, timestamp, (b"\x17" if number % 25 == 0 else b"\x27") + b"\x01\0\0\0" +
            struct.pack(">I", number) * (size // 4))


def audio(timestamp, number, size=40):
    return (flvcmp.AUDIO, timestamp, b"\xaf\x01" + struct.pack(">I", number) * (size // 4))


def frames(count, step=40, start=0, size=300):
    """Configuration and count pairs of a video and an audio frame."""
    tags = [(flvcmp.VIDEO, start, VIDEO_CONFIG), (flvcmp.AUDIO, start, AUDIO_CONFIG)]
    for i in range(count):
        tags += [video(start + i * step, i, size), audio(start + i * step + 3, i)]
    return tags


def messages(tags):
    """The same as what a server sends to those who play."""
    return [rtmp.Message(kind, stamp, 1, body) for kind, stamp, body in tags]


def got(session):
    """What a server received, audio and video as (type, timestamp, body)."""
    return [(m.type, m.timestamp, m.payload) for m in session.media if m.type != rtmp.DATA]

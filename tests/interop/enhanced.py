# SPDX-License-Identifier: MIT
"""Enhanced RTMP (v2) tags, made by hand: older FFmpegs write none, and no peer here decodes what is in them."""
import flv
import flvcmp

KEY, INTER = 1, 2
SEQUENCE_START, CODED_FRAMES, SEQUENCE_END, CODED_FRAMES_X, METADATA, MULTITRACK = 0, 1, 2, 3, 4, 6
AUDIO_MULTITRACK = 5
STEP = 20
GROUP = 25  # frames from key frame to key frame


def ex_video(kind, packet, fourcc, payload):
    """ExVideoTagHeader: 1 bit IsExVideoHeader, 3 bits of frame type, 4 of packet type, and the FourCC."""
    return bytes([0x80 | kind << 4 | packet]) + fourcc + payload


def ex_audio(packet, fourcc, payload):
    """ExAudioTagHeader: sound format 9, the packet type, and the FourCC."""
    return bytes([0x90 | packet]) + fourcc + payload


def filler(number, size):
    return bytes((number * 7 + i * 31) & 0xFF for i in range(size))


def video(fourcc, count):
    """A configuration, colour metadata, frames with and without composition time, and the sequence's end."""
    tags = [(flvcmp.VIDEO, 0, ex_video(KEY, SEQUENCE_START, fourcc, b"\x01config of " + fourcc)),
            (flvcmp.VIDEO, 0, ex_video(KEY, METADATA, fourcc, b"\x02\0\x09colorInfo\x03\0\0\x09"))]
    for i in range(count):
        kind = KEY if i % GROUP == 0 else INTER
        if fourcc == b"hvc1" and i % 3 == 0:
            payload, packet = (40).to_bytes(3, "big") + filler(i, 900), CODED_FRAMES
        else:
            payload, packet = filler(i, 900), CODED_FRAMES_X if fourcc == b"hvc1" else CODED_FRAMES
        tags.append((flvcmp.VIDEO, i * STEP, ex_video(kind, packet, fourcc, payload)))
    tags.append((flvcmp.VIDEO, count * STEP, ex_video(KEY, SEQUENCE_END, fourcc, b"")))
    return tags


def multitrack(count):
    """Two tracks of AV1 in messages of their own (AvMultitrackType OneTrack), each with its configuration."""
    tags = []
    for track in (0, 1):
        body = bytes([SEQUENCE_START]) + b"av01" + bytes([track]) + b"config %d" % track
        tags.append((flvcmp.VIDEO, 0, bytes([0x80 | KEY << 4 | MULTITRACK]) + body))
    for i in range(count):
        for track in (0, 1):
            kind = KEY if i % GROUP == 0 else INTER
            body = bytes([CODED_FRAMES]) + b"av01" + bytes([track]) + filler(i + track, 500)
            tags.append((flvcmp.VIDEO, i * STEP, bytes([0x80 | kind << 4 | MULTITRACK]) + body))
    return tags


def opus(count):
    tags = [(flvcmp.AUDIO, 0, ex_audio(SEQUENCE_START, b"Opus", b"OpusHead\x01\x02"))]
    tags += [(flvcmp.AUDIO, i * STEP + 5, ex_audio(CODED_FRAMES, b"Opus", filler(i, 80))) for i in range(count)]
    return tags


VIDEOS = {
    "hvc1": lambda count: video(b"hvc1", count),
    "av01": lambda count: video(b"av01", count),
    "vp09": lambda count: video(b"vp09", count),
    "multitrack": multitrack,
}


def clip(name, count=100):
    """Video of that name and Opus, interleaved by time."""
    return sorted(VIDEOS[name](count) + opus(count), key=lambda tag: tag[1])


def data(name, count=100):
    return flv.flv(clip(name, count))

# SPDX-License-Identifier: MIT
"""Streams that these tests make out of others, and what is compared of them."""
import flv
import flvcmp


def load(path):
    return flvcmp.read(str(path))


def write(path, tags):
    """An FLV of tags, flvcmp's or (type, timestamp, body)."""
    path.write_bytes(flv.flv([tuple(tag[:3]) for tag in tags]))
    return path


def moved(tags, by):
    """All timestamps moved, modulo 2^32."""
    return [tag._replace(timestamp=(tag.timestamp + by) % 2**32) for tag in tags]


def check(wanted, got, **options):
    """The same audio and video tags, in the same order: paths or lists of tags, flvcmp.difference()'s options."""
    wanted, got = (tags if isinstance(tags, list) else load(tags) for tags in (wanted, got))
    found = flvcmp.difference(wanted, got, **options)
    assert not found, found


def check_late(wanted, got, at_least):
    """The same from got's first key frame on, which must not be the stream's own first."""
    wanted, got = flvcmp.media(load(wanted)), flvcmp.media(load(got))
    tail, late = flvcmp.align(wanted, got)
    assert len(late) >= at_least, f"only {len(late)} tags were compared"
    assert len(tail) < len(wanted) - at_least, "it began with the stream's first key frame"
    check(tail, late)


def is_too_small(tag):
    """What GStreamer's rtmp2src and librtmp leave out when they play: video of up to 5 bytes (AVC's end of sequence is
    one) and audio of up to 1."""
    return len(tag.body) <= (5 if tag.type == flvcmp.VIDEO else 1)


def large_enough(path):
    """A stream's media without what those players leave out."""
    return [tag for tag in flvcmp.media(load(path)) if not is_too_small(tag)]


def is_sequence_header(tag):
    """A legacy AVC or AAC configuration: the codecs of the sample clip."""
    if tag.type == flvcmp.VIDEO:
        return tag.body[:1] and tag.body[0] & 15 == 7 and tag.body[1:2] == b"\0"
    return tag.type == flvcmp.AUDIO and tag.body[:1] and tag.body[0] >> 4 == 10 and tag.body[1:2] == b"\0"


def without_repeated_headers(tags):
    """Drops sequence headers that only repeat the last one of their type: nginx writes and sends them again."""
    last, kept = {}, []
    for tag in tags:
        if is_sequence_header(tag):
            if last.get(tag.type) == tag.body:
                continue
            last[tag.type] = tag.body
        kept.append(tag)
    return kept


def earliest(tags):
    """The lowest of the timestamps, which may run across 2^32."""
    first = flvcmp.media(tags)[0].timestamp
    return first + min((t.timestamp - first + 2**31) % 2**32 - 2**31 for t in flvcmp.media(tags))

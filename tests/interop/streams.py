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

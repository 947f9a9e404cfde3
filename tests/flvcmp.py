#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares two FLV streams tag by tag.

They are the same when they have the same audio and video tags: as many, in the same order, with the same bodies, and
with timestamps that differ by one constant. The order is total: audio and video are compared as one interleaved
sequence, just as they lie in the files, because RTMP keeps the order of messages and a server that reorders audio
against video has changed the stream. Script tags (metadata) are not compared, for every server writes its own; nor are
the file header and PreviousTagSize.

What a receiver that joined late, or left early, can not have, may be left out explicitly: --late drops what GOT has
before its first video key frame (sequence headers), and WANTED up to the key frame with the same body; --prefix accepts
a GOT that stops early.

    flvcmp.py [--shift MS] [--late] [--prefix] [--min N] WANTED GOT
    flvcmp.py --count FILE...

Exit code 0: the same; 1: different, or not whole FLVs, and the first difference is printed; 2: usage.

The parser is this file's own and shares nothing with the code under test.
"""

import argparse
import sys
from collections import namedtuple

AUDIO, VIDEO, SCRIPT = 8, 9, 18
NAMES = {AUDIO: "audio", VIDEO: "video", SCRIPT: "script"}

Tag = namedtuple("Tag", "type timestamp body offset")


class NotFLV(Exception):
    """The bytes are no FLV, or are cut off."""


def parse(data):
    """All tags of an FLV's bytes. PreviousTagSize must be right; the one after the last tag may be missing."""
    if len(data) < 9 or data[:3] != b"FLV":
        raise NotFLV("no FLV header")
    at = int.from_bytes(data[5:9], "big")
    tags, previous = [], 0
    while at < len(data):
        if at + 4 > len(data):
            raise NotFLV(f"cut off at byte {at}, in a PreviousTagSize")
        if int.from_bytes(data[at : at + 4], "big") != previous:
            raise NotFLV(f"PreviousTagSize at byte {at} is not {previous}")
        at += 4
        if at == len(data):
            break
        if at + 11 > len(data):
            raise NotFLV(f"cut off at byte {at}, in the header of tag {len(tags)}")
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        stamp = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
        if data[at] not in NAMES or data[at + 8 : at + 11] != b"\0\0\0":
            raise NotFLV(f"no tag at byte {at}")
        if at + 11 + size > len(data):
            raise NotFLV(f"cut off at byte {at}, in the body of tag {len(tags)}")
        tags.append(Tag(data[at], stamp, data[at + 11 : at + 11 + size], at))
        at += 11 + size
        previous = 11 + size
    return tags


def read(path):
    """The tags of a file; "-" is standard input."""
    if path == "-":
        return parse(sys.stdin.buffer.read())
    with open(path, "rb") as f:
        try:
            return parse(f.read())
        except NotFLV as e:
            raise NotFLV(f"{path}: {e}") from None


def media(tags):
    """The audio and video tags, in order."""
    return [t for t in tags if t.type != SCRIPT]


def is_key_frame(tag):
    """A video tag with a coded key frame: a frame, not a sequence header (E.4.3.1; Enhanced RTMP without ModEx)."""
    if tag.type != VIDEO or len(tag.body) < 2:
        return False
    first = tag.body[0]
    if first & 0x80:
        packet = tag.body[1] if first & 15 == 6 else first  # of a multitrack's
        return first >> 4 & 7 == 1 and packet & 15 in (1, 3)
    return first >> 4 == 1 and (first & 15 not in (7, 12) or tag.body[1] == 1)


def align(wanted, got):
    """Both lists from got's first video key frame on; wanted is empty when it has no such key frame."""
    got = got[next((i for i, t in enumerate(got) if is_key_frame(t)), len(got)) :]
    for i, tag in enumerate(wanted):
        if got and is_key_frame(tag) and tag.body == got[0].body:
            return wanted[i:], got
    return [], got


def _describe(tag):
    return f"{NAMES[tag.type]} tag of {len(tag.body)} bytes at {tag.timestamp} ms (byte {tag.offset})"


def _first_byte(a, b):
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return i
    return min(len(a), len(b))


def _tag_difference(i, want, got, shift):
    if want.type != got.type:
        return f"tag {i}: wanted the {_describe(want)}, got the {_describe(got)}"
    if want.body != got.body:
        where = _first_byte(want.body, got.body)
        return f"tag {i}: wanted the {_describe(want)}, got the {_describe(got)}: bodies differ from byte {where} on"
    if (got.timestamp - want.timestamp - shift) % 2**32:
        return (
            f"tag {i}: wanted the {_describe(want)} moved by {shift} ms, as the first tag is, "
            f"got it at {got.timestamp} ms"
        )
    return None


def difference(wanted, got, shift=None, prefix=False):
    """One sentence about the first difference between two lists of tags, or None when they are the same.

    shift is the constant, got less wanted in ms; None: whatever the first tag's is. With prefix, got may stop early.
    """
    wanted, got = media(wanted), media(got)
    if not wanted:
        return "there are no audio or video tags to compare with"
    if got and shift is None:
        shift = (got[0].timestamp - wanted[0].timestamp + 2**31) % 2**32 - 2**31
    for i, (a, b) in enumerate(zip(wanted, got)):
        found = _tag_difference(i, a, b, shift)
        if found:
            return found
    if len(got) > len(wanted):
        return f"tag {len(wanted)}: wanted no more, got {len(got) - len(wanted)} more, first the {_describe(got[len(wanted)])}"
    if len(got) < len(wanted) and not (prefix and got):
        return f"tag {len(got)}: wanted {len(wanted)} tags, got {len(got)}, the next is the {_describe(wanted[len(got)])}"
    return None


def compare(wanted_path, got_path, **options):
    """As difference(), for two files."""
    return difference(read(wanted_path), read(got_path), **options)


def _count(paths):
    for path in paths:
        tags = read(path)
        n = {kind: sum(1 for t in tags if t.type == kind) for kind in NAMES}
        size = sum(len(t.body) for t in media(tags))
        print(f"{n[AUDIO] + n[VIDEO]} messages ({n[VIDEO]} video, {n[AUDIO]} audio), {size} bytes of payload, {n[SCRIPT]} script tags")


def main(argv=None):
    p = argparse.ArgumentParser(description="Compares the audio and video tags of two FLV streams.")
    p.add_argument("files", nargs="+", metavar="FILE", help="WANTED GOT")
    p.add_argument("--count", action="store_true", help="count the tags of each file instead")
    p.add_argument("--shift", type=int, metavar="MS", help="GOT's timestamps less WANTED's (default: the first tag's)")
    p.add_argument("--late", action="store_true", help="GOT may begin at any key frame")
    p.add_argument("--prefix", action="store_true", help="GOT may stop early")
    p.add_argument("--min", type=int, default=1, metavar="N", help="at least N tags of GOT must have been compared")
    args = p.parse_args(argv)
    try:
        if args.count:
            _count(args.files)
            return 0
        if len(args.files) != 2:
            p.error("two files are wanted")
        wanted, got = map(media, map(read, args.files))
    except (NotFLV, OSError) as e:
        print(e)
        return 1
    if args.late:
        wanted, got = align(wanted, got)
    found = difference(wanted, got, shift=args.shift, prefix=args.prefix)
    if not found and len(got) < args.min:
        found = f"only {len(got)} tags were compared, and {args.min} were wanted"
    print(found or f"the same: {len(got)} tags")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

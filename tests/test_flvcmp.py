# SPDX-License-Identifier: MIT
"""flvcmp must see every way in which two streams differ, else a test that uses it proves nothing."""

import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import flvcmp  # noqa: E402
from flvcmp import AUDIO, SCRIPT, VIDEO, Tag  # noqa: E402

CLIP = os.path.join(HERE, "..", "examples", "clip.flv")


def build(tags):
    """An FLV's bytes, made here so that broken ones can be made too."""
    out = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
    for t in tags:
        stamp = t.timestamp % 2**32
        head = bytes([t.type]) + len(t.body).to_bytes(3, "big") + (stamp & 0xFFFFFF).to_bytes(3, "big")
        out += head + bytes([stamp >> 24, 0, 0, 0]) + t.body + (11 + len(t.body)).to_bytes(4, "big")
    return out


@pytest.fixture(scope="module")
def clip():
    return flvcmp.read(CLIP)


@pytest.fixture
def run(tmp_path, clip):
    """Compares the clip with other tags (or bytes) through the command: (exit code, what it printed)."""

    def go(other, *options):
        path = tmp_path / "got.flv"
        path.write_bytes(other if isinstance(other, bytes) else build(other))
        tool = [sys.executable, os.path.join(HERE, "flvcmp.py"), *options, CLIP, str(path)]
        done = subprocess.run(tool, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    return go


def moved(tag, ms):
    return tag._replace(timestamp=(tag.timestamp + ms) % 2**32)


def test_clip_is_worth_comparing(clip):
    kinds = [t.type for t in clip]
    assert kinds.count(VIDEO) == 252 and kinds.count(AUDIO) == 433
    assert sum(map(flvcmp.is_key_frame, clip)) == 5


def test_identical(run, clip):
    assert run(clip) == (0, "the same: 685 tags\n")


@pytest.mark.parametrize("ms", [1, -1, 40, 2**24, 2**31 - 5000, 2**31, 2**32 - 5000])
def test_constant_shift(run, clip, ms):
    assert run([moved(t, ms) for t in clip])[0] == 0


def test_shift_may_be_demanded(run, clip):
    assert run([moved(t, 40) for t in clip], "--shift", "40")[0] == 0
    assert run([moved(t, 40) for t in clip], "--shift", "0")[0] == 1


def test_script_tags_do_not_count(run, clip):
    extra = Tag(SCRIPT, 0, b"\x02\x00\x01x", 0)
    assert run([t for t in clip if t.type != SCRIPT])[0] == 0
    assert run(clip[:9] + [extra] + clip[9:])[0] == 0


def test_last_previous_tag_size_may_be_missing(run, clip):
    assert run(build(clip)[:-4])[0] == 0


@pytest.mark.parametrize("i", [1, 2, 3, 300, 684, 685])
def test_one_tag_dropped(run, clip, i):
    code, said = run(clip[:i] + clip[i + 1 :])
    assert code == 1 and "tag " in said


@pytest.mark.parametrize("i", [1, 2, 50, 300, 684])
def test_neighbours_swapped(run, clip, i):
    assert clip[i].body != clip[i + 1].body
    assert run(clip[:i] + [clip[i + 1], clip[i]] + clip[i + 2 :])[0] == 1


def test_audio_and_video_of_one_time_swapped(run, clip):
    """The order is total, across the two kinds."""
    i = next(i for i in range(5, 600) if clip[i].type != clip[i + 1].type)
    stamp = clip[i].timestamp
    assert run(clip[:i] + [clip[i + 1]._replace(timestamp=stamp), clip[i]] + clip[i + 2 :])[0] == 1


@pytest.mark.parametrize("i", [1, 2, 300, 685])
@pytest.mark.parametrize("ms", [1, -1, 2**24])
def test_one_tag_moved(run, clip, i, ms):
    code, said = run(clip[:i] + [moved(clip[i], ms)] + clip[i + 1 :])
    assert code == 1 and "moved" in said


def test_drift(run, clip):
    """Not one constant: everything from the middle on is 1 ms late."""
    assert run(clip[:300] + [moved(t, 1) for t in clip[300:]])[0] == 1


@pytest.mark.parametrize("i", [1, 2, 300, 685])
@pytest.mark.parametrize("where", [0, -1])
def test_one_byte_changed(run, clip, i, where):
    body = bytearray(clip[i].body)
    body[where] ^= 1
    code, said = run(clip[:i] + [clip[i]._replace(body=bytes(body))] + clip[i + 1 :])
    assert code == 1 and "differ" in said


def test_type_changed(run, clip):
    other = AUDIO if clip[300].type == VIDEO else VIDEO
    assert run(clip[:300] + [clip[300]._replace(type=other)] + clip[301:])[0] == 1


@pytest.mark.parametrize("i", [1, 300, 686])
def test_extra_tag(run, clip, i):
    assert run(clip[:i] + [clip[300]] + clip[i:])[0] == 1


@pytest.mark.parametrize("cut", [5, 12, 600, -5, -17])
def test_truncated_file(run, clip, cut):
    assert run(build(clip)[:cut])[0] == 1


def test_truncated_between_tags(run, clip):
    assert run(clip[:-1])[0] == 1
    assert run(clip[:-1], "--prefix")[0] == 0
    assert run(clip[:-1], "--prefix", "--min", "685")[0] == 1


def test_empty(run):
    assert run(b"")[0] == 1
    assert run([])[0] == 1
    assert run([], "--prefix")[0] == 1


def test_garbage_between_tags(run, clip):
    data = build(clip)
    at = clip[300].offset
    assert run(data[:at] + b"x" + data[at:])[0] == 1


def test_late_receiver(run, clip):
    keys = [i for i, t in enumerate(clip) if flvcmp.is_key_frame(t)]
    late = clip[:3] + clip[keys[2] :]
    assert run(late)[0] == 1
    assert run(late, "--late")[0] == 0
    assert run(late[:-1], "--late")[0] == 1
    assert run(clip[: keys[0]], "--late")[0] == 1
    assert run(late[:20] + late[21:], "--late")[0] == 1

# SPDX-License-Identifier: MIT
"""What others make of a recording: where its key frames are, how long it is, and that it is sound, also of one that was
never finished."""
import json

import pytest

import flvcmp
import support


@pytest.fixture
def recording(sluice, serving, clip):
    result = sluice.run("push", "--fast", clip, serving.url())
    assert result.code == support.OK, result.err
    return serving.recorded()


@pytest.fixture
def unfinished(sluice, serving, clip):
    """As a server that is killed leaves it: a copy, for it is stopped in order afterwards."""
    push = sluice.start("push", clip, serving.url())
    serving.wait("record")
    path = serving.folder / "live" / "s.flv"
    deadline = support.time.monotonic() + 20 * sluice.patience
    data, before = path.read_bytes(), b""
    while len(data) < 200000 or data != before:  # it is written once a second: not while that is done
        assert support.time.monotonic() < deadline
        support.time.sleep(0.1)
        data, before = path.read_bytes(), data
    copy = path.with_name("copy.flv")
    copy.write_bytes(data)
    push.stop()
    return copy


@pytest.fixture
def metadata(foreign):
    return lambda path: json.loads(foreign("flvmeta", "--dump", "--json", path).stdout)


def key_frames(path):
    """Those of the file itself, as (time, position): AVC's, and no configuration, nor the end of a sequence."""
    return [(t.timestamp / 1000, t.offset) for t in flvcmp.read(path)
            if t.type == flvcmp.VIDEO and t.body[0] >> 4 == 1 and t.body[1] == 1]


def index(data):
    return list(zip(data["keyframes"]["times"], data["keyframes"]["filepositions"]))


def test_the_index_is_that_of_yamdi(recording, tmp_path, foreign, metadata):
    """Who counts configurations and the end of a sequence as key frames, which nobody can begin at."""
    theirs = tmp_path / "yamdi.flv"
    foreign("yamdi", "-i", recording, "-o", theirs)
    ours, others = metadata(recording), metadata(theirs)
    assert index(ours) == key_frames(recording) and len(index(ours)) == 5
    assert set(index(others)) > set(key_frames(theirs)) and len(key_frames(theirs)) == 5
    assert ours["filesize"] == recording.stat().st_size
    for name in ("datasize", "audiosize", "videosize", "hasAudio", "hasVideo", "hasMetadata", "hasKeyframes"):
        assert ours[name] == others[name], name
    assert (ours["lastkeyframetimestamp"], ours["lastkeyframelocation"]) == index(ours)[-1]
    last = max(t.timestamp for t in flvcmp.media(flvcmp.read(recording))) / 1000
    assert ours["lasttimestamp"] == last
    assert ours["duration"] == last - min(t.timestamp for t in flvcmp.media(flvcmp.read(recording))) / 1000


def test_flvmeta_finds_no_error(recording, foreign):
    said = foreign("flvmeta", "--check", recording).stdout.decode()
    assert "0 error(s)" in said


def test_ffmpeg_goes_by_the_index(recording, foreign, metadata):
    """From 5 s on: the key frame at 4 s, where the index says, and no word against it."""
    done = foreign("ffprobe", "-v", "debug", "-select_streams", "v", "-read_intervals", "5%+#1", "-show_entries",
                   "packet=pts_time,pos,flags:format=duration", "-of", "json", recording)
    said = json.loads(done.stdout)
    ours = metadata(recording)
    assert abs(float(said["format"]["duration"]) - ours["duration"]) < 0.01
    (packet,) = said["packets"]
    assert packet["flags"].startswith("K") and (4.0, int(packet["pos"])) in index(ours)
    assert b"nvalid" not in done.stderr and b"nconsistent" not in done.stderr


def test_unfinished(unfinished, foreign, metadata):
    """It says no duration rather than a wrong one; FFmpeg finds it out from the last tag."""
    done = foreign("ffprobe", "-v", "warning", "-show_entries", "format=duration", "-of", "csv=p=0", unfinished)
    tags = flvcmp.media(flvcmp.read(unfinished))
    assert abs(float(done.stdout) - tags[-1].timestamp / 1000) < 0.1 and done.stderr == b""
    assert "duration" not in metadata(unfinished)
    assert "0 error(s)" in foreign("flvmeta", "--check", unfinished).stdout.decode()

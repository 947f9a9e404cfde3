# SPDX-License-Identifier: MIT
"""What sluice serve records: files that follow each other, their names, and what a kill or a full disk leaves of them."""

import datetime
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

import flv
import flvcmp
import support
from support import KEY, one_sentence


class Server:
    def __init__(self, process, folder):
        self.process, self.folder = process, folder
        self.url = process.expect(r"listening on (rtmp://\S+)", 20, "out")[1] + "/live"

    def files(self):
        """Below the folder, in the order of their numbers."""
        found = [p for p in self.folder.rglob("*") if p.is_file()]
        return sorted(found, key=lambda p: int(p.suffixes[-2][1:]) if len(p.suffixes) > 1 else 0)

    def stop(self):
        result = self.process.stop()
        assert result.code == support.OK, result.err


@pytest.fixture
def serve(sluice, tmp_path):
    sluice.need("serve")

    def serve(*options, prefix=(), folder="recorded"):
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        process = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", *options, path, prefix=prefix)
        return Server(process, path)

    return serve


@pytest.fixture
def push(sluice):
    def push(source, server, key=KEY):
        """Until the server says that it has all of it."""
        before = server.process.text("err").count(" published ")
        result = sluice.run("push", "--fast", source, server.url, key, timeout=60)
        assert result.code == support.OK, result.err
        server.process.expect(r"(?:(?s:.*) published ){%d}" % (before + 1), 20, "err")

    return push


def media(path):
    return flvcmp.media(flvcmp.read(path))


def is_config(tag):
    return tag.body[1:2] == b"\0"


# ---- files that follow each other ----


def check_joined(paths, clip):
    """Together they are the stream: none of its tags is missing, none is twice but for the configurations that each
    file begins with, and no timestamp is another."""
    joined = []
    for path in paths:
        tags = media(path)
        assert is_config(tags[0]) and is_config(tags[1]) and tags[0].type != tags[1].type
        first = tags[2]
        assert first.type == flvcmp.VIDEO and first.body[0] >> 4 == 1, "a file begins with a key frame"
        assert {t.timestamp for t in tags[:2]} == {first.timestamp} or path == paths[0]
        joined += tags if path == paths[0] else tags[2:]
    assert flvcmp.difference(media(clip), joined, 0) is None


def test_files_of_some_seconds(serve, push, clip):
    server = serve("--rotate-seconds", "3")
    push(clip, server)
    server.stop()
    names = [f"{KEY}.flv"] + [f"{KEY}.{n}.flv" for n in (1, 2)]
    paths = [server.folder / "live" / name for name in names]
    # A key frame each 2 s: the first one that is not before 3 s is at 4 s, and so on.
    assert server.files() == paths
    assert [media(p)[2].timestamp for p in paths] == [0, 4000, 8000]
    check_joined(paths, clip)
    said = server.process.text("err")
    assert said.count("is recorded into") == said.count("was recorded into") == 3
    assert "was recorded into *.2.flv" in said and KEY not in said


def test_files_of_some_size(serve, push, tmp_path):
    (tmp_path / "big.flv").write_bytes(flv.flv(flv.frames(500, size=20000)))
    server = serve("--rotate-size", "3")
    push(tmp_path / "big.flv", server)
    server.stop()
    paths = [server.folder / "live" / name for name in [f"{KEY}.flv"] + [f"{KEY}.{n}.flv" for n in (1, 2)]]
    assert server.files() == paths
    # 25 frames from key frame to key frame.
    assert all(3 << 20 <= p.stat().st_size < (3 << 20) + 25 * 20100 for p in paths[:-1])
    check_joined(paths, tmp_path / "big.flv")


# ---- names ----


def test_names_of_key_and_time(serve, push, sluice, tmp_path, clip):
    server = serve("--file-name", "%Y/%k-%m.flv")
    before = datetime.datetime.now(datetime.timezone.utc)
    push(clip, server)
    push(clip, server)
    server.stop()
    after = datetime.datetime.now(datetime.timezone.utc)
    if before.month == after.month:
        folder = server.folder / f"{before:%Y}" / "live"
        assert server.files() == [folder / f"{KEY}-{before:%m}{take}.flv" for take in ("", ".1")]
    for path in server.files():
        assert flvcmp.difference(media(clip), media(path)) is None


@pytest.mark.parametrize("clock", ["2031-01-01 00:00:00", "2001-09-09 01:46:40"])
def test_whatever_the_clock(sluice, serve, push, clip, clock):
    """It may stand still, or be set back: nothing is written over."""
    if not shutil.which("faketime") or sluice.sanitized:
        pytest.skip("faketime is not installed, or a sanitizer has to come first")
    # Not through the command of that name, which would get the signal to stop and keep it.
    preload = subprocess.run(["faketime", "-f", clock, "printenv", "LD_PRELOAD"], capture_output=True, check=True).stdout
    for _ in range(2):
        server = serve("--file-name", "%k/%F_%H%M%S.flv",
                       prefix=["env", "TZ=Asia/Kathmandu", "FAKETIME_DONT_FAKE_MONOTONIC=1", f"FAKETIME={clock}",
                               f"LD_PRELOAD={preload.decode().strip()}"])
        push(clip, server)
        server.stop()
    folder = server.folder / "live" / KEY
    # The clock that is faked is Kathmandu's, 5 h 45 min ahead of that in names.
    stem = {"2031-01-01 00:00:00": "2030-12-31_181500", "2001-09-09 01:46:40": "2001-09-08_200140"}[clock]
    assert [p.name for p in server.files()] == [f"{stem}.flv", f"{stem}.1.flv"]
    for path in server.files():
        assert path.parent == folder and flvcmp.difference(media(clip), media(path)) is None


def test_no_link_is_followed(serve, push, sluice, clip, tmp_path):
    server = serve()
    (tmp_path / "elsewhere").mkdir()
    (server.folder / "live").symlink_to(tmp_path / "elsewhere")
    push(clip, server)
    server.process.expect(r"not recorded: \*\.flv cannot be made: Not a directory; remove what is in its way", 20, "err")
    server.stop()
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("options, words", [
    (["--file-name", "%k.mp4"], ".flv"),
    (["--file-name", "../%k.flv"], "below the folder"),
    (["--file-name", "%k-%Z.flv"], "%Z"),
    (["--rotate-seconds", "0"], "--rotate-seconds"),
    (["--no-record", "--rotate-size", "3"], "--no-record"),
])
def test_mistakes(sluice, tmp_path, options, words):
    sluice.need("serve")
    result = sluice.run("serve", "--listen", "rtmp://127.0.0.1:0", *options, tmp_path)
    assert result.code == support.USAGE
    one_sentence(result, words)


# ---- kills ----


def whole_tags(path):
    """Of a file that may be cut off in a tag."""
    data = path.read_bytes()
    if len(data) < 13:
        return []
    try:
        return flvcmp.parse(data)
    except flvcmp.NotFLV as e:
        at = int(str(e).split("at byte ")[1].split(",")[0])
        assert "cut off" in str(e)
        return flvcmp.parse(data[:at])


def test_killed_at_any_time(sluice, serve, tmp_path):
    """What is there then is what was sent, and can be pushed and played; with FFmpeg's eyes, too."""
    source = tmp_path / "big.flv"
    source.write_bytes(flv.flv(flv.frames(2000, size=10000)))
    wanted, when = media(source), random.Random(42)
    some = 0
    for turn in range(8):
        server = serve("--rotate-size", "2", folder=f"kill{turn}")
        pushing = sluice.start("push", "--fast", source, server.url, "cam")
        server.process.expect("publishes", 20, "err")
        time.sleep(when.uniform(0, 0.1))
        server.process.process.kill()
        pushing.wait(20 * sluice.patience)
        got = []
        for n, path in enumerate(server.files()):
            tags = flvcmp.media(whole_tags(path))
            got += tags[2:] if n else tags
            if tags:
                check_readers(sluice, serve, path, tags, tmp_path)
        some += len(got)
        assert not got or flvcmp.difference(wanted, got, 0, prefix=True) is None
    assert some > 0


def check_readers(sluice, serve, path, tags, tmp_path):
    server = serve(folder=path.parent.parent.name)
    out = tmp_path / "out.flv"
    result = sluice.run("pull", "--vod", "--keep-timestamps", server.url, path.name[: -len(".flv")], out, timeout=60)
    assert result.code == support.OK, result.err
    assert flvcmp.difference(tags, media(out), 0) is None
    # It is said that a tag is cut off, once all before it has been sent.
    result = sluice.run("push", "--fast", "--keep-timestamps", path, server.url, "again", timeout=60)
    assert result.code in (support.OK, support.INPUT), result.err
    server.process.expect("was recorded", 20, "err")
    assert flvcmp.difference(tags, media(server.folder / "live" / "again.flv"), 0) is None
    server.stop()
    (server.folder / "live" / "again.flv").unlink()
    if shutil.which("ffprobe"):
        done = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "a", "-show_entries",
                               "stream=nb_read_packets", "-of", "csv=p=0", str(path)], capture_output=True, timeout=60, check=False)
        frames = [t for t in tags if t.type == flvcmp.AUDIO and not is_config(t)]
        assert int(done.stdout.split()[0] if done.stdout.split() else 0) == len(frames), done.stderr


# ---- disks ----


@pytest.fixture
def disk(tmp_path):
    """Where one may be mounted."""
    folder = tmp_path / "recorded"
    folder.mkdir()
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    return folder


def test_a_disk_that_is_full(sluice, serve, tmp_path, disk):
    """A real one, of 4 MB: the stream goes on, the file is whole, and says how long it is."""
    source = tmp_path / "big.flv"
    source.write_bytes(flv.flv(flv.frames(500, size=20000)))
    script = 'mount -t tmpfs -o size=4m none "$1" && shift && exec "$@"'
    server = serve(prefix=["unshare", "-rm", "sh", "-c", script, "sh", disk])
    pull = sluice.start("pull", "--wait=20", server.url, KEY, tmp_path / "out.flv")
    server.process.expect("plays", 20, "err")
    assert sluice.run("push", "--fast", source, server.url, KEY, timeout=60).code == support.OK
    assert pull.wait(60 * sluice.patience).code == support.OK
    assert flvcmp.difference(media(source), media(tmp_path / "out.flv")) is None
    stored = int(server.process.expect(r"recording stopped: No space left on device; the (\d+) bytes", 20, "err")[1])
    server.process.expect("was recorded", 20, "err")
    # As the server sees it.
    recording = f"/proc/{server.process.pid}/root{disk}/live/{KEY}.flv"
    assert os.stat(recording).st_size == stored > 3 << 20
    got = media(recording)
    assert flvcmp.difference(media(source), got, 0, prefix=True) is None and 2 * 150 < len(got) < 1002
    with open(recording, "rb") as f:
        assert b"duration" in f.read(1000)
    server.stop()


def test_a_disk_that_has_room_again(sluice, serve, tmp_path, disk):
    """What cannot be written leaves no file; ten seconds later there is room, and the stream is recorded."""
    source = tmp_path / "long.flv"
    source.write_bytes(flv.flv(flv.frames(400, size=2000)))
    script = 'mount -t tmpfs -o size=2m none "$1" && cp /dev/zero "$1/full" 2>/dev/null; shift && exec "$@"'
    server = serve(prefix=["unshare", "-rm", "sh", "-c", script, "sh", disk])
    pushing = sluice.start("push", source, server.url, KEY)
    server.process.expect(r"not recorded: \*\.flv cannot be (made|written): No space left on device; make room", 20, "err")
    seen = f"/proc/{server.process.pid}/root{disk}"
    os.truncate(f"{seen}/full", 0)
    lost = int(server.process.expect(r"it is recorded again; the (\d+) messages", 30, "err")[1])
    server.process.expect("is recorded into", 20, "err")
    assert pushing.wait(60 * sluice.patience).code == support.OK
    server.process.expect("was recorded into", 20, "err")
    assert os.listdir(f"{seen}/live") == [f"{KEY}.flv"]
    wanted = [(t.type, t.timestamp, t.body) for t in media(source) if not is_config(t)]
    got = [(t.type, t.timestamp, t.body) for t in media(f"{seen}/live/{KEY}.flv") if not is_config(t)]
    assert 0 < len(got) < len(wanted) and wanted[-len(got):] == got
    assert lost <= len(wanted) - len(got) <= lost + 20
    server.stop()


def test_signals_end_recordings_in_order(serve, sluice, clip):
    server = serve()
    pushing = sluice.start("push", clip, server.url, KEY)
    server.process.expect("is recorded into", 20, "err")
    time.sleep(0.5)
    server.process.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20 * sluice.patience).code == support.OK
    pushing.wait(20 * sluice.patience)
    (path,) = server.files()
    assert flvcmp.difference(media(clip), media(path), 0, prefix=True) is None
    assert b"duration" in path.read_bytes()[:1000] and "was recorded into *.flv" in server.process.text("err")

# SPDX-License-Identifier: MIT
"""What `sluice push` costs on the wire to nginx: a 20 s clip of 4 Mb/s, over RTMP and RTMPS, unpaced and in real time."""
import pathlib
import shutil
import subprocess

import pytest

import flvcmp
import streams
import support
import wire

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench_clip(tmp_path_factory):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed, which makes the clip")
    path = tmp_path_factory.mktemp("bench") / "bench.flv"
    subprocess.run([ROOT / "scripts" / "make-clip.sh", "bench", path], check=True, capture_output=True, timeout=120)
    return path


@pytest.fixture(autouse=True)
def needs_strace():
    try:
        subprocess.run(["strace", "-o", "/dev/null", "true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("strace is not installed, or may not trace here")


class Push:
    """A push through a relay, under strace: started, and looked at when it has ended."""

    def __init__(self, sluice, nginx, certificates, clip, trace, scheme, *options):
        self.relay = wire.Relay(getattr(nginx, scheme))
        self.trace = trace
        self.patience = sluice.patience
        trust = ["--ca-file", certificates / "ca.pem"] if scheme == "rtmps" else []
        self.process = support.Process(
            [*wire.strace(trace), sluice.path, "push", *options, *trust, clip,
             f"{scheme}://localhost:{self.relay.port}/live/{scheme}"],
            env={"ASAN_OPTIONS": "detect_leaks=0"})  # LeakSanitizer needs to trace for itself
        sluice.running.append(self.process)

    def wait(self):
        result = self.process.wait(40 * self.patience)
        assert result.code == support.OK, result.err
        self.sent = self.relay.bytes()
        self.calls = wire.writes(self.trace)
        assert sum(call.done for call in self.calls if call.done > 0) == len(self.sent), "a write was missed"


def check_records(push):
    """Each flush is whole records, all full but its last, and none is wasted on a byte."""
    found = wire.records(push.sent)
    data = [r for r in found if r.type == wire.APPLICATION_DATA]
    assert len(data) > 100 and min(r.length for r in data) > wire.ONE_BYTE_13
    ends = wire.flushes(push.calls)
    assert set(ends) <= {r.end for r in found}, "a write ended within a record"
    half_full = [r for r in data if r.length < wire.FULL_13 and r.end not in ends]
    assert not half_full, f"{half_full[:3]}, of {len(half_full)}, are neither full nor a flush's last"


@pytest.mark.parametrize("scheme", ["rtmp", "rtmps"])
def test_as_fast_as_it_goes(sluice, nginx, certificates, bench_clip, same_stream, tmp_path, scheme):
    push = Push(sluice, nginx, certificates, bench_clip, tmp_path / "trace", scheme, "--fast")
    push.wait()
    tags = streams.load(bench_clip)
    assert len(wire.flushes(push.calls)) < len(tags) / 5  # a socket may take a flush in parts
    assert len(push.sent) <= 1.006 * sum(len(t.body) for t in tags)
    if scheme == "rtmps":
        check_records(push)
        data = [r for r in wire.records(push.sent) if r.type == wire.APPLICATION_DATA]
        # The commands at both ends, and the last of the stream.
        assert sum(r.length < wire.FULL_13 for r in data) <= 12
    same_stream(bench_clip, nginx.recorded(scheme))


def test_in_real_time(sluice, nginx, certificates, bench_clip, same_stream, tmp_path):
    """Both schemes at once, for it takes 20 s."""
    pushes = {scheme: Push(sluice, nginx, certificates, bench_clip, tmp_path / scheme, scheme)
              for scheme in ("rtmp", "rtmps")}
    tags = streams.load(bench_clip)
    for scheme, push in pushes.items():
        push.wait()
        assert len(push.calls) <= len(flvcmp.media(tags)), "more than a write call per message"
        assert len(push.sent) <= 1.006 * sum(len(t.body) for t in tags)
        same_stream(bench_clip, nginx.recorded(scheme))
    check_records(pushes["rtmps"])


def test_the_measure(nginx, foreign, short_clip):
    """FFmpeg gives the marker of each further chunk a record of its own: what finds nothing here would find nothing."""
    relay = wire.Relay(nginx.rtmps)
    foreign("ffmpeg", "-nostdin", "-v", "error", "-i", short_clip, "-c", "copy", "-f", "flv",
            f"rtmps://localhost:{relay.port}/live/s")
    data = [r for r in wire.records(relay.bytes()) if r.type == wire.APPLICATION_DATA]
    assert sum(r.length == wire.ONE_BYTE_13 for r in data) > 5

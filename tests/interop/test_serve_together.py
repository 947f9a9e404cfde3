# SPDX-License-Identifier: MIT
"""One `sluice serve`, and all at once: whoever publishes, and whoever plays, each the streams of the others.

Those who come before the publisher get all of its stream from the first tag on; those who come late begin at a key
frame, with the publisher's configurations in front of it; and what is stored is what was sent. All of it is compared tag
by tag, and goes on in real time.
"""
import pathlib
import shutil
import subprocess
import threading
import time

import pytest

import dropin
import enhanced
import flv
import flvcmp
import gstreamer
import nginx as nginx_module
import streams
import support

SECONDS = 9
# The clip has a key frame each 2 s, the others each 0.5 s. nginx's relay itself begins late, with the second.
LATE = {"relayed": r'"media_ms":(4[1-9]|[5-7]\d)\d\d'}
QUIET = ["-nostdin", "-v", "error"]
COPY = ["-c", "copy", "-f", "flv"]
GSTREAMER = ["rtmpsink", "rtmp2sink", "rtmp2src", "flvmux", "flvdemux", "h264parse", "aacparse"]
RELAYS = """
            push rtmp://127.0.0.1:{port}/live;
        }}
        application taken {{
            live on;
            idle_streams on;
            sync 0;
            record all;
            record_path {dir}/recorded;
            record_max_size 100M;
            pull rtmp://127.0.0.1:{port}/live/{stream} name=taken static;
"""


def piece(path):
    """Of how many bytes its writes may be: Debian's library gives up where a tag's size or header lies in two of them."""
    ends = [tag.offset for tag in streams.load(path)]
    return next(size for size in range(4096, 8192) if not any((end + 11) % size < 15 for end in ends))


def fed(url, path):
    """Debian's librtmp in a program that reads what it publishes, which it gets in real time."""
    process = support.Process([*dropin.PUBLISHERS["python"](None, url), str(piece(path))], stdin=subprocess.PIPE)

    def feed():
        data, begun, sent = pathlib.Path(path).read_bytes(), time.monotonic(), 0
        for tag in flvcmp.parse(data):
            time.sleep(max(0, begun + tag.timestamp / 1000 - time.monotonic()))
            pipe.write(data[sent : tag.offset])
            sent = tag.offset
        pipe.write(data[sent:])
        pipe.close()

    pipe = process.process.stdin
    threading.Thread(target=feed, daemon=True).start()
    return process


class Party:
    """The server, the streams, and who takes part."""

    def __init__(self, sluice, serving, folder, clip):
        self.sluice, self.serving, self.folder = sluice, serving, folder
        self.clip = clip
        self.processes = []
        self.players = []  # (how, stream, process, path, whether it is late)
        self.watches = {}
        self.sent = {}  # stream: what was sent

    def start(self, *argv):
        self.processes.append(support.Process(list(argv)))
        return self.processes[-1]

    def stop(self):
        for process in self.processes:
            process.__exit__()

    # ---- publishers ----

    def ffmpeg(self, stream):
        return self.start("ffmpeg", *QUIET, "-re", "-i", self.sent[stream], *COPY,
                          self.serving.url("rtmps", stream))

    def gstreamer(self, stream):
        more = ["tls-validation-flags=0"] if stream == "rtmp2sink" else []
        url = self.serving.url("rtmps" if more else "rtmp", stream)
        return self.start("gst-launch-1.0", *gstreamer.remux(self.clip, stream, "sync=true", *more, f"location={url}"))

    def librtmp(self, stream):
        self.processes.append(fed(self.serving.url("rtmp", stream), self.clip))
        return self.processes[-1]

    def push(self, stream, url=None):
        return self.sluice.start("push", *self.serving.trust("rtmps"), self.sent[stream],
                                 url or self.serving.url("rtmps", stream))

    # ---- players ----

    def play(self, how, stream, late=False):
        path = self.folder / f"{stream}.{how}.{'late' if late else 'early'}.flv"
        url = self.serving.url("rtmp", stream)
        argv = {
            "ffmpeg": ["ffmpeg", *QUIET, "-i", url, *COPY, path],
            "rtmpdump": ["env", f"HOME={self.folder}", "rtmpdump", "-q", "--live", "-r", url, "-o", path],
            "rtmp2src": ["gst-launch-1.0", "-q", "rtmp2src", "tls-validation-flags=0",
                         f"location={self.serving.url('rtmps', stream)}", "!", "filesink", f"location={path}"],
            "librtmp": dropin.PLAYERS["python"](None, url, path, True),
        }
        if how == "pull":
            process = self.sluice.start("pull", "--wait", "--json", "--keep-timestamps", *self.serving.trust("rtmps"),
                                        self.serving.url("rtmps", stream), path)
        else:
            process = self.start(*argv[how])
        if how == "pull" and not late:
            self.watches[stream] = process
        self.players.append((how, stream, process, path, late))

    def ended(self, how, process):
        result = process.wait(30 * self.sluice.patience)
        assert result.code in ((0, dropin.INCOMPLETE) if how == "rtmpdump" else (0,)), (how, result)

    # ---- what came of it ----

    def check(self, how, stream, path, late):
        """pull hands all on; librtmp and rtmp2src leave out what is too small, and the latter may lose the last."""
        wanted, got = self.serving.folder / "live" / f"{stream}.flv", streams.load(path)
        recorded = streams.load(wanted)
        if how != "pull":
            recorded, got = streams.large_enough(wanted), [t for t in flvcmp.media(got) if not streams.is_too_small(t)]
        recorded, got = flvcmp.media(recorded), flvcmp.media(got)
        if late:
            self.check_begin(recorded, got)
            recorded, got = flvcmp.align(recorded, got)
            assert len(got) > 50, (how, stream)
        streams.check(recorded, got, prefix=how == "rtmp2src")
        assert len(got) >= len(recorded) - (how == "rtmp2src"), (how, stream)
        if late:
            assert len(got) < len(flvcmp.media(streams.load(wanted))) - 50, (how, stream, "came in time")

    def check_begin(self, recorded, got):
        """The publisher's configurations, as they were last before the key frame; and then that, first of all frames."""
        first = next(i for i, t in enumerate(got) if flvcmp.is_key_frame(t))
        assert all(is_config(t) for t in got[:first]), [(t.type, t.timestamp, t.body[:8]) for t in got[: first + 1]]
        configs = {(t.type, t.body) for t in recorded if is_config(t)}
        assert sorted((t.type, t.body) for t in got[:first]) == sorted(configs)


def is_config(tag):
    """AVC's and AAC's, and those of enhanced.py: colours belong to them."""
    if not streams.is_sequence_header(tag) and tag.type == flvcmp.VIDEO and tag.body[0] & 0x80:
        packet = tag.body[1 if tag.body[0] & 15 == enhanced.MULTITRACK else 0] & 15
        return packet in (enhanced.SEQUENCE_START, enhanced.METADATA)
    return streams.is_sequence_header(tag) or (tag.type == flvcmp.AUDIO and tag.body[0] == 0x90)


def check_relayed(sent, path):
    """nginx relays from a key frame on, with the configurations before it; audio and video are apart."""
    for kind in (flvcmp.AUDIO, flvcmp.VIDEO):
        wanted, got = ([t for t in streams.load(p) if t.type == kind] for p in (sent, path))
        assert {t.body for t in got if is_config(t)} == {t.body for t in wanted if is_config(t)}
        wanted, got = ([t for t in tags if not is_config(t)] for tags in (wanted, got))
        assert len(got) > 50
        streams.check(wanted[-len(got) :], got, shift=0)


@pytest.fixture(scope="module")
def made(tmp_path_factory, clip):
    """The first 9 s of the sample clip, as FFmpeg writes them, and as GStreamer does of those."""
    if not shutil.which("ffmpeg") or not shutil.which("rtmpdump"):
        pytest.skip("FFmpeg or rtmpdump is not installed")
    gstreamer.need(*GSTREAMER)
    folder = tmp_path_factory.mktemp("made")
    subprocess.run(["ffmpeg", *QUIET, "-i", clip, "-t", str(SECONDS), *COPY, folder / "ffmpeg.flv"], check=True, timeout=60)
    subprocess.run(["gst-launch-1.0", *gstreamer.remux(folder / "ffmpeg.flv", "filesink",
                                                       f"location={folder / 'gstreamer.flv'}")], check=True, timeout=60)
    if subprocess.run(["ffmpeg", *QUIET, "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={SECONDS}", "-c:v",
                       "libx265", "-x265-params", "log-level=error:keyint=50", "-threads", "1", "-f", "flv",
                       folder / "hevc.flv"], capture_output=True, timeout=60, check=False).returncode:
        (folder / "hevc.flv").unlink(missing_ok=True)  # FFmpeg before 6.1 has no Enhanced RTMP
    return folder


@pytest.fixture
def party(sluice, serving, tmp_path, made):
    (tmp_path / "got").mkdir()
    them = Party(sluice, serving, tmp_path / "got", made / "ffmpeg.flv")
    yield them
    them.stop()


@pytest.fixture
def relays(serving, tmp_path, certificates):
    """nginx, which pushes to the server what is published at it as live, and pulls a stream from it."""
    if not nginx_module.available():
        pytest.skip("nginx with its RTMP module is not installed (nginx, libnginx-mod-rtmp)")
    tmp_path.chmod(0o755)
    extra = RELAYS.format(port=serving.ports["rtmp"], dir=tmp_path / "nginx", stream="ffmpeg")
    peer = nginx_module.Nginx(tmp_path / "nginx", certificates / "good.pem", certificates / "good.key", extra=extra)
    yield peer
    peer.stop()


FILES = {"rtmpsink": "gstreamer.flv", "rtmp2sink": "gstreamer.flv", "hevc": "hevc.flv"}
EARLY = [("rtmp2src", "ffmpeg"), ("rtmpdump", "ffmpeg"), ("ffmpeg", "rtmpsink"), ("rtmpdump", "rtmp2sink"),
         ("librtmp", "librtmp"), ("rtmp2src", "librtmp"), ("ffmpeg", "librtmp"), ("librtmp", "relayed"), ("rtmpdump", "relayed"), ("rtmpdump", "hvc1"), ("rtmp2src", "av01"),
         ("rtmpdump", "multitrack")]
AFTERWARDS = [("pull", "ffmpeg"), ("ffmpeg", "ffmpeg"), ("rtmp2src", "rtmpsink"), ("pull", "rtmp2sink"),
              ("librtmp", "rtmp2sink"), ("rtmpdump", "librtmp"), ("rtmp2src", "hvc1"), ("pull", "hvc1"), ("pull", "av01"),
              ("rtmpdump", "vp09"), ("pull", "vp09"), ("pull", "multitrack"), ("rtmpdump", "multitrack"),
              ("rtmpdump", "relayed"), ("pull", "relayed")]


def test_all_at_once(party, relays, serving, same_stream, made, tmp_path):
    dropin.need("python")
    publishers = {"ffmpeg": party.ffmpeg, "rtmpsink": party.gstreamer, "rtmp2sink": party.gstreamer,
                  "librtmp": party.librtmp, "hvc1": party.push, "av01": party.push, "vp09": party.push,
                  "multitrack": party.push,
                  "relayed": lambda stream: party.push(stream, f"rtmp://localhost:{relays.rtmp}/live/{stream}")}
    if (made / "hevc.flv").exists():
        publishers["hevc"] = party.ffmpeg
    for stream in publishers:
        party.sent[stream] = made / FILES.get(stream, "ffmpeg.flv")
        if stream in enhanced.VIDEOS:
            party.sent[stream] = tmp_path / f"{stream}.flv"
            party.sent[stream].write_bytes(enhanced.data(stream, SECONDS * 1000 // enhanced.STEP))
        party.play("pull", stream)
    for how, stream in EARLY:
        party.play(how, stream)
    serving.wait("play", len(party.players) + 1)  # and nginx, which pulls
    begun = {stream: publish(stream) for stream, publish in publishers.items()}
    for how, stream in AFTERWARDS:
        party.watches[stream].expect(LATE.get(stream, r'"media_ms":(2[2-9]|[3-6]\d)\d\d'), 20, "out")
        party.play(how, stream, late=True)

    for stream, process in begun.items():
        party.ended(stream, process)
    for how, _, process, _, _ in party.players:
        party.ended(how, process)
    serving.wait("recorded", len(publishers))
    for stream, sent in party.sent.items():
        if stream == "relayed":
            check_relayed(sent, serving.recorded(stream))
        else:
            streams.check(sent, serving.recorded(stream), shift=0)
    for how, stream, _, path, late in party.players:
        party.check(how, stream, path, late)
    same_stream(party.sent["ffmpeg"], relays.recorded("taken"), apart=True)

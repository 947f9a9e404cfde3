# SPDX-License-Identifier: MIT
"""sluice serve plays recordings: from where it is asked to, with pause and seek at any time, said as players expect it.

The player is driven by hand, so what is compared is each message in its order."""
import signal
import struct
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
import support

STREAM_BEGIN, STREAM_EOF, STREAM_IS_RECORDED, PING = 0, 1, 4, 6
STEP = 40
# As it is sent: an ECMA array, without what only those who have the file can use.
META = (rtmp.DATA, 0, rtmp.amf0("onMetaData", b"\x08\0\0\0\1" + rtmp.amf0({"width": 320.0})[1:]))


def stored(count, size=300):
    """Metadata, configurations, and frames with a key frame each second."""
    return [META] + flv.frames(count, STEP, size=size)


class Player(peers.Client):
    """Says what comes as words: "Begin", "EOF", "Recorded", a status's code; media as (type, timestamp, body)."""

    def __init__(self, port):
        super().__init__("127.0.0.1", port)
        self.to("created")

    def start(self, name, *args):
        self.call("play", None, name, *args, stream=self.stream)

    def next(self):
        while True:
            m = self.reader.message()
            if m.type == rtmp.USER_CONTROL:
                event = struct.unpack_from(">H", m.payload)[0]
                if event == PING:
                    self.send(rtmp.message(rtmp.USER_CONTROL, b"\0\x07" + m.payload[2:], 2))
                if (word := {STREAM_BEGIN: "Begin", STREAM_EOF: "EOF", STREAM_IS_RECORDED: "Recorded"}.get(event)):
                    return word
            elif m.type == rtmp.COMMAND:
                values = rtmp.amf0_decode(m.payload)
                return values[3]["code"] if values[0] == "onStatus" else values[0]
            elif m.type in (rtmp.AUDIO, rtmp.VIDEO) or (m.type == rtmp.DATA and b"onMetaData" in m.payload[:20]):
                return (m.type, m.timestamp, m.payload)

    def until(self, *words):
        """All up to one of these; for what is called, the base's."""
        if words[0].startswith("_") or words[0] == "onStatus":
            return super().until(*words)
        found = []
        while not found or found[-1] not in words:
            found.append(self.next())
        return found

    def seek(self, ms):
        self.call("seek", None, ms, stream=self.stream)

    def pause(self, on, ms=0):
        self.call("pause", None, on, ms, stream=self.stream)


STARTED = ["Recorded", "Begin", "NetStream.Play.Reset", "NetStream.Play.Start"]
SOUGHT = ["EOF", "Recorded", "Begin", "NetStream.Seek.Notify", "NetStream.Play.Start"]
STOPPED = ["EOF", "NetStream.Play.Stop"]


@pytest.fixture
def serve(sluice, tmp_path):
    """serve(tags, options): the port of a server with the recording live/s."""
    sluice.need("serve")
    (tmp_path / "recorded" / "live").mkdir(parents=True)

    def start(tags, *options):
        data = tags if isinstance(tags, bytes) else flv.flv(tags)
        (tmp_path / "recorded" / "live" / "s.flv").write_bytes(data)
        process = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", *options, tmp_path / "recorded")
        start.process = process
        return int(process.expect(r"listening on rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])

    return start


def from_key_frame(tags, at, shift=0):
    """The configurations, and what is stored from the key frame at a time on."""
    first = next(i for i, t in enumerate(tags) if i > 2 and t[:2] == (rtmp.VIDEO, at))
    assert flvcmp.is_key_frame(flvcmp.Tag(*tags[first], 0))
    rest = [(kind, stamp - shift, body) for kind, stamp, body in tags[first:]]
    return [(kind, at - shift, body) for kind, _, body in tags[1:3]] + rest


def test_begins_and_ends(serve):
    tags = stored(100)
    with Player(serve(tags)) as player:
        player.start("s", 0)
        assert player.until("NetStream.Play.Stop") == STARTED + tags + STOPPED


@pytest.mark.parametrize("start, key", [(1000, 1000), (1999, 1000), (2000, 2000), (99999, 3000), (1, 0)])
def test_begins_where_asked(serve, start, key):
    """At the key frame up to there, from which on the clock runs."""
    tags = stored(100)
    with Player(serve(tags)) as player:
        player.start("s", start)
        assert player.until("NetStream.Play.Stop") == STARTED + [META] + from_key_frame(tags, key, key) + STOPPED


def test_plays_as_long_as_asked(serve):
    """To the millisecond: 1001 and 2.003 have no exact double in seconds."""
    tags = stored(100)
    with Player(serve(tags)) as player:
        for start, duration, last in [(1001, 122, 1123), (1001, 121, 1120), (0, 2003, 2003), (0, 2002, 2000)]:
            player.start("s", start, duration)
            played = [t for t in player.until("NetStream.Play.Stop") if isinstance(t, tuple)]
            assert played[-1][1] + (1000 if start else 0) == last


def test_seeks_while_it_is_sent_and_after(serve):
    """From each place to each other: what comes is all from there to the end."""
    tags = stored(100)
    with Player(serve(tags)) as player:
        player.start("s", 0)
        player.until("NetStream.Play.Start")
        for at in (3500, 2500, 0, 999, 3999, 1000, 100000):
            player.seek(at)
            key = min(at // 1000 * 1000, 3000)
            came = player.until("NetStream.Play.Stop")
            after = came[came.index("Recorded") - 1 :]
            assert after == SOUGHT + (from_key_frame(tags, key) if at else tags) + STOPPED
        player.start("s", 0)  # and once more from the beginning
        assert player.until("NetStream.Play.Stop") == STARTED + tags + STOPPED


def test_pause_holds_it(serve):
    """What does not fit on the way to the player waits for it; what was sent does not come twice."""
    tags = stored(1000, 40000)
    port = serve(tags)
    with Player(port) as player:
        player.start("s", 0)
        came = player.until("NetStream.Play.Start") + [player.next() for _ in range(20)]
        player.pause(True, 100)
        came += player.until("NetStream.Pause.Notify")
        assert came[-2] != tags[-1]
        player.call("getStreamLength", None, "s")
        assert player.next() == "_result"  # nothing is between
        player.pause(False, 100)
        came += player.until("NetStream.Play.Stop")
        words = [w for w in came if isinstance(w, str)]
        assert words == [*STARTED, "NetStream.Pause.Notify", "NetStream.Unpause.Notify", *STOPPED]
        assert [t for t in came if isinstance(t, tuple)] == tags


def test_seek_while_paused(serve):
    tags = stored(100)
    with Player(serve(tags)) as player:
        player.start("s", 0)
        player.until("NetStream.Play.Stop")
        player.pause(True, 4000)
        player.seek(2000)
        assert player.until("NetStream.Play.Start") == ["NetStream.Pause.Notify"] + SOUGHT
        player.call("getStreamLength", None, "s")
        assert player.next() == "_result"
        player.pause(False, 2000)
        assert player.until("NetStream.Play.Stop") == ["NetStream.Unpause.Notify"] + from_key_frame(tags, 2000) + STOPPED


def test_pause_at_the_end(serve):
    """There is nothing more, and that is said when it is to go on."""
    with Player(serve(stored(25))) as player:
        player.start("s", 0)
        player.until("NetStream.Play.Stop")
        player.pause(True)
        player.pause(False)
        assert player.until("NetStream.Play.Stop") == ["NetStream.Pause.Notify", "NetStream.Unpause.Notify"] + STOPPED


def test_sound_and_picture_as_wanted(serve):
    """Without picture, and with it again from a key frame on; and without sound."""
    tags = stored(0)
    for i in range(1000):
        tags += [flv.video(i * STEP, i, 40000), flv.audio(i * STEP + 3, i, 40000)]
    with Player(serve(tags)) as player:
        player.start("s", 0)
        player.call("receiveVideo", None, False, stream=player.stream)
        player.until("NetStream.Play.Start")
        kinds = [rtmp.VIDEO]
        while kinds[-2:] != [rtmp.AUDIO, rtmp.AUDIO]:
            kinds.append(player.next()[0])
        player.call("receiveVideo", None, True, stream=player.stream)
        player.call("receiveAudio", None, False, stream=player.stream)
        video = [t for t in player.until("NetStream.Play.Stop") if t[0] == rtmp.VIDEO]
        assert flvcmp.is_key_frame(flvcmp.Tag(*video[0], 0)) and len(video) > 50
        assert video == [t for t in tags if t[0] == rtmp.VIDEO][-len(video) :]


def test_a_player_that_takes_nothing_is_nobodys_loss(serve):
    """Little of the recording is in memory for it, and another gets all of it meanwhile."""
    tags = stored(1000, 40000)
    port = serve(tags)
    before = serve.process.memory()[0]
    stuck = [Player(port) for _ in range(4)]
    for player in stuck:
        player.start("s", 0)
        player.until("NetStream.Play.Start")
    with Player(port) as player:
        player.start("s", 0)
        assert player.until("NetStream.Play.Stop") == STARTED + tags + STOPPED
    if not support.sanitized(support.find_sluice()):
        assert serve.process.memory()[0] - before < 8 << 10  # kB; and not 40 MB each
    for player in stuck:
        player.__exit__()


def test_what_has_ended_idles(serve):
    with Player(serve(stored(25), "--idle-timeout", "1")) as player:
        player.start("s", 0)
        player.until("NetStream.Play.Stop")
        assert player.ended(20)


def test_what_a_crash_left(sluice, serve, tmp_path, clip):
    """The server is killed while it records: another plays what is there, up to the last whole tag."""
    port = serve(flv.flv([])[:13])
    push = sluice.start("push", "--loop", clip, f"rtmp://127.0.0.1:{port}/live", "t")
    recording = tmp_path / "recorded" / "live" / "t.flv"
    deadline = time.monotonic() + 20 * sluice.patience
    while not (recording.exists() and recording.stat().st_size > 90000):  # the room for an index has 65536
        assert time.monotonic() < deadline
        time.sleep(0.02)
    serve.process.process.send_signal(signal.SIGKILL)
    push.wait(20 * sluice.patience)
    recording.write_bytes(recording.read_bytes() + b"\x09\x01\0")
    port = serve(b"FLV")
    got = tmp_path / "got.flv"
    assert sluice.run("pull", "--vod", f"rtmp://127.0.0.1:{port}/live/t", got).code == support.OK
    assert flvcmp.compare(clip, got, prefix=True) is None and len(flvcmp.media(flvcmp.read(got))) > 50


def test_length(serve):
    port = serve(stored(100))
    with Player(port) as player:
        for name, seconds in (("s", 3.963), ("none", 0)):
            player.call("getStreamLength", None, name)
            assert player.until("_result")[3] == seconds

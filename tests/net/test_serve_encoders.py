# SPDX-License-Identifier: MIT
"""What encoders do that no specification says, or that it says otherwise: each was seen, of the program that is named
with it, by those who wrote a server. What such a one publishes is recorded, tag by tag."""

import contextlib
import json
import os
import struct
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
import support
from support import OK

START = "NetStream.Publish.Start"
TAGS = flv.frames(30)
BIG = flv.frames(6, size=3000)
METADATA = rtmp.amf0("onMetaData", {"width": 320, "height": 180})


class Encoder(peers.Client):
    """A client that keeps what it sent."""

    def __init__(self, port):
        super().__init__("127.0.0.1", port)
        self.sent, self.chunk_size = [], 128

    def chunks_of(self, size, csid=2):
        self.send(rtmp.message(rtmp.SET_CHUNK_SIZE, struct.pack(">I", size), csid, chunk_size=self.chunk_size))
        self.chunk_size = size

    def begin(self, name="cam", app="live"):
        """Until it publishes."""
        self.handshake()
        assert self.connect(app)[0] == "_result"
        self.create_stream()
        assert self.publish(name)[3]["code"] == START

    def data(self, payload, kind=rtmp.DATA, stream=None):
        self.send(rtmp.message(kind, payload, 4, 0, self.stream if stream is None else stream, self.chunk_size))

    def tags(self, tags, csid=6, stream=None):
        for kind, stamp, body in tags:
            self.send(rtmp.message(kind, body, csid, stamp, self.stream if stream is None else stream, self.chunk_size))
        self.sent += tags

    def done(self):
        """It asks something, and has the answer to all."""
        number = self.call("_checkbw", None)
        while self.until("_result")[1] != number:
            pass


class Served:
    def __init__(self, process, folder, patience):
        self.process, self.folder, self.patience = process, folder, patience
        self.port = int(process.expect(r'"rtmp://127\.0\.0\.1:(\d+)"', 20 * patience, "out")[1])

    def encoder(self):
        return Encoder(self.port)

    def recordings(self, count=1):
        """The files' names, once so many are whole."""
        deadline = time.monotonic() + 20 * self.patience
        while True:
            lines = self.process.text("out").splitlines(keepends=True)
            done = [e for e in map(json.loads, (line for line in lines if line.endswith("\n"))) if e["event"] == "recorded"]
            if len(done) >= count:
                return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*.flv"))
            assert time.monotonic() < deadline, self.process.text("out") + self.process.text("err")
            time.sleep(0.02)

    def check(self, sent, path="live/cam.flv", count=1):
        """That is what was recorded, and nothing else was."""
        names = self.recordings(count)
        assert path in names and len(names) == count, names
        found = flvcmp.difference(as_tags(sent), flvcmp.read(self.folder / path), shift=0)
        assert not found, found


def as_tags(tags):
    return [flvcmp.Tag(kind, stamp % 2**32, body, 0) for kind, stamp, body in tags]


@pytest.fixture
def served(sluice, tmp_path):
    sluice.need("serve")
    (tmp_path / "served").mkdir()
    process = sluice.start("serve", "--json", "--listen", "rtmp://127.0.0.1:0", tmp_path / "served")
    yield Served(process, tmp_path / "served", sluice.patience)
    assert process.stop().code == OK


# ---- the handshake ----


def c1_of_flash():
    """With a version in it, as Flash Player's has, and no digest."""
    return struct.pack(">I", 0) + b"\x80\0\7\2" + os.urandom(peers.HANDSHAKE - 8)


@pytest.mark.parametrize("c1", [bytes(peers.HANDSHAKE), b"\xff" * peers.HANDSHAKE, c1_of_flash()],
                         ids=["zeros", "ones", "a version without a digest"])
def test_handshakes(served, c1):
    """Streamlabs', StreamPack's and Larix's want theirs back as it was; and C2 is something else with many."""
    with served.encoder() as encoder:
        encoder.send(b"\x03" + c1)
        answer = encoder.reader.exactly(1 + 2 * peers.HANDSHAKE)
        assert answer[1 + peers.HANDSHAKE :] == c1
        encoder.send(os.urandom(peers.HANDSHAKE))
        encoder.connect()
        encoder.create_stream()
        encoder.publish("cam")
        encoder.tags(TAGS)
    served.check(TAGS)


def test_all_at_once(served):
    """Small devices wait for nobody: all up to the frames is one write, and the stream is 1."""
    with served.encoder() as encoder:
        connect = {"app": "live", "flashVer": "FMLE/3.0", "tcUrl": f"rtmp://127.0.0.1:{served.port}/live"}
        frames = b"".join(rtmp.message(kind, body, 6, stamp, 1) for kind, stamp, body in TAGS)
        encoder.send(b"\x03" + bytes(2 * peers.HANDSHAKE) + rtmp.command("connect", 1, connect) +
                     rtmp.command("releaseStream", 2, None, "cam") + rtmp.command("FCPublish", 3, None, "cam") +
                     rtmp.command("createStream", 4, None) + rtmp.command("publish", 5, None, "cam", "live", stream=1) + frames)
        encoder.reader.exactly(1 + 2 * peers.HANDSHAKE)
        assert encoder.until("onStatus")[3]["code"] == START
        encoder.done()
    served.check(TAGS)


# ---- control messages ----


@pytest.mark.parametrize("csid", [3, 4, 5, 6, 63, 64, 320])
def test_control_on_any_chunk_stream(served, csid):
    """Cameras send it on 3 to 6."""
    with served.encoder() as encoder:
        encoder.handshake()
        encoder.send(rtmp.message(rtmp.WINDOW_ACK_SIZE, struct.pack(">I", 2500000), csid))
        encoder.connect()
        encoder.chunks_of(4096, csid)
        encoder.create_stream()
        encoder.publish("cam")
        encoder.tags(BIG)
    served.check(BIG)


@pytest.mark.parametrize("size", [1, 390, 60000, 65536, 65537, 0x08000000, 0x7FFFFFFF])
def test_chunks_of_any_size(served, size):
    """Of 128 MiB with those that are made with joy4, of 65,536 and more with vMix."""
    with served.encoder() as encoder:
        encoder.begin()
        encoder.chunks_of(size)
        encoder.tags(BIG)
    served.check(BIG)


def test_chunks_of_more_and_more(served):
    """Wirecast says another size whenever a frame is larger than all before; here, between a frame's chunks too."""
    with served.encoder() as encoder:
        encoder.begin()
        for n in range(20):
            frame = flv.video(n * 40, n, 200 + 100 * n)
            encoder.chunks_of(len(frame[2]) + 1)
            encoder.tags([frame])
        body = flv.video(0, 1, 3000)[2]
        encoder.chunks_of(100)
        encoder.send(rtmp.header(rtmp.VIDEO, len(body), 6, 800, 1) + body[:100])
        encoder.chunks_of(5000)
        encoder.send(rtmp.basic_header(3, 6) + body[100:])
        encoder.sent.append((rtmp.VIDEO, 800, body))
    served.check(encoder.sent)


@pytest.mark.parametrize("window", [0, 1, 2**31, 2**32 - 1])
def test_windows_of_any_size(served, window):
    with served.encoder() as encoder:
        encoder.handshake()
        encoder.send(rtmp.control(rtmp.WINDOW_ACK_SIZE, window))
        encoder.connect()
        encoder.create_stream()
        encoder.publish("cam")
        encoder.tags(TAGS)
        encoder.done()
    served.check(TAGS)


def test_what_only_servers_say(served):
    """DJI's say a bandwidth, restream.io pings: that is to be answered. The others' kinds are nobody's."""
    with served.encoder() as encoder:
        encoder.begin()
        for limit in (0, 1, 2):
            encoder.send(rtmp.message(rtmp.PEER_BANDWIDTH, struct.pack(">IB", 2500000, limit), 2))
        for kind, body in ((3, struct.pack(">II", 1, 3000)), (31, bytes(4)), (32, bytes(4)), (0x1234, b""), (26, b"\0")):
            encoder.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">H", kind) + body, 2))
        encoder.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 4711), 2))
        while (m := encoder.reader.message()).type != rtmp.USER_CONTROL:
            pass
        assert m.payload == struct.pack(">HI", 7, 4711)
        encoder.tags(TAGS)
    served.check(TAGS)


# ---- connect and publish ----


CONNECTS = {
    "nothing but the app": ({"app": "live"}, "live"),
    "a URL in quotes": ({"app": "live", "tcUrl": "'rtmp://127.0.0.1/live'"}, "live"),  # Neko
    "a slash at its end": ({"app": "live/", "tcUrl": "rtmp://127.0.0.1/live/"}, "live"),
    "a slash before it": ({"app": "/live"}, "live"),
    "a query": ({"app": "live?user=me"}, "live"),
    "an instance": ({"app": "live/_definst_"}, "live/_definst_"),
    "no app": ({"app": "", "tcUrl": "rtmp://127.0.0.1"}, None),
    "all that there is": ({"app": "live", "type": "nonprivate", "flashVer": "FMLE/3.0 (compatible; vMix)", "swfUrl": None,
                           "tcUrl": "rtmp://127.0.0.1/live", "fpad": False, "capabilities": 15.0, "audioCodecs": 4071.0,
                           "videoCodecs": 252.0, "videoFunction": 1.0, "objectEncoding": 0,
                           "fourCcList": b"\x0a\0\0\0\2" + rtmp.amf0("hvc1", "av01"), "capsEx": 15.0,
                           "videoFourCcInfoMap": {"*": 4}}, "live"),
}


@pytest.mark.parametrize("how", CONNECTS)
def test_connects(served, how):
    values, folder = CONNECTS[how]
    with served.encoder() as encoder:
        encoder.handshake()
        encoder.call("connect", values)
        assert encoder.until("_result", "_error")[0] == "_result"
        encoder.create_stream()
        assert encoder.publish("cam")[3]["code"] == START
        encoder.tags(TAGS)
    served.check(TAGS, f"{folder}/cam.flv" if folder else "cam.flv")


def test_commands_in_amf3(served):
    """Blackmagic's Web Presenter, RootEncoder and ActionScript's: type 17, which begins with a 0, and type 15."""
    def call(name, *args, stream=0):
        encoder.transactions += 1
        encoder.send(rtmp.message(rtmp.COMMAND_AMF3, b"\0" + rtmp.amf0(name, encoder.transactions, *args), 3, 0, stream))

    with served.encoder() as encoder:
        encoder.handshake()
        encoder.call = call
        assert encoder.connect()[0] == "_result"
        encoder.create_stream()
        assert encoder.publish("cam")[3]["code"] == START
        encoder.data(b"\0" + rtmp.amf0("@setDataFrame") + METADATA, 15)
        encoder.tags(TAGS)
    served.check(TAGS)
    assert b"\0\x05width" in (served.folder / "live/cam.flv").read_bytes()


PUBLISHES = {
    "no kind": (["cam"], "live/cam.flv"),
    "kind null": (["cam", None], "live/cam.flv"),
    "record": (["cam", "record"], "live/cam.flv"),
    "append": (["cam", "append"], "live/cam.flv"),
    "more": (["cam", "live", "and", 7.0, None], "live/cam.flv"),
    "a query": (["cam?token=a/b&x=..", "live"], "live/cam.flv"),
    "a slash before it": (["/cam", "live"], "live/cam.flv"),
    "a file's name": (["flv:cam", "live"], "live/flv%3Acam.flv"),
    "a URL": (["rtmp://192.168.5.116:1935/97ADC289-456A", "live"], "live/rtmp%3A/192.168.5.116%3A1935/97ADC289-456A.flv"),
}


@pytest.mark.parametrize("how", PUBLISHES)
@pytest.mark.parametrize("transaction", [0, 5, 0.5])
def test_publishes(served, how, transaction):
    values, path = PUBLISHES[how]
    with served.encoder() as encoder:
        encoder.to("created")
        encoder.send(rtmp.command("publish", transaction, None, *values, stream=1))
        assert encoder.until("onStatus")[3]["code"] == START
        encoder.tags(TAGS)
    served.check(TAGS, path)


def test_what_is_asked_before(served):
    """By OBS and FMLE, Wirecast, librtmp and DJI's: none of it is waited for in vain."""
    with served.encoder() as encoder:
        encoder.handshake()
        encoder.connect()
        for name in ("releaseStream", "FCPublish", "_checkbw", "FCUnpublish"):
            number = encoder.call(name, None, "cam")
            assert encoder.until("_result")[1] == number
        number = encoder.call("getStreamLength", None, "cam")
        assert encoder.until("_result")[1] == number
        encoder.call("checkBandwidth", None)
        encoder.call("deleteStream", None, 0)
        encoder.create_stream()
        encoder.publish("cam")
        encoder.tags(TAGS)
    served.check(TAGS)


def test_cameras_that_publish_twice(served):
    """First in Flash's words and then in FMLE's; it is one stream."""
    with served.encoder() as encoder:
        encoder.begin()
        encoder.tags(TAGS[:20])
        encoder.call("releaseStream", None, "cam")
        encoder.call("FCPublish", None, "cam|@setDataFrame()")
        encoder.done()
        assert encoder.publish("cam")[3]["code"] == START
        encoder.tags(TAGS[20:])
        assert encoder.publish("other")[3]["code"] == "NetStream.Publish.BadName"
        encoder.tags([flv.video(4000, 100)])
    served.check(TAGS + [flv.video(4000, 100)])


# ---- metadata ----


DATA = {
    "as it is": METADATA,
    "to be set": rtmp.amf0("@setDataFrame") + METADATA,
    "nothing to be set": rtmp.amf0("@setDataFrame"),
    "nothing": b"",
    "an array of its tracks": rtmp.amf0("@setDataFrame", "onMetaData", {"tracks": b"\x0a\0\0\0\1" + rtmp.amf0("av01")}),
    "samples": rtmp.amf0("|RtmpSampleAccess", False, False),
    "text": rtmp.amf0("onTextData", {"text": "hello"}),
    "no name": rtmp.amf0({"a": 1}),
    "half of it": METADATA[:-5],
    "numbers": rtmp.amf0(1, 2, 3),
}


@pytest.mark.parametrize("what", DATA)
@pytest.mark.parametrize("kind", [rtmp.DATA, 15])
def test_metadata_of_any_kind(served, what, kind):
    """And at any time, or never."""
    with served.encoder() as encoder:
        encoder.begin()
        payload = b"\0" + DATA[what] if kind == 15 and DATA[what] else DATA[what]
        encoder.tags(TAGS[:10])
        for _ in range(3):
            encoder.data(payload, kind)
        encoder.tags(TAGS[10:])
    served.check(TAGS)


# ---- frames ----


FRAMES = {
    "Flash's first": [(8, 0, b"")] + TAGS,
    "none in a picture": TAGS[:6] + [(9, 50, b"\x27\1\0\0\0"), (9, 60, b"\x27"), (9, 61, b"")] + TAGS[6:],  # DJI's
    "pictures first": TAGS[2:8:2] + TAGS,  # GLive's, before they are configured
    "configured again and again": TAGS + [(k, s + 2000, b) for k, s, b in TAGS] + TAGS[:2],  # Osmo Action's
    "sound ahead": [t for t in TAGS if t[0] == 8] + [t for t in TAGS if t[0] == 9],
    "from any time": flv.frames(30, start=0xFFFFFF - 400),
    "across 2^32": flv.frames(30, start=2**32 - 400),
    "back and forth": [(k, s + (n % 3) * 7, b) for n, (k, s, b) in enumerate(TAGS)],  # DJI's
}


@pytest.mark.parametrize("what", FRAMES)
def test_frames(served, what):
    with served.encoder() as encoder:
        encoder.begin()
        encoder.tags([(k, s % 2**32, b) for k, s, b in FRAMES[what]])
    served.check(encoder.sent)


@pytest.mark.parametrize("to", [0, 5_000_000, 20_000_000])
def test_clocks_that_jump(served, to):
    """With a key frame there: what follows is as it was sent."""
    tags = flv.frames(30, start=3_000_000) + flv.frames(30, start=to)
    with served.encoder() as encoder:
        encoder.begin()
        encoder.tags(tags)
    served.check(tags)


# ---- chunks ----


def chunked(kind, body, csid, first, chunk_size=128):
    """A message whose later chunks have a header of a byte, as OBS's had until 30.1 and librtmp's have."""
    more = rtmp.basic_header(3, csid)
    return first + more.join(body[at : at + chunk_size] for at in range(0, len(body), chunk_size))


@pytest.mark.parametrize("csid", [4, 64, 320])
def test_long_streams_of_librtmp(served, csid):
    """After 4.7 hours: the time is in a field of its own, which each further chunk should repeat, and does not."""
    tags = flv.frames(20, start=0xFFFFFF - 200)
    with served.encoder() as encoder:
        encoder.begin()
        for kind, stamp, body in tags:
            encoder.send(chunked(kind, body, csid, rtmp.header(kind, len(body), csid, stamp, 1)))
    served.check(tags)


def test_one_chunk_stream_for_all(served):
    """OBS's; the first has all in its header, and the others what they need."""
    tags = [t if t[0] == 8 else (9, t[1], t[2][:100]) for t in TAGS]
    with served.encoder() as encoder:
        encoder.begin()
        encoder.tags(tags[:1], csid=4)
        before = tags[0][1]
        for kind, stamp, body in tags[1:]:
            head = (stamp - before).to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes([kind])
            encoder.send(rtmp.basic_header(1, 4) + head + body)
            before = stamp
    served.check(tags)


def test_chunk_streams_that_begin_in_the_middle(served):
    """With a header that leaves the message stream out: there has been none on it, and what is meant is plain."""
    with served.encoder() as encoder:
        encoder.begin()
        last = {}
        for kind, stamp, body in TAGS:
            head = (stamp - last.get(kind, 0)).to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes([kind])
            encoder.send(chunked(kind, body, kind, rtmp.basic_header(1, kind) + head))
            last[kind] = stamp
    served.check(TAGS)


def test_frames_of_no_stream(served):
    """On message stream 0; while nothing is published they are nobody's."""
    with served.encoder() as encoder:
        encoder.to("created")
        encoder.tags(TAGS[:9], stream=0)
        encoder.publish("cam")
        encoder.sent = []
        encoder.data(METADATA, stream=0)
        encoder.tags(TAGS, stream=0)
    served.check(TAGS)
    assert b"\0\x05width" in (served.folder / "live/cam.flv").read_bytes()


def test_aggregates(served):
    with served.encoder() as encoder:
        encoder.begin()
        for n in range(0, len(TAGS), 8):
            body = b"".join(flv.tag(*t) for t in TAGS[n : n + 8])
            encoder.send(rtmp.message(rtmp.AGGREGATE, body, 6, TAGS[n][1], 1))
    served.check(TAGS)


# ---- the end, and again ----


ENDS = {
    "OBS": [("FCUnpublish", None, "cam"), ("deleteStream", None, 1)],
    "no more than that": [("FCUnpublish", None, "cam")],
    "FFmpeg": [("FCUnpublish", None, "cam"), ("closeStream", None), ("deleteStream", None, 1)],
    "GStreamer": [("deleteStream", None, 1)],
    "Flash": [("closeStream", None)],
    "publish(false)": [("publish", None, False)],
    "close": [("close", None)],
    "reset": [],
}


@pytest.mark.parametrize("how", ENDS)
def test_ends_and_a_new_beginning(served, how):
    """The name is free at once for the next connection."""
    for n in range(1, 3):
        with served.encoder() as encoder:
            encoder.begin()
            encoder.tags(TAGS)
            encoder.done()
            for call in ENDS[how]:
                encoder.call(*call, stream=1 if call[0] in ("closeStream", "publish") else 0)
            if not ENDS[how]:
                encoder.reset()
            served.recordings(n)
    served.check(TAGS, "live/cam.1.flv", count=2)


@pytest.mark.parametrize("how", ["OBS", "no more than that", "FFmpeg", "Flash", "GStreamer", "publish(false)"])
def test_again_on_the_same_connection(served, how):
    """A stream that was deleted is to be created anew; any other can publish again."""
    with served.encoder() as encoder:
        encoder.begin()
        encoder.tags(TAGS)
        for call in ENDS[how]:
            encoder.call(*call, stream=1 if call[0] in ("closeStream", "publish") else 0)
        encoder.done()
        if ENDS[how][-1][0] == "deleteStream":
            encoder.create_stream()
        assert encoder.publish("cam")[3]["code"] == START
        encoder.tags(TAGS)
    served.check(TAGS, "live/cam.1.flv", count=2)

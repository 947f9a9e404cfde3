# SPDX-License-Identifier: MIT
"""What servers that were made for Flash Player want to hear of a client, byte by byte: who it says it is, SWF
verification, secure tokens, what comes before play, and playing faster than the clock."""

import hashlib
import hmac
import struct

import pytest

import flvcmp
import peers
import rtmp
from support import KEY, OK, REFUSED, USAGE, one_sentence

HASH = bytes(range(1, 33))
SIZE = 0x12345678
SWF = f"{HASH.hex()}:{SIZE}"
DIGEST_VERSION = b"\x09\x00\x7c\x02"


def user_control(event, data):
    return rtmp.message(rtmp.USER_CONTROL, struct.pack(">H", event) + data, 2)


@pytest.fixture
def run(sluice, short_clip, tmp_path):
    """run(verb, server, *options): the command to its end."""

    def runs(verb, server, *options):
        sluice.need(verb)
        if verb == "push":
            return sluice.run("push", "--fast", *options, short_clip, server.url(), KEY)
        return sluice.run("pull", *options, server.url(), KEY, tmp_path / "got.flv")

    return runs


def frame(kind, timestamp, mark):
    if kind == rtmp.VIDEO:
        return rtmp.Message(rtmp.VIDEO, timestamp, 1, b"\x27\x01\x00\x00\x00" + mark)
    return rtmp.Message(rtmp.AUDIO, timestamp, 1, b"\xaf\x01" + mark)


FRAMES = [frame(kind, ms, b"%d" % ms) for ms in range(0, 400, 40) for kind in (rtmp.VIDEO, rtmp.AUDIO)]


def server(*args, **options):
    return peers.Server(*args, plays=FRAMES, **options)


# ---- connect ----


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_what_connect_says(run, verb):
    with server() as peer:
        result = run(verb, peer, "--swf-url", "http://a/p.swf", "--page-url", "http://a/", "--flash-ver", "LNX 11,1")
        assert result.code == OK, result.err
        info = peer.session().info
    assert (info["swfUrl"], info["pageUrl"], info["flashVer"]) == ("http://a/p.swf", "http://a/", "LNX 11,1")


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_what_connect_does_not_say_unasked(run, verb):
    with server() as peer:
        assert run(verb, peer).code == OK
        assert not {"swfUrl", "pageUrl"} & set(peer.session().info)


# The text that Debian's rtmpdump makes of that token with that key.
TOKEN, TOKEN_KEY, TOKEN_TEXT = "3c1ff1a14e1181ab01fabc9e316a882f", "opensesame", "secret token 123"


@pytest.mark.parametrize("key", [TOKEN_KEY, None])
def test_secure_token(run, key):
    def offers(conn):
        conn.say("_result", conn.transaction, {"fmsVer": "FMS/3,0,1,123"},
                 {"level": "status", "code": "NetConnection.Connect.Success", "secureToken": TOKEN})
        return True  # the answer that follows is one to nothing that is awaited

    with server("connect", offers) as peer:
        result = run("pull", peer, *(["--secure-token", key] if key else []))
        calls = peer.session().calls
    said = [c for c in calls if c[0] == "secureTokenResponse"]
    assert said == ([["secureTokenResponse", 0.0, None, TOKEN_TEXT]] if key else [])
    assert TOKEN_KEY not in result.err and TOKEN_TEXT not in result.err
    assert ("secure token" in result.err) == (key is None)


# ---- SWF verification ----


def asks(event_data):
    return peers.then_goes_on(user_control(26, event_data))


def test_swf_verification(run):
    with server("connect", asks(b"\x01")) as peer:
        result = run("pull", peer, "--swf-verify", SWF)
        session = peer.session()
    assert result.code == OK and "SWF" not in result.err
    # The server's S1 ends with zeros.
    proof = hmac.new(bytes(32), HASH, hashlib.sha256).digest()
    answers = [c for c in session.controls if c[:2] == b"\x00\x1b"]
    assert answers == [b"\x00\x1b" + b"\x01\x01" + struct.pack(">II", SIZE, SIZE) + proof] and len(answers[0]) == 44
    assert session.c0c1[5:9] == DIGEST_VERSION


@pytest.mark.parametrize("options, data, why", [
    (["--swf-verify", SWF], b"\x02", "type 2, and only type 1 is known"),
    ([], b"\x01", "there is no hash and size of a player"),
])
def test_swf_verification_that_cannot_be(run, options, data, why):
    """Said, and the server goes on as it likes."""
    with server("connect", asks(data)) as peer:
        result = run("pull", peer, *options)
        session = peer.session()
    assert result.code == OK and why in result.err
    assert not [c for c in session.controls if c[:2] == b"\x00\x1b"]
    assert (session.c0c1[5:9] == DIGEST_VERSION) == bool(options)


@pytest.mark.parametrize("verb", ["push", "pull", "serve"])
@pytest.mark.parametrize("text", ["", "00", HASH.hex(), f"{HASH.hex()}:", f"{HASH.hex()}:0", f"{HASH.hex()}:4294967296",
                                  f"{HASH.hex()}:-1", f"{HASH.hex()}: 1", f"{HASH.hex()}:1x", f"{HASH.hex()[:-1]}g:1",
                                  f"{HASH.hex()}0:1"])
def test_swf_that_is_none(sluice, verb, text):
    sluice.need(verb)
    operands = ["--no-record"] if verb == "serve" else ["x.flv", "rtmp://127.0.0.1:1/a/b"][:: 1 if verb == "push" else -1]
    result = sluice.run(verb, "--swf-verify", text, *operands)
    assert result.code == USAGE and "HASH:SIZE" in one_sentence(result)


@pytest.mark.parametrize("swf, code", [(SWF, OK), (SWF.upper(), OK), (f"{HASH.hex()}:7", REFUSED),
                                       (f"{HASH[::-1].hex()}:{SIZE}", REFUSED), (None, REFUSED)])
def test_serve_plays_to_known_players(sluice, short_clip, tmp_path, swf, code):
    sluice.need("serve")
    (tmp_path / "served").mkdir()
    serve = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--swf-verify", f"{bytes(32).hex()}:1",
                         "--swf-verify", SWF, tmp_path / "served")
    port = serve.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]
    url = f"rtmp://127.0.0.1:{port}/live"
    assert sluice.run("push", "--fast", short_clip, url, KEY).code == OK  # publishers are not asked for it
    serve.expect("was recorded")
    result = sluice.run("pull", "--vod", *(["--swf-verify", swf] if swf else []), url, KEY, tmp_path / "got.flv")
    assert result.code == code, result.err
    if code == OK:
        kinds = (flvcmp.AUDIO, flvcmp.VIDEO)
        wanted, got = [[t for t in flvcmp.parse(path.read_bytes()) if t.type in kinds]
                       for path in (short_clip, tmp_path / "got.flv")]
        assert not flvcmp.difference(wanted, got)
    else:
        assert "SWF verification" in result.err


# ---- before play ----


def commands_after_connect(session):
    return [(c[0], c[3:]) for c in session.calls if c[0] not in ("connect", "closeStream", "deleteStream")]


@pytest.mark.parametrize("options, before, after", [
    ([], [], []),
    (["--live"], [("FCSubscribe", [KEY])], []),
    (["--subscribe", "x"], [("FCSubscribe", ["x"])], []),
    (["--live", "--subscribe", "x"], [("FCSubscribe", ["x"])], []),
    (["--usher-token", "t0k3n"], [("NetStream.Authenticate.UsherToken", ["t0k3n"])], []),
    (["--playlist"], [], [("set_playlist", [{"0": KEY}])]),
    (["--playlist", "--live", "--usher-token", "t"],
     [("NetStream.Authenticate.UsherToken", ["t"]), ("FCSubscribe", [KEY])], [("set_playlist", [{"0": KEY}])]),
])
def test_what_comes_before_play(run, options, before, after):
    with server() as peer:
        result = run("pull", peer, "-vv", *options)
        said = commands_after_connect(peer.session())
    assert result.code == OK and "t0k3n" not in result.err
    start = -1000.0 if "--live" in options else -2000.0
    assert said == [("createStream", []), *before, *after, ("play", [KEY, start, *said[-1][1][2:]])]


# ---- faster than the clock ----


def test_a_recording_does_not_wait_for_the_clock(run, tmp_path):
    """The server says that the buffer is full, is paused and told to go on, and sends a part of it twice."""

    def plays_in_two(conn):
        half = len(FRAMES) // 2
        for m in FRAMES[:half]:
            conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
        conn.send(user_control(31, struct.pack(">I", 1)))
        said = []
        while len(said) < 2:
            m = conn.reader.message()
            if m.type != rtmp.COMMAND:
                continue
            said.append(rtmp.amf0_decode(m.payload))
            if len(said) == 1:
                conn.send(user_control(1, struct.pack(">I", 1)))  # Stream EOF, as Adobe's servers say to a pause
                conn.status("NetStream.Pause.Notify", "paused")
        conn.said = said
        for m in FRAMES[half - 5 :]:
            conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
        conn.send(user_control(1, struct.pack(">I", 1)))
        conn.status("NetStream.Play.Stop", "stopped")
        conn.drain()

    with peers.Server("started", plays_in_two) as peer:
        result = run("pull", peer, "--vod", "--keep-timestamps")
        said = peer.session().said
    assert result.code == OK, result.err
    at = FRAMES[len(FRAMES) // 2 - 1].timestamp
    assert said == [["pause", 0.0, None, True, float(at)], ["pause", 0.0, None, False, float(at)]]
    got = [(t.type, t.timestamp) for t in flvcmp.parse((tmp_path / "got.flv").read_bytes())]
    assert [g for g in got if g[0] != flvcmp.SCRIPT] == [(m.type, m.timestamp) for m in FRAMES]

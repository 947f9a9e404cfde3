# SPDX-License-Identifier: MIT
"""sluice push where the keys of the kernel's TLS are used up: the stream goes on over another connection, and what each one
carries is seen by a server of ours."""

import json
import time

import pytest

from rekeyer import Rekeyer

import flv  # of tests/net: pushing knows where that is
import flvcmp
import peers
import rtmp
import support

ASK_AFTER = 400000
METADATA = rtmp.amf0("onMetaData", {"duration": 11.2})
SECOND_VIDEO_CONFIG = flv.VIDEO_CONFIG[:-1] + b"\x01"
TRACK = b"\x96\x00hvc1\x01another track"  # a sequence start of one track of several, Enhanced RTMP v2
BAD_NAME = rtmp.command("onStatus", 0, None, {
    "level": "error", "code": "NetStream.Publish.BadName", "description": "in use"}, csid=5, stream=1)


def stream():
    """Some 2.7 MB; the decoder is configured anew half way."""
    tags = flv.frames(110, size=12000)
    headers = [(flvcmp.SCRIPT, 0, METADATA), tags[0], (flvcmp.VIDEO, 0, TRACK), tags[1]]
    again = [(flvcmp.VIDEO, 110 * 40, SECOND_VIDEO_CONFIG)]
    return headers + tags[2:] + again + flv.frames(110, start=110 * 40, size=12000)[2:]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "in.flv").write_bytes(flv.flv(stream()))
    return tmp_path / "in.flv"


@pytest.fixture
def push(build, sluice, certificate, path):
    """push(server, ask_after, options...): the file to a peers.Server; the result, its summary, and the connections."""

    def push(server, ask_after, *options):
        with Rekeyer(build, certificate, server.port, ask_after) as rekeyer:
            result = rekeyer.push(sluice, path, "ktls:tls13", certificate, *options)
            told = rekeyer.told(len(server.sessions))
        for thread in server.threads:
            thread.join(20)
        return result, json.loads(result.out.splitlines()[-1]), told

    return push


def received(session):
    """Metadata without what is written before it, so that it compares with what was sent."""
    return [(m.type, m.timestamp, m.payload.removeprefix(rtmp.amf0("@setDataFrame"))) for m in session.media]


def check(sessions):
    """Together they had all that was sent, each from the second on with the headers that were valid where it begins."""
    wanted, got = stream(), received(sessions[0])
    for session in sessions[1:]:
        headers = [METADATA, flv.VIDEO_CONFIG, TRACK, flv.AUDIO_CONFIG]
        if (flvcmp.VIDEO, 110 * 40, SECOND_VIDEO_CONFIG) in got:
            headers[1] = SECOND_VIDEO_CONFIG
        tags = received(session)
        assert [body for _, _, body in tags[:4]] == headers
        assert {stamp for _, stamp, _ in tags[:4]} == {tags[4][1]}, "they stand where the stream goes on"
        got += tags[4:]
    assert [tag[:2] for tag in got] == [tag[:2] for tag in wanted]
    assert got == wanted


def test_the_stream_goes_on(push):
    with peers.Server() as server:
        result, summary, told = push(server, ASK_AFTER, "-v", "--kind", "record")
        assert result.code == support.OK
        assert result.err.count("connecting again, to go on where the last connection ended") == summary["renewals"]
        assert [session.kind for session in server.sessions] == ["record"] + ["append"] * summary["renewals"]
        assert summary["renewals"] == len(server.sessions) - 1 > 3
        assert {session.name for session in server.sessions} == {"s"}
        assert [one.end for one in told] == ["orderly"] * len(told)
        check(server.sessions)
    assert summary["messages"] == len(stream()), "what is repeated does not count"
    assert summary["payload_bytes"] == sum(len(tag[2]) for tag in stream())
    assert summary["undelivered_bytes"] == 0
    # Of all connections; their handshakes come on top of what the server had.
    had = sum(one.bytes for one in told)
    assert had < summary["wire_bytes_out"] < had * 1.01 + 3000 * len(told)


def test_the_pace_goes_on(push):
    """Nothing is sent before it is due, and nothing late but what a new connection takes."""
    with peers.Server() as server:
        result, summary, _ = push(server, ASK_AFTER, "--realtime")
        assert result.code == support.OK
        assert summary["renewals"] == len(server.sessions) - 1 > 3
        check(server.sessions)
    assert stream()[-1][1] - 50 <= summary["elapsed_ms"]


def in_use(times):
    """Whoever publishes while a name is still held is refused: the next `times` after the first."""

    def action(conn):
        if not 0 < conn.server.sessions.index(conn) <= times:
            return True
        conn.send(BAD_NAME)
        conn.drain()
        return False

    return action


def hangs_up(times):
    def action(conn):
        return not 0 < conn.server.sessions.index(conn) <= times

    return action


@pytest.mark.parametrize("step, action", [("start", in_use(3)), ("start", hangs_up(2)), ("started", hangs_up(2))],
                         ids=["refused", "hung-up", "second-thoughts"])
def test_a_name_that_is_still_held(push, step, action):
    with peers.Server(step, action) as server:
        result, summary, _ = push(server, ASK_AFTER)
        assert result.code == support.OK and result.err == ""
        carried = [session for session in server.sessions if session.ended == "closed"]
        refused = [session for session in server.sessions if session.ended == step]
        assert len(refused) > 1 and not any(session.media for session in refused)
        assert summary["renewals"] == len(carried) - 1 > 3
        check(carried)


def test_a_name_that_is_held_for_ever(push):
    with peers.Server("start", in_use(1000)) as server:
        result, summary, _ = push(server, ASK_AFTER)
        assert result.code == support.REFUSED
        assert "NetStream.Publish.BadName" in summary["error"]
        assert summary["renewals"] == 1
        assert len(server.sessions) == 2 + 10, "the first, the one after it, and as often as is documented"


def test_a_server_that_only_asks_for_keys(push):
    with peers.Server() as server:
        result, summary, _ = push(server, 1)
        assert result.code == support.CONNECT
        assert "keys" in summary["error"] and "connect again" in summary["error"]
        assert len(server.sessions) == 3
        assert not any(session.media for session in server.sessions)


def test_a_signal_while_the_name_is_held(build, sluice, certificate, path):
    """What waits is not delivered, which is told, and the push ends at once."""
    with peers.Server("start", in_use(1000)) as server, Rekeyer(build, certificate, server.port, ASK_AFTER) as rekeyer:
        with rekeyer.start(sluice, path, "ktls:tls13", certificate) as push:
            deadline = time.monotonic() + 20
            while len(server.sessions) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)
            result = push.stop()
    summary = json.loads(result.out.splitlines()[-1])
    assert result.code == support.INTERRUPTED and result.err == ""
    assert summary["renewals"] == 1 and summary["undelivered_bytes"] > 0

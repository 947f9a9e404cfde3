# SPDX-License-Identifier: MIT
"""rtmpgw between HTTP clients and RTMP servers: streams as they were sent, held against Debian's, and what it refuses."""
import threading

import pytest

import flv
import flvcmp
import gateways
import peers
import programs
import rtmp
import support
from gateways import TAGS, First, same


# ---- a stream ----


def test_stream_is_what_was_sent(gateway, server):
    answer = gateway().get(("r", f"{server.url()}/{support.KEY}"))
    same(answer, TAGS)
    assert answer.reason == "OK" and answer.fields["Content-Type"] == "video/flv"
    assert "Content-Length" not in answer.fields and answer.fields["Connection"] == "close"
    assert server.session().name == support.KEY and "deleteStream" in server.session().commands


def test_both_give_the_same_bytes(gateway):
    got = []
    for debians in (True, False):
        with peers.Server(plays=flv.messages(TAGS)) as server:
            got.append(gateway(debians=debians).get(("r", f"{server.url()}/stream")))
            same(got[-1], TAGS)
    assert got[0].body == got[1].body and got[0].reason == got[1].reason
    assert got[0].fields["Content-Type"] == got[1].fields["Content-Type"]
    assert got[1].fields["Server"].startswith(got[0].fields["Server"])
    assert got[1].fields.keys() - got[0].fields.keys() == {"Connection"} and not got[0].fields.keys() - got[1].fields.keys()


def test_clip_from_sluice_serve(gateway, sluice, serving, clip):
    """Recorded by one program, played through another, and tag by tag what it was."""
    assert sluice.run("push", "--fast", clip, serving.url(), timeout=60).code == support.OK
    serving.recorded()
    answer = gateway().get(("r", serving.url()), ("b", "100000"), timeout=60)
    wanted = flvcmp.media(flvcmp.read(str(clip)))
    assert answer.status == 200 and len(wanted) > 500
    found = flvcmp.difference(wanted, flvcmp.parse(answer.body))
    assert not found, found


def test_many_at_once_and_one_that_does_not_read(gateway):
    tags = flv.frames(400, size=60000)
    large_chunks = peers.then_goes_on(rtmp.control(rtmp.SET_CHUNK_SIZE, 65536), chunk_size=65536)
    with peers.Server("started", large_chunks, plays=flv.messages(tags)) as server:
        peer = gateway()
        with peer.connect() as lazy:
            lazy.sendall(f"GET /?r={server.url()}/lazy HTTP/1.1\r\n\r\n".encode())
            answers = []
            threads = [threading.Thread(target=lambda i=i: answers.append(peer.get(("r", f"{server.url()}/s{i}"))))
                       for i in range(2)]
            for t in threads:
                t.start()
            for t in threads:
                t.join(60 * peer.patience)
            assert len(answers) == 2
            for answer in answers:
                same(answer, tags)
            got = gateways.parse(gateways.until_end(lazy))
        same(got, tags)


# ---- what is refused ----


@pytest.mark.parametrize("path,status,reason", [
    ("/", 400, "Missing Hostname"),
    ("/?n=host", 400, "Missing Playpath"),
    ("/?O=x&r=rtmp://h/a/b", 400, "unknown option"),
    ("/?g=1&r=rtmp://h/a/b", 400, None),
    ("/?D=0.0.0.0&r=rtmp://h/a/b", 400, None),
    ("/?l=9&r=rtmp://h/a/b", 400, "unknown option"),
])
def test_bad_requests_as_before(gateway, path, status, reason):
    for debians in (True, False):
        answer = gateway(debians=debians).get(path=path)
        assert answer.status == status and (reason is None or answer.reason == reason), answer


@pytest.mark.parametrize("path", ["/?nonsense=x", "/?r", "/?=x", "/?r=%", "/?r=%2", "/?r=%zz", "/?r=%00", "/?y=a%0aERROR",
                                  "/?r%20=x", "/?c=abc", "/?w=00", "/?" + "&".join(["C=Z:"] * 65), "/?C=X:1&r=rtmp://h/a/b"])
def test_bad_requests(gateway, path):
    answer = gateway().get(path=path)
    assert answer.status == 400 and answer.fields["Content-Type"] == "text/plain"
    assert int(answer.fields["Content-Length"]) == len(answer.body) > 20 and answer.body.endswith(b"\n")


@pytest.mark.parametrize("option", ["tlsCAFile", "tlsCert", "tlsKey", "tlsOffload", "TLSKEY"])
@pytest.mark.parametrize("name", ["i", "url"])
def test_request_names_no_files_of_the_gateway(gateway, tmp_path, name, option):
    """Not even to say whether they are there. On the command line it is in order."""
    (tmp_path / "file").write_text("no certificate")
    with First() as first:
        url = f"rtmps://127.0.0.1:{first.port}/app/name {option}={tmp_path}/file"
        answer = gateway().get((name, url))
        assert answer.status == 400 and b"command line" in answer.body and str(tmp_path).encode() not in answer.body
        assert first.got is None
    answer = gateway("-i", url).get(path="/")
    assert answer.status in (400, 502) and b"only for its own command line" not in answer.body


def test_range_method_and_target(gateway, server):
    url = ("r", f"{server.url()}/name")
    for debians in (True, False):
        answer = gateway(debians=debians).get(url, options=["-H", "Range: bytes=100-"])
        assert (answer.status, answer.reason) == (416, "Requested Range Not Satisfiable")
    peer = gateway()
    same(peer.get(url, options=["-H", "Range: bytes=0-"]), TAGS)
    answer = peer.get(url, options=["-X", "POST"])
    assert answer.status == 405 and answer.fields["Allow"] == "GET, HEAD"
    answer = peer.raw(b"GET http://h/ HTTP/1.0\r\n\r\n")
    assert answer.status == 404 and b"/?r=rtmp://HOST/APP/NAME" in answer.body
    count = len(server.sessions)
    answer = peer.get(url, options=["-I"])
    assert answer.status == 200 and answer.body == b"" and answer.fields["Content-Type"] == "video/flv"
    assert len(server.sessions) == count
    assert peer.get(path="/?rr=1", options=["-I"]).status == 400


def test_upstream_failures(gateway):
    peer = gateway()
    assert peer.get(("r", f"rtmp://127.0.0.1:{programs.free_port()}/app/name")).status == 502
    assert peer.get(("r", "rtmp://nowhere.invalid/app/name")).status == 502
    for step in ("accepted", "c0c1", "connect", "create", "start"):
        with peers.Server(step, peers.close) as server:
            answer = peer.get(("r", f"{server.url()}/{support.KEY}"))
            assert answer.status == 502 and len(answer.body) > 20 and support.KEY.encode() not in answer.body

    def refuse(conn):
        conn.status("NetStream.Play.StreamNotFound", "no such stream", "error")
        conn.drain()

    with peers.Server("start", refuse) as server:
        answer = peer.get(("r", f"{server.url()}/name"))
        assert answer.status == 502 and b"NetStream.Play.StreamNotFound" in answer.body

# SPDX-License-Identifier: MIT
"""rtmpsrv: what it shows of its clients is what Debian's shows."""
import os
import re
import shlex
import subprocess

import pytest

import stubs
from stubs import URL, asks


# ---- what Debian's shows ----


@pytest.mark.parametrize("options", [
    "-y foo",
    "-y mp4:dir/foo.mp4?a=b -f 'LNX 9' -s http://x/y.swf -p http://p/",
    "-y foo.mp3 -u secret",
    "-y a/b.c -C B:1 -C S:hello -C N:7.5 -C Z:",
    "-y foo -C O:1 -C NN:a:5 -C NS:b:x -C NB:c:0 -C O:0 -C Z:",
    "-y .foo --live", "-y ?foo", "-a 'some app' -y some", "-t rtmp://elsewhere:80/x -y y",
])
def test_the_line_is_that_of_debians(sluice, tmp_path, options):
    script = (f"timeout 10 rtmpdump -q -m 5 -r rtmp://127.0.0.1/live/i {options} -o /dev/null\n"
              "for i in $(seq 100); do grep -q done! err && break; sleep 0.1; done")
    theirs, ours = (stubs.apart(program, tmp_path / f"at{n}", script, sluice.patience)
                    for n, program in enumerate(stubs.both(sluice, "rtmpsrv")))
    assert theirs[1].startswith(b"\nrtmpdump -r \"rtmp://") and theirs[1].count(b"\n") == 3
    assert ours[1] == theirs[1]
    assert ours[0] == theirs[0] == 0
    for word in ("Streaming on rtmp://0.0.0.0:1935\n", "Closing connection... done!\n\n", "Exiting\n"):
        assert word in theirs[2] and word in ours[2]


def test_tunnels_are_answered_by_neither(sluice, tmp_path):
    """RTMPT: to an HTTP client both say not a byte, and show nothing."""
    script = "curl -s -m 3 -o body --data-binary '' http://127.0.0.1:1935/open/1; cat body 2>/dev/null | wc -c > size"
    for n, program in enumerate(stubs.both(sluice, "rtmpsrv")):
        code, out, _ = stubs.apart(program, tmp_path / f"at{n}", script, sluice.patience)
        assert (code, out) == (0, b"") and (tmp_path / f"at{n}" / "size").read_text().strip() == "0", program


def test_debug_as_debians(sluice, tmp_path):
    script = "timeout 10 rtmpdump -q -m 5 -r rtmp://127.0.0.1/live/i -o /dev/null"
    for n, program in enumerate(stubs.both(sluice, "rtmpsrv")):
        said = [stubs.apart(f"{program} {options}", tmp_path / f"at{n}{options}", script, sluice.patience)[2]
                for options in ("", "-z")]
        assert ["DEBUG: " in text for text in said] == [False, True], program


def test_tls_as_debians(sluice, tmp_path, certificates):
    """Debian's rtmpdump, which takes a session ticket of TLS 1.3 for the end, is understood by both."""
    options = f"-c {certificates}/good.pem -k {certificates}/good.key"
    script = "timeout 10 rtmpdump -q -m 5 -r rtmps://127.0.0.1:1935/live/i -y foo -o /dev/null"
    theirs, ours = (stubs.apart(f"{program} {options}", tmp_path / f"at{n}", script, sluice.patience)
                    for n, program in enumerate(stubs.both(sluice, "rtmpsrv")))
    assert theirs[1].startswith(b"\nrtmpdump -r \"rtmps://") and ours[:2] == theirs[:2]


def test_it_listens_where_debians_does(sluice, tmp_path):
    for n, program in enumerate(stubs.both(sluice, "rtmpsrv")):
        code, _, _ = stubs.apart(program, tmp_path / f"at{n}", "", sluice.patience)
        assert code == 0
        assert re.search(r"0\.0\.0\.0:1935\b", (tmp_path / f"at{n}" / "listening").read_text())


# ---- other clients ----


def test_ffmpeg(srv, foreign):
    stub = srv()
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-rtmp_swfurl", "http://s/x.swf", "-rtmp_pageurl", "http://p/",
                    "-rtmp_conn", "B:1 S:x", "-i", stub.url("live/some"), "-f", "null", "-"],
                   capture_output=True, timeout=60, check=False)
    words = shlex.split(stub.line())
    assert words[:5] == ["rtmpdump", "-r", stub.url(), "-a", "live"]
    assert words[words.index("-W") + 1] == "http://s/x.swf" and words[words.index("-p") + 1] == "http://p/"
    assert words[-8:] == ["-C", "B:1", "-C", "S:x", "-y", "some", "-o", "some.flv"]


def test_curl(srv):
    stub = srv()
    subprocess.run(["curl", "-s", "-o", os.devnull, stub.url("live/some")], capture_output=True, timeout=60, check=False)
    assert shlex.split(stub.line())[-4:] == ["-y", "some", "-o", "some.flv"]


@pytest.mark.parametrize("scheme", ["rtmpe", "rtmp"])
def test_rtmpdump_ends_well(srv, foreign, scheme):
    """Debian's own rtmpsrv ends the connection before rtmpdump has heard all of it."""
    stub = srv()
    foreign("rtmpdump", "-q", "-r", stub.url(scheme=scheme), "-y", "foo", "-o", os.devnull)
    assert stub.line().startswith(f'rtmpdump -r "{scheme}://127.0.0.1:{stub.port}/live" -a "live"')


def test_an_usher_token(srv):
    stub = srv()
    asks(stub, token='{"a":"b"}', **URL)
    assert stub.line() == """rtmpdump -r "rtmp://h/live" -a "live" -j '{"a":"b"}' -y "foo" -o foo.flv"""


def test_what_else_it_answers(srv):
    stub = srv()
    with stub.client() as client:
        client.handshake()
        client.connect()
        client.call("getStreamLength", None, "foo")
        assert client.until("_result")[3] == 10
        client.create_stream()
        answer = client.publish("foo")
        assert answer[3]["code"] == "NetStream.Publish.BadName"
    assert stub.lines() == []


def test_without_a_tcurl_there_is_nothing_to_show(srv):
    stub = srv()
    asks(stub, app="live")
    stub.expect("WARNING: A client that plays has sent no tcUrl")
    asks(stub, **URL)
    assert stub.line() and len(stub.lines()) == 1


def test_more_than_options_can_say(srv):
    stub = srv()
    asks(stub, extra=[b"\x0b" + bytes(10)], **URL)
    assert stub.line().endswith('-C Z: -y "foo" -o foo.flv')
    stub.expect("WARNING: The client sent more than rtmpdump has options for")


def test_many_at_once(srv):
    stub = srv()
    names = [f"name{n}" for n in range(40)]
    clients = [stub.client() for _ in names]
    for client in clients:
        client.handshake()
    for client, name in zip(clients, names):
        client.call("connect", {"app": name, "tcUrl": f"rtmp://{name}/"})
    for client in reversed(clients):
        client.until("_result")
        client.create_stream()
    for client, name in zip(clients, names):
        client.play(name)
    for client in clients:
        assert client.ended(20)
    assert sorted(stub.lines()) == sorted(f'rtmpdump -r "rtmp://{n}/" -a "{n}" -y "{n}" -o {n}.flv' for n in names)


def test_a_player_that_tries_again(srv):
    stub = srv()
    for play in ("foo", "foo", "dir/foo.mp4?x", "bar", "foo"):
        asks(stub, play=play, **URL)
    assert [line.split()[-1] for line in stub.lines()] == ["foo.flv", "skipping.", "skipping.", "bar.flv", "foo.flv"]
    assert stub.lines()[1] == "Duplicate request, skipping."

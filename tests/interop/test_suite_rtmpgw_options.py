# SPDX-License-Identifier: MIT
"""What rtmpgw's options change, on its command line and in a query, held against Debian's."""
import http.server
import socket
import struct
import threading

import pytest

import flv
import gateways
import peers
import programs
import support
from gateways import TAGS, First, same
from test_librtmp_session import with_token

HASH = bytes(range(32)).hex()
TOKEN = "3c1ff1a14e1181ab01fabc9e316a882f"

# ---- what the server sees ----


def connect_of(session):
    return session.calls[0]


def call(session, name):
    return next((c for c in session.calls if c[0] == name), None)


def info(name):
    return lambda session: (session.info.get(name) or "").replace(f":{session.server.port}/", ":PORT/")


def extras(session):
    return connect_of(session)[3:]


def buffer_length(session):
    return [struct.unpack(">I", c[6:10])[0] for c in session.controls if c[:2] == b"\0\3"][-1:]


# Letter, name, value, what it changes of the session, and what that is then. None: whatever Debian's makes of it.
OPTIONS = [
    ("a", "app", "other/app", info("app"), "other/app"),
    ("y", "playpath", "other name", lambda s: s.name, "other name"),
    ("t", "tcUrl", "rtmp://elsewhere/app", info("tcUrl"), "rtmp://elsewhere/app"),
    ("p", "pageUrl", "http://page/?a=1&b=2", info("pageUrl"), "http://page/?a=1&b=2"),
    ("s", "swfUrl", "http://player/a+b.swf", info("swfUrl"), "http://player/a+b.swf"),
    ("f", "flashVer", "WIN 9,9,9,9", info("flashVer"), "WIN 9,9,9,9"),
    ("u", "auth", "secret", extras, [True, "secret"]),
    ("C", "conn", "S:50%", extras, ["50%"]),
    ("C", "conn", "N:12.5", extras, [12.5]),
    ("d", "subscribe", "channel", lambda s: call(s, "FCSubscribe"), None),
    ("j", "jtv", '{"a":"b"}', lambda s: call(s, "NetStream.Authenticate.UsherToken"), None),
    ("A", "start", "1.5", lambda s: call(s, "play")[3:], None),
    ("B", "stop", "2.5", lambda s: call(s, "play")[3:], None),
    ("v", "live", "", lambda s: call(s, "play")[3:], None),
    ("b", "buffer", "12345", buffer_length, [12345]),
]


def session_of(gateway, *pairs):
    """What a server sees of one request."""
    with peers.Server(plays=flv.messages(TAGS)) as server:
        same(gateway.get(("r", f"{server.url('app')}/name"), *pairs), TAGS)
        return server.session()


@pytest.fixture(scope="module")
def seen_of_debians(sluice_path, tmp_path_factory):
    """One of Debian's for all requests: what a server sees without options and with."""
    command = type("Command", (), {"path": sluice_path, "patience": 1})
    with gateways.Gateway(command, tmp_path_factory.mktemp("debians"), debians=True) as process:
        process.ready()
        plain = session_of(process)
        yield {(letter, value): (look(plain), look(session_of(process, (letter, value))))
               for letter, _, value, look, _ in OPTIONS}


@pytest.mark.parametrize("letter,name,value,look,wanted", OPTIONS, ids=[f"{o[1]}-{o[2]}" for o in OPTIONS])
def test_option_changes_what_the_server_sees(gateway, seen_of_debians, letter, name, value, look, wanted):
    """In a query by letter and by name, and as a default by both: what Debian's makes of it."""
    without, debians = seen_of_debians[letter, value]
    assert debians != without and (wanted is None or debians == wanted)
    asked = gateway()
    assert look(session_of(asked)) == without
    assert look(session_of(asked, (letter, value))) == debians
    assert look(session_of(asked, (name, value))) == debians
    for spelled in (f"-{letter}", f"--{name}"):
        assert look(session_of(gateway(spelled, *([value] if value else [])))) == debians


def test_request_overrides_defaults(gateway, server):
    peer = gateway("-r", "rtmp://127.0.0.1:1/none/none", "-p", "http://default/", "-f", "DEFAULT")
    same(peer.get(("r", f"{server.url('app')}/name"), ("p", "http://asked/")), TAGS)
    session = server.session()
    assert session.info["pageUrl"] == "http://asked/" and session.info["flashVer"] == "DEFAULT"
    assert session.info["app"] == "app" and session.name == "name"


def test_request_overrides_a_default_url(gateway, server):
    same(gateway("-i", "rtmp://127.0.0.1:1/none/none").get(("r", f"{server.url()}/name")), TAGS)


def test_defaults_alone(gateway):
    """Then the request need not say a thing, whatever its path."""
    for debians in (True, False):
        with peers.Server(plays=flv.messages(TAGS)) as server:
            peer = gateway("-r", f"{server.url()}/name", debians=debians)
            same(peer.get(path="/"), TAGS)
            same(peer.get(path="/stream.flv"), TAGS)


def test_host_port_and_protocol(gateway):
    for debians in (True, False):
        with peers.Server(plays=flv.messages(TAGS)) as server:
            peer = gateway("-r", "rtmp://nowhere.invalid/app/name", "-n", server.host, "-c", server.port, debians=debians)
            same(peer.get(path="/"), TAGS)
        with peers.Server(plays=flv.messages(TAGS)) as server:
            pairs = ("n", server.host), ("c", str(server.port)), ("a", "app"), ("y", "name"), ("l", "0")
            same(gateway(debians=debians).get(*pairs), TAGS)
            assert server.session().info["tcUrl"] == f"rtmp://127.0.0.1:{server.port}/app"


@pytest.mark.parametrize("number,begin", [(0, b"\x03"), (1, b"POST /"), (2, b"\x06"), (3, b"POST /"), (4, b"\x16\x03"),
                                          (5, b"\x16\x03")])
def test_protocol(gateway, number, begin):
    with First() as first:
        answer = gateway().get(("r", f"rtmp://127.0.0.1:{first.port}/app/name"), ("l", str(number)), ("m", "5"))
        assert first.bytes().startswith(begin) and answer.status == 502


def test_socks(gateway):
    got = []
    for debians in (True, False):
        with First() as first:
            peer = gateway(debians=debians)
            answer = peer.get(("r", "rtmp://192.0.2.1:1234/app/name"), ("S", f"127.0.0.1:{first.port}"))
            got.append(first.bytes()[:8])
            assert debians or answer.status == 502
    assert got[0] == got[1] == bytes([4, 1]) + struct.pack(">H", 1234) + bytes([192, 0, 2, 1])


def test_swf_hash_makes_a_digest(gateway):
    """Without, the version in C1 is 0."""
    digests = []
    for pairs in ((), (("w", HASH), ("x", "1000")), (("swfhash", HASH), ("swfsize", "1000"))):
        with peers.Server("c0c1", peers.close) as server:
            assert gateway().get(("r", f"{server.url()}/name"), *pairs).status == 502
            digests.append(server.session().c0c1[5:9] != bytes(4))
    assert digests == [False, True, True]


class Player(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        body = b"FWS\x09" + struct.pack("<I", 1008) + bytes(1000)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("days,asked", [("30", 1), ("0", 2)])
def test_player_is_fetched_and_kept(gateway, days, asked):
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Player)
    httpd.asked = []
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{httpd.server_address[1]}/player.swf"
    peer = gateway()
    for _ in range(2):
        with peers.Server("c0c1", peers.close) as server:
            peer.get(("r", f"{server.url()}/name"), ("W", url), ("X", days))
            assert server.session().c0c1[5:9] != bytes(4)
    httpd.shutdown()
    httpd.server_close()
    assert httpd.asked == ["/player.swf"] * asked


def test_token(gateway):
    for debians in (True, False):
        answers = []
        with peers.Server("connect", with_token(TOKEN, answers), plays=flv.messages(TAGS)) as server:
            gateway(debians=debians).get(("r", f"{server.url()}/name"), ("T", "opensesame"))
            server.session()
        assert answers == ["secret token 123"]


def test_url_with_options(gateway):
    seen = []
    for debians in (True, False):
        with peers.Server(plays=flv.messages(TAGS)) as server:
            url = f"{server.url('app')}/name live=1 pageUrl=http://page/ swfUrl=a\\20b playpath=other"
            same(gateway(debians=debians).get(("i", url)), TAGS)
            session = server.session()
            seen.append((session.name, session.info["pageUrl"], session.info["swfUrl"], call(session, "play")[3:]))
    assert seen[0] == seen[1] and seen[1][:3] == ("other", "http://page/", "a b")


def test_timeout(gateway):
    """A server that says nothing; without the option it is given two minutes."""
    with peers.Server("connect", peers.stall) as server:
        answer = gateway().get(("r", f"{server.url()}/name"), ("m", "1"), timeout=60)
    assert answer.status == 502 and b"1 second" in answer.body


@pytest.mark.parametrize("default", [False, True])
def test_how_much_is_said(gateway, server, default):
    """Of one request; the keys are in none of it."""
    said = {}
    for letter in ("", "V", "z"):
        peer = gateway(*([f"-{letter}"] if letter and default else []))
        asked = [(letter, "1")] if letter and not default else []
        same(peer.get(("r", f"{server.url()}/{support.KEY}"), ("T", support.KEY), ("u", support.KEY), *asked), TAGS)
        peer.expect(r"done!\n", 20 * peer.patience, "err")
        said[letter] = peer.text().split("Streaming on", 1)[1]
    assert "Connecting ..." in said[""] and "done!" in said[""] and "DEBUG" not in said[""] and "DEBUG: " in said["V"]
    assert len(said["z"]) >= len(said["V"]) > len(said[""])


def test_quiet(sluice, gateway, server, tmp_path):
    """Says what it is, and nothing more; a request can ask for that, too."""
    with gateways.Gateway(sluice, tmp_path, "-q", port=programs.free_port()) as peer:
        programs.wait_for(peer.port)
        same(peer.get(("r", f"{server.url()}/name")), TAGS)
        assert peer.get(path="/").status == 400
        result = peer.stop()
        assert result.code == 0 and len(result.err.splitlines()) == 2
    peer = gateway()
    same(peer.get(("r", f"{server.url()}/name"), ("q", "1")), TAGS)
    peer.has_children(0)
    assert f":{peer.port}\nCaught a signal" in peer.stop().err


@pytest.mark.parametrize("options,code", [(["-h"], 0), (["--help"], 0), (["-l", "9"], 1), (["-e"], 1), (["--nonsense"], 1),
                                          (["-D", "192.0.2.1"], 1)])
def test_exit_status(sluice, tmp_path, options, code):
    for debians in (True, False):
        with gateways.Gateway(sluice, tmp_path, *options, debians=debians) as process:
            if debians and "-D" in options:
                continue  # the address of the test's own would count
            assert process.wait(20 * sluice.patience).code == code, debians


def test_port_that_is_taken(sluice, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with gateways.Gateway(sluice, tmp_path, "-g", port) as process:
            result = process.wait(20 * sluice.patience)
    assert result.code == 1 and "Failed to start HTTP server, exiting!" in result.err
    assert f"cannot listen at http://127.0.0.1:{port}: " in result.err and "rtmp://" not in result.err


def test_listens_on_loopback_unless_told_otherwise(sluice, tmp_path):
    with gateways.Gateway(sluice, tmp_path) as process:
        assert process.ready().port
    with gateways.Gateway(sluice, tmp_path, "-D", "0.0.0.0") as process:
        process.expect(r"Streaming on http://0\.0\.0\.0:\d+\n", 20 * sluice.patience, "err")
    with gateways.Gateway(sluice, tmp_path, "-D", "::1") as process:
        process.expect(r"Streaming on http://\[::1\]:\d+\n", 20 * sluice.patience, "err")

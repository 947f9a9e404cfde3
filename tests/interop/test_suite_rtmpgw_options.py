# SPDX-License-Identifier: MIT
"""What rtmpgw's options change, on its command line and in a query, held against Debian's."""
import http.server
import socket
import struct
import subprocess
import threading

import pytest

import flv
import gateways
import peers
import programs
import stubs
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
    ("C", "conn", "B:1", extras, [True]),
    ("C", "conn", "Z:", extras, [None]),
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


# ---- where it asks, and how, in each way to say it ----

# A query has letters or names, and so has a command line; Debian's takes letters alone in a query.
WAYS = [("letter", True), ("letter", False), ("name", False), ("-", True), ("-", False), ("--", True), ("--", False)]
EACH_WAY = pytest.mark.parametrize("way,debians", WAYS, ids=[f"{way}{'-debians' * d}" for way, d in WAYS])


def told(gateway, way, debians, *options):
    """A gateway that is told these (letter, name, value), and what of them its requests are to say."""
    if way in ("letter", "name"):
        return gateway(debians=debians), [(option[way == "name"], option[2]) for option in options]
    words = [[f"--{name}" if way == "--" else f"-{letter}", *([value] if value else [])] for letter, name, value in options]
    return gateway(*sum(words, []), debians=debians), []


@EACH_WAY
@pytest.mark.parametrize("letter,name", [("r", "rtmp"), ("i", "url")])
def test_urls(gateway, server, letter, name, way, debians):
    peer, pairs = told(gateway, way, debians, (letter, name, f"{server.url('app')}/name"))
    same(peer.get(*pairs), TAGS)
    assert server.session().info["app"] == "app" and server.session().name == "name"


@EACH_WAY
def test_host_and_port(gateway, server, way, debians):
    """In place of the URL's."""
    peer, pairs = told(gateway, way, debians, ("r", "rtmp", "rtmp://nowhere.invalid/app/name"), ("n", "host", server.host),
                       ("c", "port", str(server.port)))
    same(peer.get(*pairs), TAGS)
    assert server.session().name == "name"


def test_without_a_url(gateway):
    for debians in (True, False):
        with peers.Server(plays=flv.messages(TAGS)) as server:
            pairs = ("n", server.host), ("c", str(server.port)), ("a", "app"), ("y", "name"), ("l", "0")
            same(gateway(debians=debians).get(*pairs), TAGS)
            assert server.session().info["tcUrl"] == f"rtmp://127.0.0.1:{server.port}/app"


def first_bytes(gateway, way, debians, *options):
    """What is said first to a server that then closes, which Debian's does not always notice."""
    with First() as first:
        url = ("r", "rtmp", f"rtmp://127.0.0.1:{first.port}/app/name")
        peer, pairs = told(gateway, way, debians, url, *options, ("m", "timeout", "5"))
        with peer.connect() as sock:
            sock.sendall(f"GET {peer.target(*pairs)} HTTP/1.0\r\n\r\n".encode())
            if not debians:
                assert gateways.parse(gateways.until_end(sock)).status == 502
            return first.bytes()


@pytest.mark.parametrize("number,begin", [(0, b"\x03"), (1, b"POST /"), (2, b"\x06"), (3, b"POST /"), (4, b"\x16\x03"),
                                          (5, b"\x16\x03")])
@pytest.mark.parametrize("debians", [True, False])
def test_protocols(gateway, number, begin, debians):
    assert first_bytes(gateway, "letter", debians, ("l", "protocol", str(number))).startswith(begin)


@EACH_WAY
def test_protocol(gateway, way, debians):
    assert first_bytes(gateway, way, debians, ("l", "protocol", "2")).startswith(b"\x06")


@pytest.mark.parametrize("way,debians", [w for w in WAYS if w[0] in ("letter", "name") or not w[1]])
def test_socks(gateway, way, debians):
    """Debian's, told on its command line, never comes to listen."""
    with First() as first:
        peer, pairs = told(gateway, way, debians, ("r", "rtmp", "rtmp://192.0.2.1:1234/app/name"),
                           ("S", "socks", f"127.0.0.1:{first.port}"))
        peer.get(*pairs)
        assert first.bytes()[:8] == bytes([4, 1]) + struct.pack(">H", 1234) + bytes([192, 0, 2, 1])


def test_objects_behind_connect(gateway):
    words = ("O:1", "NS:a:text", "NN:b:7", "NB:c:1", "O:0", "S:more")
    seen = [extras(session_of(gateway(debians=debians), *(("C", word) for word in words))) for debians in (True, False)]
    assert seen[1] == [{"a": "text", "b": 7.0, "c": True}, "more"] == seen[0]


# ---- what servers want to know ----


@EACH_WAY
def test_swf_hash_makes_a_digest(gateway, way, debians):
    """Without, the version in C1 is 0."""
    options = ("w", "swfhash", HASH), ("x", "swfsize", "1000")
    assert first_bytes(gateway, way, debians)[5:9] == bytes(4)
    assert first_bytes(gateway, way, debians, *options)[5:9] != bytes(4)
    assert first_bytes(gateway, way, debians, options[0])[5:9] == bytes(4), "without its size it is of no use"


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


@pytest.fixture
def web():
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Player)
    httpd.asked = []
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


@EACH_WAY
@pytest.mark.parametrize("days,asked", [("30", 1), ("0", 2)])
def test_player_is_fetched_and_kept(gateway, web, days, asked, way, debians):
    url = f"http://127.0.0.1:{web.server_address[1]}/player.swf"
    for _ in range(2):
        begin = first_bytes(gateway, way, debians, ("W", "swfVfy", url), ("X", "swfAge", days))
        assert begin[5:9] != bytes(4)
    assert web.asked == ["/player.swf"] * asked


@EACH_WAY
def test_token(gateway, way, debians):
    answers = []
    with peers.Server("connect", with_token(TOKEN, answers), plays=flv.messages(TAGS)) as server:
        peer, pairs = told(gateway, way, debians, ("r", "rtmp", f"{server.url()}/name"), ("T", "token", "opensesame"))
        peer.get(*pairs)
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


@EACH_WAY
def test_timeout(gateway, way, debians):
    """A server that says nothing; without the option it is given two minutes, and the answer would come too late."""
    with peers.Server("connect", peers.stall) as server:
        peer, pairs = told(gateway, way, debians, ("r", "rtmp", f"{server.url()}/name"), ("m", "timeout", "1"))
        if not debians:
            answer = peer.get(*pairs, timeout=60)
            assert answer.status == 502 and b"1 second" in answer.body
            return
        with peer.connect() as sock:  # whom Debian's does not tell
            sock.sendall(f"GET {peer.target(*pairs)} HTTP/1.0\r\n\r\n".encode())
            peer.expect("failed to read RTMP packet header", 60 * peer.patience, "err")


# ---- the gateway ----


@EACH_WAY
def test_how_much_is_said(gateway, server, way, debians):
    """Of one request; the keys are in none of it. With -z, all that the client is sent is in it."""
    said = {}
    for letter, name in ((None, None), ("V", "verbose"), ("z", "debug")):
        told_so = [(letter, name, "" if way[0] == "-" else "1")] if letter else []
        peer, pairs = told(gateway, way, debians, *told_so)
        same(peer.get(("r", f"{server.url()}/{support.KEY}"), ("T", support.KEY), ("u", support.KEY), *pairs), TAGS)
        peer.expect(r"done!\n", 20 * peer.patience, "err")
        said[letter] = peer.text().split("Streaming on", 1)[1]
    assert "done!" in said[None] and "DEBUG" not in said[None]
    assert "DEBUG: " in said["V"] and "DEBUG2: " not in said["V"]
    assert "DEBUG: " in said["z"] and "DEBUG2: " in said["z"]
    assert debians or "DEBUG2:   0000:  46 4c 56 01 " in said["z"], "the beginning of an FLV"


@pytest.mark.parametrize("debians", [True, False])
@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet(sluice, server, tmp_path, option, debians):
    """Says what it is, and nothing more."""
    with gateways.Gateway(sluice, tmp_path, option, port=programs.free_port(), debians=debians) as peer:
        programs.wait_for(peer.port)
        same(peer.get(("r", f"{server.url()}/name")), TAGS)
        assert peer.get(path="/").status == 400
        said = peer.text()
        assert "ERROR" not in said and "Connecting" not in said
        if not debians:
            result = peer.stop()
            assert result.code == 0 and len(result.err.splitlines()) == 2


@pytest.mark.parametrize("letter", ["q", "quiet"])
def test_quiet_for_one_request(gateway, server, letter):
    peer = gateway()
    same(peer.get(("r", f"{server.url()}/name"), (letter, "1")), TAGS)
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


@pytest.mark.parametrize("words", [("-D", "-g"), ("--device", "--sport")])
@pytest.mark.parametrize("debians", [True, False])
def test_device_and_port(sluice, tmp_path, words, debians):
    program = stubs.both(sluice, "rtmpgw")[0 if debians else 1]
    port = programs.free_port()
    argv = [program, words[0], "127.0.0.2", words[1], port]
    with support.Process(argv, cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.expect(rf"Streaming on http://127\.0\.0\.2:{port}\n", 20 * sluice.patience, "err")
        with socket.create_connection(("127.0.0.2", port), 20) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert gateways.until_end(sock).startswith(b"HTTP/1.0 400 Missing Hostname\r\n")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 20)


def test_listens_on_loopback_unless_told_otherwise(sluice, tmp_path):
    with gateways.Gateway(sluice, tmp_path) as process:
        assert process.ready().port
    with gateways.Gateway(sluice, tmp_path, "-D", "0.0.0.0") as process:
        process.expect(r"Streaming on http://0\.0\.0\.0:\d+\n", 20 * sluice.patience, "err")
    with gateways.Gateway(sluice, tmp_path, "-D", "::1") as process:
        process.expect(r"Streaming on http://\[::1\]:\d+\n", 20 * sluice.patience, "err")

# SPDX-License-Identifier: MIT
"""rtmpgw between HTTP clients and RTMP servers: what its options change, held against Debian's, and clients that mean it
no good."""
import contextlib
import http.server
import pathlib
import signal
import socket
import struct
import threading
import time

import pytest

import flv
import flvcmp
import gateways
import peers
import programs
import rtmp
import support
from test_librtmp_session import with_token

TAGS = flv.frames(60)
HASH = bytes(range(32)).hex()
TOKEN = "3c1ff1a14e1181ab01fabc9e316a882f"


@pytest.fixture
def gateway(sluice, tmp_path):
    running = []

    def start(*options, debians=False, **settings):
        process = gateways.Gateway(sluice, tmp_path, *options, debians=debians, **settings)
        running.append(process)
        return process.ready()

    yield start
    for process in running:
        process.__exit__()
        said = process.text()
        if not process.debians:
            assert "Sanitizer" not in said and "process of a client ended" not in said and support.KEY not in said, said


@pytest.fixture
def server():
    with peers.Server(plays=flv.messages(TAGS)) as peer:
        yield peer


def same(answer, tags):
    """The answer is the stream: its tags, byte for byte, and their times."""
    assert answer.status == 200, answer
    found = flvcmp.difference([flvcmp.Tag(*t, 0) for t in tags], flvcmp.parse(answer.body))
    assert not found, found


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


# ---- options ----


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


class First:
    """A listener that keeps the first bytes it gets, and closes."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.got = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            sock, _ = self.listener.accept()
            with sock:
                self.got = sock.recv(4096)

    def bytes(self):
        self.thread.join(20)
        return self.got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


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


# ---- hostile clients ----


@pytest.mark.parametrize("data,status", [
    (b"GET /", 400),
    (b"GET / HTTP/1.0\r\n", 400),
    (b"nonsense\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00" + bytes(600) + b"\n", 400),
    (b"\0" * 20000, 400),
    (b"\r\n" * 100, 400),
    (b"GET /?" + b"a" * 20000 + b" HTTP/1.0\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nA: \x01\r\n\r\n", 400),
    (b"GET /?r=\xff\xfe HTTP/1.0\r\n\r\n", 400),
])
def test_heads_that_are_none(gateway, data, status):
    assert gateway().raw(data).status == status


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01",
    b"\x03" + bytes(1536),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"a" * 40,
    b"GET / HTTP/2.0\r\n",
    b"GET /\r\n",
    b"GET /?r=a\x01",
], ids=["tls", "rtmp", "ssh", "long-method", "http2", "http0.9", "control"])
def test_no_request_is_refused_before_its_end(gateway, data):
    """The client says no more, and does not close: the head would not have come in time."""
    with gateway().connect() as sock:
        sock.sendall(data)
        answer = gateways.parse(gateways.until_end(sock))
    assert answer.status == 400 and b"no request of HTTP/1" in answer.body


def test_nothing_at_all(gateway, server):
    peer = gateway()
    with peer.connect() as sock:
        sock.shutdown(socket.SHUT_WR)
        assert gateways.until_end(sock) == b""
    peer.has_children(0)


def test_heads_that_do_not_end(gateway, server):
    """One that never begins, one that goes on slowly: both are told so and closed, others are served meanwhile."""
    peer = gateway()
    with peer.connect() as silent, peer.connect() as slow:
        begun = time.monotonic()
        while time.monotonic() - begun < 30 * peer.patience:
            try:
                slow.sendall(b"GET /?" if time.monotonic() - begun < 0.2 else b"a")
            except OSError:
                break
            slow.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                if slow.recv(1, socket.MSG_PEEK):
                    break
            slow.setblocking(True)
            time.sleep(0.2)
        slow.settimeout(20)
        for sock in (silent, slow):
            assert gateways.parse(gateways.until_end(sock)).status == 408
    peer.has_children(0)
    same(peer.get(("r", f"{server.url()}/name")), TAGS)
    assert peer.cpu() < 2 * peer.patience


def test_more_clients_than_there_are_places(gateway, server):
    peer = gateway()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(peer.connect()) for _ in range(64)]
        peer.has_children(64)
        with peer.connect() as one:
            answer = gateways.parse(gateways.until_end(one))
        assert answer.status == 503 and len(answer.body) > 20
        socks[7].close()
        peer.has_children(63)
        same(peer.get(("r", f"{server.url()}/name")), TAGS)
    peer.has_children(0)


class Endless(peers.Session):
    """Plays frames until nobody takes them, and goes on reading."""

    def play(self, name):
        self.name = name
        self.status("NetStream.Play.Start", "playing")
        threading.Thread(target=self.go_on, daemon=True).start()
        return True

    def go_on(self):
        with contextlib.suppress(OSError):
            for i in range(10**9):
                kind, stamp, body = flv.video(i * 40, i, 2000)
                self.sock.sendall(rtmp.message(kind, body, 6, stamp, 1, self.chunk_size))
                time.sleep(0.005)


@pytest.fixture
def endless():
    with peers.Server(session=Endless) as peer:
        yield peer


def started(gateway, server):
    """A connection whose stream has begun."""
    sock = gateway.connect()
    sock.sendall(f"GET /?r={server.url()}/name HTTP/1.0\r\n\r\n".encode())
    data = b""
    while b"FLV" not in data:
        part = sock.recv(65536)
        assert part, data
        data += part
    return sock


@pytest.mark.parametrize("reset", [False, True])
def test_client_that_goes_while_streaming(gateway, endless, reset):
    peer = gateway()
    sock = started(peer, endless)
    if reset:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    peer.has_children(0)
    assert endless.session(20 * peer.patience).name == "name"


def test_client_that_goes_before_the_stream(gateway):
    """While the server has nothing to say. One that has closed only its own side is waited for longer than that."""
    peer = gateway()
    with peers.Server("connect", peers.stall) as server:
        sock = peer.connect()
        sock.sendall(f"GET /?r={server.url()}/name HTTP/1.0\r\n\r\n".encode())
        while not server.sessions or not server.sessions[0].commands:
            time.sleep(0.02)
        sock.close()
        before = peer.cpu()
        peer.has_children(0, 30)
        assert peer.cpu() - before < 1 * peer.patience


def test_client_that_has_said_all(gateway, server):
    """Closed its side: and reads, to the end."""
    answer = gateway().raw(f"GET /?r={server.url()}/name HTTP/1.0\r\n\r\n".encode())
    same(answer, TAGS)


# ---- the end ----


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "q"])
def test_ends_in_order(gateway, endless, how):
    peer = gateway()
    with started(peer, endless) as sock, peer.connect():
        peer.has_children(2)
        if how == "q":
            peer.type(b"xq\n")
            result = peer.wait(20 * peer.patience)
            assert "Unknown command 'x', ignoring\nExiting\n" in result.err
        else:
            result = peer.stop(getattr(signal, how))
        assert result.code == 0
        gateways.until_end(sock)
    assert "deleteStream" in endless.session(20 * peer.patience).commands


def test_console_that_ends(gateway, server):
    """Is looked at no more."""
    peer = gateway()
    peer.process.stdin.close()
    before = peer.cpu()
    same(peer.get(("r", f"{server.url()}/name")), TAGS)
    time.sleep(0.5)
    assert peer.cpu() - before < 0.4 * peer.patience
    assert peer.stop().code == 0


def test_clients_end_with_the_gateway(gateway, endless):
    """Also where it had no time to tell them."""
    peer = gateway()
    with started(peer, endless):
        children = peer.children()
        peer.process.kill()
        peer.process.wait()
        end = time.monotonic() + 20
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in children):
            assert time.monotonic() < end
            time.sleep(0.02)

# SPDX-License-Identifier: MIT
"""Sessions of our librtmp.so.1: how they begin, and how they end."""

import hashlib
import hmac
import ssl
import struct
import time

import pytest

import flv
import flvcmp
import peers
import rtmp
from librtmp_runs import ours, run  # noqa: F401 (fixture)

USER, PASSWORD = "alice", "s3cret-of-alice"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.flv"
    path.write_bytes(flv.flv(flv.frames(50)))
    return path


def write(library, server, source, *options, **how):
    return run(library, "write", " ".join([f"{server.url()}/s", *options]), source, "4096", **how)


# ---- who publishes ----


@pytest.mark.parametrize("mod", ["adobe", "llnw"])
def test_a_server_that_asks_who_publishes(ours, sluice, tmp_path, short_clip, mod):
    (tmp_path / "users").write_text(f"{USER}:{PASSWORD}\n")
    with sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--auth", mod, "--users", tmp_path / "users", tmp_path) as serving:
        port = serving.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]
        url = f"rtmp://127.0.0.1:{port}/live/cam"
        result = run(ours, "write", f"{url} pubUser={USER} pubPasswd={PASSWORD}", short_clip, "32768")
        assert result.code == 0, result.err
        for user, password in ((USER, "guessed"), ("bob", PASSWORD)):
            result = run(ours, "write", f"{url} pubUser={user} pubPasswd={password}", short_clip, "32768")
            assert result.code == 1 and "check the options pubUser and pubPasswd" in result.err
            assert password not in result.err
    stored = (tmp_path / "live" / "cam.flv").read_bytes()
    assert not flvcmp.difference(flvcmp.parse(short_clip.read_bytes()), flvcmp.parse(stored))


def refuses(description=None, **fields):
    info = {"level": "error", "code": "NetConnection.Connect.Rejected", **fields}

    def action(conn):
        conn.say("_error", conn.transaction, None, {**info, **({"description": description} if description else {})})
        conn.drain()

    return action


def test_questions_without_fields(ours, source):
    for description in ("[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth", "code=403 need auth; authmod=", None):
        with peers.Server("connect", refuses(description)) as server:
            result = write(ours, server, source, f"pubUser={USER}", f"pubPasswd={PASSWORD}")
            assert result.code == 1 and "refused connect" in result.err
            assert PASSWORD not in result.err and len(server.sessions) <= 3


def test_a_server_that_never_stops_asking(ours, source):
    asks = refuses("[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=a&salt=b&challenge=c&opaque=d")
    with peers.Server("connect", asks) as server:
        assert write(ours, server, source, f"pubUser={USER}", f"pubPasswd={PASSWORD}").code == 1
        assert 1 < len(server.sessions) <= 3


def asks_twice(conn):
    """Who publishes; the third connection is accepted."""
    asked = len(conn.server.sessions)
    if asked > 2:
        return True
    return refuses(["[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ",
                    "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=a&salt=b&challenge=c&opaque=d"]
                   [asked - 1])(conn)


class Halting(peers.Session):
    """Lets its client wait for the second half."""

    def play(self, name):
        plays = self.server.plays
        self.status("NetStream.Play.Start", "playing")
        for part in (plays[:10], plays[10:]):
            for m in part:
                self.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
            time.sleep(0.5)
        self.status("NetStream.Play.Stop", "stopped")
        return True


def test_a_program_whose_socket_it_was_is_asked_too(ours, source):
    """It goes on waiting for the same descriptor."""
    frames = flv.frames(50)
    who = f"pubUser={USER} pubPasswd={PASSWORD}"
    with peers.Server("connect", asks_twice, plays=flv.messages(frames), session=Halting) as server:
        result = run(ours, "own", f"{server.url()}/s {who}", str(server.port))
        assert result.code == 0, result.err
        assert len(server.sessions) == 3
    assert [t[:3] for t in flvcmp.parse(result.out)] == frames
    with peers.Server("connect", asks_twice) as server:
        result = run(ours, "own", f"{server.url()}/s {who}", str(server.port), source)
        assert result.code == 0, result.err
        assert len(server.sessions) == 3
        server.threads[2].join(20)
        assert flv.got(server.sessions[2]) == frames


# ---- what connect says ----


def with_token(token, answers):
    """A server's action at "connect", with this secure token; what the client answers goes to answers."""

    def action(conn):
        answer = conn.answer

        def listening(name, transaction=0, info=None, argument=None, kind=None):
            if name == "secureTokenResponse":
                answers.append(argument)
            return answer(name, transaction, info, argument, kind)

        conn.answer = listening
        conn.say("_result", conn.transaction, {}, {"level": "status", "code": "NetConnection.Connect.Success",
                                                   "secureToken": token})
        return True  # with another answer, which comes too late to mean anything

    return action


def test_secure_token(ours, source):
    """What rtmpdump 2.4 (Debian's) makes of this token with this key."""
    answers = []
    with peers.Server("connect", with_token("3c1ff1a14e1181ab01fabc9e316a882f", answers)) as server:
        write(ours, server, source, "token=opensesame")
        server.session()
    assert answers == ["secret token 123"]


@pytest.mark.parametrize("token", [5.0, "", "zz", "a9ba5a8f2b2a2ac", None, True])
def test_token_that_is_none(ours, source, token):
    answers = []
    with peers.Server("connect", with_token(token, answers)) as server:
        assert write(ours, server, source, "token=secretsecretkey1").code in (0, 1)
        server.session()
    assert len(answers) <= 1


def test_swf_verification_by_hand(ours):
    """What a server is answered that asks is in the structure, for programs that answer by themselves."""
    swf = hashlib.sha256(b"a player").digest()
    with peers.Server() as server:
        result = run(ours, "player", f"{server.url()}/s", "4711", swf.hex())
        assert result.code == 0, result.err
        controls = server.session().controls
    # The server's S1 ends with zeros.
    answer = b"\x01\x01" + struct.pack(">II", 4711, 4711) + hmac.new(bytes(32), swf, hashlib.sha256).digest()
    assert result.out.decode() == answer.hex() + "\n"
    assert [c for c in controls if c[:2] == b"\x00\x1b"] == [b"\x00\x1b" + answer]


def test_chunk_size_and_extras(ours, source):
    with peers.Server() as server:
        assert write(ours, server, source, "chunkSize=4000", "conn=S:hello", "conn=O:1", "conn=NN:n:3", "conn=O:0").code == 0
        session = server.session()
    assert flv.got(session) == flv.frames(50)
    assert session.reader.chunk_size == 4000


def test_ipv6(ours, sluice, source, tmp_path):
    with sluice.start("serve", "--listen", "rtmp://[::1]:0", tmp_path) as serving:
        port = serving.expect(r"rtmp://\[::1\]:(\d+)", 20, "out")[1]
        result = run(ours, "write", f"rtmp://[::1]:{port}/live/cam", source, "4096")
        assert result.code == 0, result.err
    stored = flvcmp.media(flvcmp.parse((tmp_path / "live/cam.flv").read_bytes()))
    assert [t[:3] for t in stored] == flv.frames(50)


# ---- servers that do not answer ----


@pytest.mark.parametrize("step", ["accepted", "c0c1", "s0s1", "connect", "create", "start"])
def test_a_silent_server(ours, source, step):
    with peers.Server(step, peers.stall) as server:
        result = write(ours, server, source, "timeout=1")
        assert result.code == 1 and "no stream" in result.err
        assert "ERROR" in result.err


def test_a_server_that_only_pings(ours, source):
    """It is never silent, and never begins."""

    def action(conn):
        while not conn.server.over.wait(0.1):
            conn.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 1), 2))

    with peers.Server("start", action) as server:
        result = write(ours, server, source, "timeout=1")
        assert result.code == 1 and "has not begun the stream within 1 seconds" in result.err


@pytest.mark.parametrize("step", peers.STEPS)
@pytest.mark.parametrize("action", [peers.reset, peers.close, peers.garbage, peers.http], ids=lambda a: a.__name__)
def test_a_server_that_goes_wrong(ours, source, step, action):
    with peers.Server(step, action) as server:
        result = write(ours, server, source, "timeout=2")
        assert result.code in (0, 1) and (result.code == 0) <= (step == "started")


def test_a_refused_stream(ours, source):
    def action(conn):
        conn.status("NetStream.Publish.BadName", "taken", "error")
        conn.drain()

    with peers.Server("start", action) as server:
        result = write(ours, server, source)
        assert result.code == 1 and "refused publish: NetStream.Publish.BadName (taken)" in result.err


def test_a_proxy_without_a_port(ours, source):
    """Is not left out."""
    for proxy in ("127.0.0.1:", "127.0.0.1:0"):
        with peers.Server() as server:
            result = write(ours, server, source, f"socks={proxy}")
            assert result.code == 1 and "Option socks will not do" in result.err
            assert not server.sessions


def test_a_name_that_is_too_long(ours, source):
    """Nothing is asked, and nothing waited for."""
    for program in (("read", "4096"), ("write", source, "4096")):
        with peers.Server() as server:
            result = run(ours, program[0], f"{server.url()}/{'x' * 4097}", *program[1:])
            assert result.code == 1 and "no stream" in result.err
            assert "The stream could not be asked for: a stream name of at most 4096 bytes is needed" in result.err
            assert result.err.count("ERROR") == 1
            assert server.session().commands == ["connect"]
    with peers.Server() as server:
        result = run(ours, "write", f"{server.url()}/{'x' * 4096}", source, "4096")
        assert result.code == 0, result.err
        assert server.session().name == "x" * 4096


# ---- calls in the wrong order ----


def test_calls_that_are_for_the_other_kind_of_stream(ours, source):
    with peers.Server() as server:
        result = run(ours, "wrong", f"{server.url()}/s", source)
        assert result.code == 0, result.err
    assert "There is no stream to write to: RTMP_EnableWrite()" in result.err
    assert "A pause or a seek was not sent: that can be asked for while playing only" in result.err
    assert "SLU_" not in result.err


def test_connecting_anew_without_closing(ours):
    frames = flv.frames(10)
    with peers.Server(plays=flv.messages(frames)) as server:
        result = run(ours, "again", f"{server.url()}/s")
        assert result.code == 0, result.err
        assert len(server.sessions) == 3
    assert [t[:3] for t in flvcmp.parse(result.out)] == frames


# ---- while publishing ----


def test_answers_while_publishing(ours, tmp_path):
    """A ping that comes in the middle of a long stream."""
    (tmp_path / "in.flv").write_bytes(flv.flv(flv.frames(20000)))
    pong = []

    def action(conn):
        conn.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 4711), 2))
        while not pong:
            m = conn.reader.message()
            if m.type == rtmp.USER_CONTROL and m.payload[:2] == b"\0\7":
                pong.append(m.payload)
        return True

    with peers.Server("started", action) as server:
        assert run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", "200").code == 0
        server.session()
    assert pong == [struct.pack(">HI", 7, 4711)]


def test_a_server_that_reads_no_more(ours, tmp_path):
    (tmp_path / "in.flv").write_bytes(flv.flv(flv.frames(60000)))
    with peers.Server("started", peers.stall, receive_buffer=4096) as server:
        result = run(ours, "write", f"{server.url()}/s timeout=1", tmp_path / "in.flv", "32768")
    assert result.code == 1 and "gave up at byte" in result.err
    assert "took no data for 1000 ms" in result.err


def goes(*said):
    """A server's action at "start": says this at once, and is gone when the client has read it and sent something."""

    def action(conn):
        conn.send(b"".join(said))
        while conn.reader.message().type != rtmp.WINDOW_ACK_SIZE:
            pass
        peers.reset(conn)

    return action


def status(code, level="status"):
    return rtmp.command("onStatus", 0, None, {"level": level, "code": code}, csid=5, stream=1)


def test_a_server_that_says_why_and_goes(ours, source):
    """What it said is still to be read when nothing more can be written."""
    said = status("NetStream.Publish.Start"), status("NetStream.Publish.BadName", "error")
    with peers.Server("start", goes(*said)) as server:
        result = run(ours, "late", f"{server.url()}/s timeout=2", source)
    assert result.code == 1 and "gave up" in result.err
    assert "refused publish: NetStream.Publish.BadName" in result.err and "took no data" not in result.err


def test_a_pause_when_the_server_is_gone(ours):
    """It fails, and what came before is played."""
    frames = flv.frames(10)
    media = [rtmp.message(kind, payload, 6, at, 1) for kind, at, payload in frames]
    with peers.Server("start", goes(status("NetStream.Play.Start"), *media)) as server:
        result = run(ours, "paused", f"{server.url()}/s timeout=2")
    assert result.code == 0 and "took no data" not in result.err
    assert [t[:3] for t in flvcmp.parse(result.out)] == frames


@pytest.mark.parametrize("scheme", ["rtmp", "rtmpt"])
def test_a_seek_before_all_is_read(ours, sluice, tmp_path, scheme):
    """A tunnel's next request has to wait for the answer to the one before, which is full of what is not read yet."""
    frames = flv.frames(1000, size=30000)  # more than fits on the way
    (tmp_path / "live").mkdir()
    (tmp_path / "live/film.flv").write_bytes(flv.flv(frames))
    with sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", tmp_path) as serving:
        port = serving.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]
        result = run(ours, "seek", f"{scheme}://127.0.0.1:{port}/live/film timeout=2", "38000")
    assert result.code == 0, result.err
    assert result.out.endswith(b"".join(flv.tag(*frame) for frame in frames[-20:]))


def test_closing_waits_for_no_server(ours, source):
    """It has all of the stream in its socket, and never says that it has ended."""
    with peers.Server("started", peers.stall) as server:
        assert write(ours, server, source).code == 0


def test_nothing_is_lost_in_closing(ours, tmp_path):
    """A server that reads slowly, and its kernel has room for little."""
    frames = flv.frames(20000)
    (tmp_path / "in.flv").write_bytes(flv.flv(frames))
    with peers.Server(receive_buffer=4096) as server:
        assert run(ours, "write", f"{server.url()}/s", tmp_path / "in.flv", "1000000").code == 0
        assert flv.got(server.session()) == frames


# ---- TLS ----


def test_certificates_are_verified(ours, source, certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    with peers.Server(tls=context) as server:
        result = write(ours, server, source)
        assert result.code == 1 and "not trusted here" in result.err and "tlsCAFile" in result.err
    for trust in (f"tlsCAFile={certificates / 'ca.pem'}", "tlsVerify=0"):
        with peers.Server(tls=context) as server:
            assert write(ours, server, source, trust).code == 0
            assert flv.got(server.session()) == flv.frames(50)

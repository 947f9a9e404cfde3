# SPDX-License-Identifier: MIT
"""`sluice push` and `sluice pull` against servers that stall, break off, answer nonsense, or attack."""

import concurrent.futures
import itertools
import struct

import pytest

import flvcmp
import peers
import rtmp
from attacks import BROKEN, HARMLESS
from support import CONNECT, KEY, LOST, OK, PROTOCOL, REFUSED, UNDELIVERED, one_sentence

VERBS = ("push", "pull")
DEADLINES = ("--connect-timeout", "2", "--reply-timeout", "1", "--stall-timeout", "1", "--tls-timeout", "1")


@pytest.fixture
def run(sluice, clip, short_clip, tmp_path):
    """run(verb, server): the command to its end, and never longer than its deadlines allow. A push takes two seconds,
    unless it is fast and pushes the whole clip."""

    numbers = itertools.count()

    def runs(verb, server, *options, timeout=15, fast=False, **how):
        sluice.need(verb)
        if verb == "push":
            pace = ["--fast", clip] if fast else [short_clip]
            args = [*DEADLINES, *options, *pace, server.url(), KEY]
        else:
            args = ["--media-timeout", "2", *DEADLINES, *options, server.url(), KEY,
                    tmp_path / f"{next(numbers)}.flv"]
        return sluice.run(verb, *args, timeout=timeout, **how)

    return runs


def stage(step):
    if step in ("accepted", "c0c1", "s0s1"):
        return "connecting"
    return "flowing" if step == "started" else "asking"


def expected(verb, step, action):
    """The exit codes that tell the truth about it."""
    flowing = {LOST, UNDELIVERED} if verb == "push" else {LOST}
    if action is peers.stall:
        if stage(step) != "flowing":
            return {CONNECT}
        return flowing if verb == "push" else {REFUSED}  # nobody publishes, as far as a player can tell
    if action is peers.garbage or step in ("accepted", "c0c1") and action is peers.http:
        return {PROTOCOL}
    # Past the handshake, "HTTP" reads as the begin of a large message: nothing is wrong but that it ends. And before
    # any media came, a player cannot tell a stream that broke off from one that it does not get.
    # Nor can a publisher tell, right after the server had said yes: nginx's "deny" says yes and hangs up.
    flowing.add(REFUSED)
    return {"connecting": {CONNECT}, "asking": {REFUSED}, "flowing": flowing}[stage(step)]


@pytest.mark.parametrize("action", [peers.stall, peers.reset, peers.close, peers.garbage, peers.http],
                         ids=lambda a: a.__name__)
@pytest.mark.parametrize("step", peers.STEPS)
@pytest.mark.parametrize("verb", VERBS)
def test_misbehaviour_at_every_step(run, verb, step, action):
    with peers.Server(step, action, receive_buffer=4096) as server:
        result = run(verb, server)
        assert server.sessions[0].ended == step
    assert result.code in expected(verb, step, action), result.err
    where = f"127.0.0.1:{server.port}"
    sentence = one_sentence(result)
    assert where in sentence or stage(step) != "connecting", sentence


@pytest.mark.parametrize("step", peers.STEPS)
@pytest.mark.parametrize("verb", VERBS)
def test_noise_at_every_step(run, verb, step):
    """Random bytes may mean anything, even something harmless; they never crash and never hang."""
    with peers.Server(step, peers.noise) as server:
        result = run(verb, server)
    assert result.code in (OK, CONNECT, REFUSED, LOST, PROTOCOL, UNDELIVERED), result.err
    if result.code != OK:
        one_sentence(result, warnings=True)


def test_a_web_server_is_recognised(run):
    with peers.Server("accepted", peers.http) as server:
        result = run("push", server)
    assert result.code == PROTOCOL
    one_sentence(result, "HTTP")


@pytest.mark.parametrize("dribble", [1, 7, 1000])
@pytest.mark.parametrize("verb", VERBS)
def test_bytes_may_come_one_by_one(run, clip, tmp_path, verb, dribble):
    tags = [t for t in flvcmp.parse(clip.read_bytes()) if t.type != flvcmp.SCRIPT][:40]
    plays = [rtmp.Message(t.type, t.timestamp, 1, t.body[:3000]) for t in tags]
    with peers.Server(dribble=dribble, plays=plays) as server:
        result = run(verb, server, timeout=30, fast=True)
        session = server.session()
    assert (result.code, result.err) == (OK, "")
    if verb == "push":
        whole = [t.body for t in flvcmp.parse(clip.read_bytes()) if t.type != flvcmp.SCRIPT]
        assert [m.payload for m in session.media if m.type != rtmp.DATA] == whole
        assert session.name == KEY
        assert session.commands[:1] == ["connect"] and "publish" in session.commands
        assert session.commands[-1] in ("deleteStream", "FCUnpublish", "closeStream")
    else:
        got = flvcmp.parse((tmp_path / "0.flv").read_bytes())
        assert [(t.type, t.body) for t in got if t.type != flvcmp.SCRIPT] == [(m.type, m.payload) for m in plays]


# ---- refusals ----


def error_reply(level, code, description):
    def make(transaction):
        info = {k: v for k, v in (("level", level), ("code", code), ("description", description)) if v is not None}
        return rtmp.command("_error", transaction, None, info)

    return make


@pytest.mark.parametrize("make,says", [
    (error_reply("error", "NetConnection.Connect.Rejected", "no such application, says the test"),
     "no such application, says the test"),
    (error_reply("error", "NetConnection.Connect.Rejected", None), "NetConnection.Connect.Rejected"),
    (error_reply(None, None, "only words"), "only words"),
    (error_reply(None, None, None), "refused"),
    (lambda n: rtmp.command("_error", n), "refused"),
    (lambda n: rtmp.command("_error", n, None, None), "refused"),
    (lambda n: rtmp.command("_error", n, None, "just a string"), "refused"),
    (lambda n: rtmp.command("_error", n, "not null", 5), "refused"),
], ids=range(8))
@pytest.mark.parametrize("verb", VERBS)
def test_a_refused_connect(run, verb, make, says):
    with peers.Server("connect", peers.replies(make)) as server:
        result = run(verb, server)
    assert result.code == REFUSED, result.err
    one_sentence(result, says)


def status(code, description=None, level="error"):
    info = {"level": level, "code": code}
    if description is not None:
        info["description"] = description
    return lambda _: rtmp.command("onStatus", 0, None, info, csid=5, stream=1)


@pytest.mark.parametrize("verb,code", [
    ("push", "NetStream.Publish.BadName"),
    ("push", "NetStream.Publish.Denied"),
    ("push", "NetConnection.Connect.Rejected"),
    ("push", "NetStream.Failed"),
    ("pull", "NetStream.Play.StreamNotFound"),
    ("pull", "NetStream.Play.Failed"),
    ("pull", "NetStream.Failed"),
])
@pytest.mark.parametrize("description", ["because the test says so", "", None], ids=["words", "empty", "none"])
def test_a_refused_stream(run, verb, code, description):
    with peers.Server("start", peers.replies(status(code, description))) as server:
        result = run(verb, server)
    assert result.code == REFUSED, result.err
    one_sentence(result, description or code)


def test_a_refusal_that_repeats_the_key(run):
    """Some servers put the stream's name into what they say. It is a secret all the same."""
    text = f"Stream name {KEY} is taken"
    with peers.Server("start", peers.replies(status("NetStream.Publish.BadName", text))) as server:
        result = run("push", server)  # support.check_sane() looks for the key
    assert result.code == REFUSED
    one_sentence(result, "NetStream.Publish.BadName")


def test_a_refusal_full_of_terminal_commands(run):
    evil = "\x1b]0;owned\x07\x1b[2J\r\nsluice push: done"
    with peers.Server("start", peers.replies(status("NetStream.Publish.Denied", evil))) as server:
        result = run("push", server)
    assert result.code == REFUSED
    one_sentence(result)
    assert "\x1b" not in result.err and "\x07" not in result.err


def test_a_refusal_in_the_middle_of_the_stream(run):
    """What is said while media flows the other way is heard."""
    def action(conn):
        conn.status("NetStream.Publish.Denied", "kicked by the test", "error")
        conn.send(rtmp.command("close", 0, None))
        peers.close(conn)

    with peers.Server("started", action, receive_buffer=4096) as server:
        result = run("push", server)
    assert result.code in (REFUSED, LOST), result.err
    assert "kicked by the test" in result.err


def test_a_redirect_is_an_error_of_its_own(run):
    info = {"level": "error", "code": "NetConnection.Connect.Rejected", "description": "moved",
            "ex": {"code": 302.0, "redirect": "rtmp://elsewhere.example/live"}}
    with peers.Server("connect", peers.replies(lambda n: rtmp.command("_error", n, None, info))) as server:
        result = run("push", server)
    assert result.code == REFUSED
    one_sentence(result, "elsewhere.example")


# ---- attacks ----


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("step", ["connect", "started"])
def test_broken_messages(run, verb, step):
    """Whatever it is taken for, it ends in time and in a sentence. Most wait for a deadline: several at once."""

    def attack(name):
        with peers.Server(step, peers.sends(BROKEN[name]), receive_buffer=4096) as server:
            result = run(verb, server)
        assert result.code in (OK, CONNECT, REFUSED, LOST, PROTOCOL, UNDELIVERED), (name, result.err)
        if result.code != OK:
            one_sentence(result, warnings=True)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(attack, BROKEN))


@pytest.mark.parametrize("name", ["chunk size 0", "type 3 first", "type 2 first", "a string longer than its message",
                                  "hundreds of chunk streams", "a message grows half-way"])
def test_what_breaks_the_protocol_is_called_so(run, name):
    with peers.Server("connect", peers.sends(BROKEN[name])) as server:
        result = run("push", server)
    assert result.code == PROTOCOL, result.err


@pytest.mark.parametrize("verb", VERBS)
def test_45_kb_never_reserve_megabytes(run, sluice, verb):
    """No more address space is granted than a quiet session takes, and 3 MB: whoever reserves what the peer announces
    is out of memory, and says so with another exit code."""
    if sluice.sanitized:
        pytest.skip("a sanitizer's memory tells nothing")
    with peers.Server("connected", peers.stall) as server:
        quiet = run(verb, server)
    assert quiet.code == CONNECT and quiet.reserved > 1000

    def limited(action, kb):
        with peers.Server("connected", action) as server:
            return run(verb, server, prefix=["prlimit", f"--as={(quiet.reserved + kb) * 1024}"])

    assert limited(peers.stall, 0).code == CONNECT
    assert limited(peers.stall, -2000).code not in (CONNECT, PROTOCOL)  # the limit is one
    for name in ("hundreds of chunk streams", "a message grows half-way", "an array of 4 billion",
                 "a long string of 4 GB", "AMF3 traits of 2^28 members"):
        assert len(BROKEN[name]) < 46000
        result = limited(peers.sends(BROKEN[name]), 3000)
        assert result.code in (CONNECT, PROTOCOL), (name, result.err)


@pytest.mark.parametrize("name", HARMLESS)
@pytest.mark.parametrize("step", ["handshaken", "connected", "started"])
def test_odd_but_harmless(run, clip, step, name):
    chunk_size = 0xFFFFFF if name == "the largest chunk size" else 128
    with peers.Server(step, peers.then_goes_on(HARMLESS[name], chunk_size=chunk_size)) as server:
        result = run("push", server, fast=True)
        session = server.session()
    assert (result.code, result.err) == (OK, "")
    assert len([m for m in session.media if m.type != rtmp.DATA]) == len(
        [t for t in flvcmp.parse(clip.read_bytes()) if t.type != flvcmp.SCRIPT])


def test_pings_are_answered_while_publishing(run):
    ping = rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 6, 0xDEADBEEF), 2)
    with peers.Server("started", peers.then_goes_on(ping)) as server:
        result = run("push", server)
        session = server.session()
    assert result.code == OK
    assert struct.pack(">HI", 7, 0xDEADBEEF) in session.controls

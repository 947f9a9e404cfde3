# SPDX-License-Identifier: MIT
"""Programs of others on our librtmp.so.1 against servers that attack: they end, by themselves and in order, and before
that they do not run in circles. In a sanitized build nothing is read or written that is not theirs."""
import concurrent.futures
import signal
import time

import pytest

import dropin
import peers
import rtmp
from attacks import BROKEN, nested

pytestmark = pytest.mark.parametrize("library", ["ours"], indirect=True)


def error(info=None):
    """An _error to the last command, with this in the place of the object with its reasons."""
    values = [] if info is None else [info]
    return peers.replies(lambda n: rtmp.command("_error", n, None, *values))


def result(*values):
    return peers.replies(lambda n: rtmp.command("_result", n, *values))


def refusal(text):
    return {"level": "error", "code": "NetConnection.Connect.Rejected", "description": text}


AUTH = "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : "
# Answers to connect that older libraries fell over.
ANSWERS = {
    "an error without reasons": error(),
    "an error whose reason is a number": error(7),
    "an error without description": error({"level": "error", "code": "NetConnection.Connect.Rejected"}),
    "a description that is a number": error({"code": "NetConnection.Connect.Rejected", "description": 7}),
    "an empty description": error(refusal("")),
    "needauth without fields": error(refusal(AUTH + "?reason=needauth")),
    "needauth with empty fields": error(refusal(AUTH + "?reason=needauth&user=&salt=&challenge=&opaque=")),
    "needauth whose fields do not end": error(refusal(AUTH + "?reason=needauth&user=x&salt=" + "s" * 60000)),
    "authfailed": error(refusal(AUTH + "?reason=authfailed&opaque=vgoAAA==")),
    "authmod alone": error(refusal("authmod=adobe")),
    "llnw without fields": error(refusal("[ code=403 need auth; authmod=llnw ] : ?reason=needauth")),
    "a secure token that is a number": result({"secureToken": 7}, {"code": "NetConnection.Connect.Success"}),
    "an empty secure token": result({"secureToken": ""}, {"secureToken": "", "code": "NetConnection.Connect.Success"}),
    "a secure token of one digit": result({}, {"secureToken": "f", "code": "NetConnection.Connect.Success"}),
    "short strings": peers.sends(*(rtmp.message(rtmp.COMMAND, b"\x02" + size + b"x") for size in (b"", b"\0", b"\0\x09"))),
    "a class of AMF3 that refers to none": peers.sends(rtmp.message(
        rtmp.COMMAND_AMF3, b"\0" + rtmp.amf0("_result", 1) + b"\x11\x0a\x7d\x7d")),
    "deep nesting": peers.sends(rtmp.message(rtmp.COMMAND, rtmp.amf0("_result", 1) + nested(b"\x03\0\1a", 20000))),
}


def attacked(programs, name, folder, step, action, *limits, options=""):
    """The program against one server; what it is limited to it never comes near."""
    with peers.Server(step, action, receive_buffer=4096) as server:
        argv = dropin.PLAYERS[name](programs.own_ffmpeg, f"{server.url()}/s{options}", folder / "got.flv", False)
        return programs.start(["prlimit", *limits, *argv]).wait(20 * programs.patience)


def and_leaves(action):
    """After the attack the server ends the connection in order: there is no deadline to wait for."""

    def act(conn):
        conn.drain = lambda: None
        action(conn)
        del conn.drain
        peers.close(conn)

    return act


CASES = [("connect", action) for action in ANSWERS.values()]
CASES += [(step, peers.sends(data)) for step in ("connect", "started") for data in BROKEN.values()]
NAMES = [f"connect: {name}" for name in ANSWERS] + [f"{step}: {name}" for step in ("connect", "started") for name in BROKEN]


@pytest.mark.parametrize("name", dropin.PLAYERS)
def test_attacks(programs, tmp_path, name):
    """No crash, no end of memory, no circle. Whatever was received, the code says that it was not all."""
    dropin.need(name)

    def attack(number):
        step, action = CASES[number]
        folder = tmp_path / str(number)
        folder.mkdir()
        try:
            attacked(programs, name, folder, step, and_leaves(action), "--cpu=10", "--fsize=50000000")
        except AssertionError as e:
            return f"{NAMES[number]}: {e}"
        return None

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failed = [found for found in pool.map(attack, range(len(CASES))) if found]
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("name,step", [("rtmpdump", "s0s1"), ("rtmpdump", "connect"), ("ffmpeg", "started")])
def test_silence_is_waited_for_without_work(programs, tmp_path, name, step):
    """Four seconds of silence, of which less than two may be work."""
    cpu = 2 if programs.patience == 1 else 3
    result = attacked(programs, name, tmp_path, step, peers.stall, f"--cpu={cpu}", options=" timeout=4")
    assert result.code != 0 or step == "started", result


@pytest.mark.parametrize("step", ["connect", "started"])
def test_gstreamer_is_interrupted(programs, tmp_path, step):
    """It ends what one thread waits for by RTMP_Close() in another. On Debian's library it waits all the same."""
    dropin.need("gstreamer")
    with peers.Server(step, peers.stall) as server:
        argv = dropin.gstreamer_play(None, f"{server.url()}/s timeout=100", tmp_path / "got.flv", False)
        player = programs.start(argv)
        while not server.sessions or server.sessions[0].ended != step:
            assert player.process.poll() is None, player.text()
            time.sleep(0.02)
        player.process.send_signal(signal.SIGINT)
        assert "rtmpsrc" in player.wait(20 * programs.patience).err

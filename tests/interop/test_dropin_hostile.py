# SPDX-License-Identifier: MIT
"""Programs of others on our librtmp.so.1 against servers that attack: they end, by themselves and in order, and before
that they do not run in circles. In a sanitized build nothing is read or written that is not theirs, and Valgrind watches
one that takes no sanitizer."""
import shutil
import signal
import subprocess
import time

import pytest

import dropin
import flvcmp
import hostile
import peers
import tunnels

pytestmark = pytest.mark.parametrize("library", ["ours"], indirect=True)

ATTACKS = {"play": hostile.CONNECT | hostile.STARTED | hostile.HTTP, "publish": hostile.CONNECT | hostile.HTTP}
# What runs in circles, or writes without end, is ended.
LIMITS = ["prlimit", "--cpu=10", "--fsize=50000000"]
KINDS = [("play", name) for name in dropin.PLAYERS] + [("publish", name) for name in dropin.PUBLISHERS]


@pytest.fixture
def trusting(programs, certificates):
    """The environment that makes programs trust the throw-away CA."""
    return programs.library.environment | {"LIBRTMP_TLS_CA_FILE": str(certificates / "ca.pem")}


def told(name, urls):
    """curl takes no options in a URL."""
    return [f"{url}/s" if name == "curl" else f"{url}/s{hostile.SECRETS}" for url in urls]


@pytest.fixture
def argv_of(programs, few, tmp_path):
    """Python goes on to the next of the URLs; all others are given one."""

    def make(kind, name, urls):
        got = tmp_path / f"got{abs(hash(urls[0]))}.flv"
        if name == "python" and len(urls) > 1:
            program = dropin.HERE / "python_librtmp.py"
            return [dropin.PYTHON, "-I", program, "attacked", kind, got if kind == "play" else few, *urls]
        if kind == "play":
            return dropin.PLAYERS[name](programs.own_ffmpeg, urls[0], got, False)
        return dropin.PUBLISHERS[name](programs.own_ffmpeg, urls[0])

    return make


@pytest.fixture
def attacker(programs, trusting, argv_of, few, tls):
    """attacker(kind, name)(cases): a program, and what it does against these servers."""

    def make(kind, name, *prefix, timeout=20):
        def attack(cases):
            with hostile.servers(cases, ATTACKS[kind], tls) as urls:
                return programs.run([*prefix, *argv_of(kind, name, told(name, urls))], few, trusting, timeout)

        return attack

    return make


@pytest.mark.parametrize("kind,name", KINDS)
def test_attacks(attacker, kind, name):
    """No crash, no end of memory, no circle."""
    dropin.need(name)
    cases = [case for case in ATTACKS[kind] if not (name == "ffmpeg" and case.startswith("rtmpts"))]  # it has none
    failed = hostile.each(attacker(kind, name, *LIMITS), cases, together=10 if name == "python" else 1)
    assert not failed, failed


# ---- curl, under Valgrind ----

WATCHED = {
    "play": ["connect: needauth without fields", "connect: short strings", "connect: a class of AMF3 that refers to none",
             "connect: deep nesting", "started: a message grows half-way", "rtmpt, handshake: a length of -1",
             "rtmpt, stream: an end"],
    "publish": ["connect: an error without description", "rtmpt, handshake: no bytes"],
}
CASES = [(kind, case) for kind, cases in WATCHED.items() for case in cases]


@pytest.mark.skipif(dropin.libraries() == ["ours"], reason="Valgrind watches programs without AddressSanitizer")
def test_curl_reads_and_writes_what_is_its_own(attacker):
    """And leaves no memory behind. No error is left out of the account, whosever it be."""
    dropin.need("curl")
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    valgrind = ["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99"]

    def attack(cases):
        kind, case = cases[0]
        result = attacker(kind, "curl", *valgrind, timeout=60)([case])
        assert result.code != 99 and "==" not in result.err, result.err

    failed = hostile.each(attack, CASES)
    assert not failed, failed


# ---- silence ----


@pytest.mark.parametrize("kind", ["play", "publish"])
def test_silence_is_waited_for_without_work(programs, trusting, argv_of, few, kind):
    """Two seconds of it, in which a program that looks for a signal five times a second makes about twenty calls."""
    names = [name for each, name in KINDS if each == kind and dropin.installed(name)]

    def wait(cases):
        name, case = cases[0]
        with hostile.SILENCES[case]() as (url, is_silent):
            process = programs.start(argv_of(kind, name, told(name, [url])), trusting, subprocess.PIPE)
            process.process.stdin.write(few.read_bytes())
            process.process.stdin.flush()
            hostile.check_quiet(case, process, is_silent, programs.patience)

    failed = hostile.each(wait, [(name, case) for case in hostile.SILENCES for name in names], at_once=20)
    assert not failed, failed


@pytest.mark.parametrize("name", ["rtmpdump", "ffmpeg"])
def test_silence_has_an_end(programs, tmp_path, name):
    with peers.Server("connect", peers.stall) as server:
        argv = dropin.PLAYERS[name](programs.own_ffmpeg, f"{server.url()}/s timeout=1", tmp_path / "got.flv", False)
        assert programs.run(argv, timeout=20).code != 0


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


# ---- a tunnel that closes, and is none the worse for it ----


@pytest.mark.parametrize("name", [name for name in ("curl", "rtmpdump", "python") if name in dropin.PLAYERS])
def test_a_tunnel_that_closes_each_time(programs, tmp_path, name):
    """After each answer: the next request goes over another connection. curl brings its own, and has no other."""
    with peers.Server(plays=hostile.PLAYED) as server, tunnels.Tunnels(
            server.port, act=tunnels.then_closes(tunnels.good)) as http:
        player = programs.play(name, f"{http.url()}/s", tmp_path / "got.flv")
        result = player.wait(20 * programs.patience)
    if name == "curl":
        assert result.code != 0 and http.connections == 1, result
        return
    assert result.code in dropin.codes(name) and http.connections == len(http.requests) > 5, result
    assert [tag.body for tag in flvcmp.read(tmp_path / "got.flv")] == [m.payload for m in hostile.PLAYED]

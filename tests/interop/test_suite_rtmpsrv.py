# SPDX-License-Identifier: MIT
"""rtmpsrv: what it shows of its clients is what Debian's shows, and nothing that a client sends does any harm."""
import concurrent.futures
import os
import re
import shlex
import signal
import ssl
import stat
import subprocess
import sys
import time

import pytest

import flvcmp
import peers
import rtmp
import streams
import stubs
import support
from attacks import BROKEN, HARMLESS

MARK = "harm-was-done"
# Each writes a file when a shell makes anything of it.
INJECTIONS = [
    f"\"; touch {MARK}; \"", f"$(touch {MARK})", f"`touch {MARK}`", f"'; touch {MARK}; '", f"a\ntouch {MARK}\n",
    f"a\\\" ; touch {MARK} ; \\\"", f"x & touch {MARK} &", f"| touch {MARK}", f"a\r\ntouch {MARK}", f"$'\\n'; touch {MARK}",
    "!!", "\x1b]0;title\x07\x1b[2J\x9b31m", "\u202egnp.exe", "é\u0085\u009b", "-o/tmp/x", "--help", "-z", "*", "~", "",
]


@pytest.fixture
def srv(sluice, tmp_path):
    running = []

    def start(*options, **settings):
        running.append(stubs.Stub(sluice, "rtmpsrv", tmp_path / f"srv{len(running)}", *options, **settings))
        return running[-1]

    yield start
    for stub in running:
        stub.__exit__()


def ask(client, play="foo", extra=(), token=None, **info):
    """Connects and plays, and reads up to the server's end."""
    client.handshake()
    client.call("connect", info, *extra)
    assert client.until("_result", "_error")[0] == "_result"
    if token is not None:
        client.call("NetStream.Authenticate.UsherToken", None, token)
        assert client.until("_result", "_error")[0] == "_result"
    client.create_stream()
    client.play(play)
    assert client.until("onStatus")[3]["code"] in ("NetStream.Play.Reset", "NetStream.Play.Start")
    while client.until("onStatus")[3]["code"] != "NetStream.Play.Stop":
        pass
    assert client.ended(20)


def asks(stub, **what):
    with stub.client() as client:
        ask(client, **what)


URL = {"app": "live", "tcUrl": "rtmp://h/live"}


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


# ---- nothing that a client sends is a command ----


@pytest.fixture
def fake(tmp_path):
    """A PATH that begins with a rtmpdump that writes down how it was called, one file a call."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "rtmpdump"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"n = len(os.listdir({str(folder)!r}))\n"
        f"open({str(folder)!r} + f'/tmp{{n}}', 'wb').write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))\n"
        f"os.rename({str(folder)!r} + f'/tmp{{n}}', {str(folder)!r} + f'/call{{n}}')\n")
    program.chmod(0o755)

    class Fake:
        env = {"PATH": f"{folder}:{os.environ['PATH']}"}

        @staticmethod
        def calls():
            return [p.read_bytes().split(b"\0") for p in sorted(folder.glob("call*"), key=lambda p: int(p.name[4:]))]

        def wait(self, count, timeout=20):
            end = time.monotonic() + timeout
            while len(found := self.calls()) < count:
                assert time.monotonic() < end, found
                time.sleep(0.02)
            return found

    return Fake()


@pytest.mark.parametrize("field", ["app", "tcUrl", "flashVer", "swfUrl", "pageUrl", "play", "token", "extra", "name"])
def test_a_shell_reads_what_was_sent(srv, fake, field):
    """The line is pasted into a shell: rtmpdump is called once, with what the client sent, and nothing else happens."""
    stub = srv(env=fake.env)
    for n, text in enumerate(t for t in INJECTIONS if field != "name" or t.isascii()):
        value = text or "x"
        info = dict(URL, app=f"app{n}")
        what = {"play": f"p{n}", **info}
        if field == "extra":
            what["extra"] = [value]
        elif field == "name":
            what["extra"] = [{value.replace(":", ""): "v"}]
        elif field == "play":
            what["play"] = f"{n}/{value}{n}"
        else:
            what[field] = value
        asks(stub, **what)
        line = stub.line(n + 1)
        assert all(" " <= c <= "~" for c in line), line
        subprocess.run(["bash", "-c", f"set -o histexpand\n{line}"], cwd=stub.folder, env=dict(os.environ, **fake.env),
                       check=True, timeout=20, capture_output=True)
        words = fake.calls()[-1]
        assert len(fake.calls()) == n + 1
        wanted = {"extra": f"S:{value}", "name": f"NS:{value.replace(':', '')}:v", "play": what["play"]}.get(field, value)
        assert wanted.encode() in words
    assert stub.files() == []


def test_nothing_is_run_unasked(srv, fake):
    stub = srv(env=fake.env)
    for text in INJECTIONS:
        asks(stub, play=f"x{text}", swfUrl=text, **URL)
    stub.ends()
    assert fake.calls() == [] and stub.files() == []


def test_what_is_run_when_asked(srv, fake):
    stub = srv("--run-rtmpdump", env=fake.env)
    asks(stub, play="mp4:dir/foo.mp4", swfUrl="http://s", pageUrl="http://p", flashVer="F 1", token="t", extra=[True, "x"], **URL)
    assert fake.wait(1) == [[b"--rtmp=rtmp://h/live", b"--app=live", b"--flashVer=F 1", b"--swfVfy=http://s",
                             b"--pageUrl=http://p", b"--jtv=t", b"--conn=B:1", b"--conn=S:x",
                             b"--playpath=mp4:dir/foo.mp4", b"--flv=foo.flv"]]
    assert stub.line().startswith("rtmpdump -r ") and stub.files() == ["foo.flv"]


def test_what_is_run_takes_no_option_from_a_client(srv, fake):
    stub = srv("--run-rtmpdump", env=fake.env)
    count = 0
    for text in INJECTIONS:
        for field in ("app", "tcUrl", "flashVer", "swfUrl", "pageUrl", "play", "token"):
            if not text and field in ("tcUrl", "play"):
                continue
            asks(stub, **{"play": f"n{count}", **URL, field: text})
            count += 1
            words = fake.wait(count)[-1]
            assert all(re.match(rb"--(rtmp|app|flashVer|swfVfy|pageUrl|jtv|conn|playpath|flv)=", word) for word in words)
            assert text.encode() in [word.split(b"=", 1)[1] for word in words]
            name = words[-1].split(b"=", 1)[1].decode()
            assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.flv", name)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.flv", name) for name in stub.files())


def test_what_is_there_stays_as_it_is(srv, fake, tmp_path):
    stub = srv("--run-rtmpdump", env=fake.env)
    (stub.folder / "foo.flv").write_text("mine")
    (stub.folder / "foo01.flv").symlink_to(tmp_path / "elsewhere")
    asks(stub, play="../../foo.mp4", **URL)
    assert fake.wait(1)[0][-1] == b"--flv=foo02.flv" and stub.line().endswith("-o foo02.flv")
    assert (stub.folder / "foo.flv").read_text() == "mine" and not (tmp_path / "elsewhere").exists()
    assert stat.S_ISREG((stub.folder / "foo02.flv").lstat().st_mode)


def test_shown_names_are_free_ones(srv):
    stub = srv()
    (stub.folder / "foo.flv").write_text("mine")
    asks(stub, **URL)
    assert stub.line().endswith("-o foo01.flv") and stub.files() == ["foo.flv"]


def test_no_more_than_a_few_run(srv, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "rtmpdump").write_text("#!/bin/sh\nread x; echo $$ >> pids; exec sleep 60\n")
    (tmp_path / "bin" / "rtmpdump").chmod(0o755)
    stub = srv("--run-rtmpdump", env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    try:
        for n in range(9):
            asks(stub, play=f"s{n}", **URL)
        stub.expect("WARNING: 8 of rtmpdump run already: this one was not started")
        end = time.monotonic() + 20
        while len((stub.folder / "pids").read_text().split() if (stub.folder / "pids").exists() else []) < 8:
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        for pid in (stub.folder / "pids").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
    assert len((stub.folder / "pids").read_text().split()) == 8


def test_a_rtmpdump_that_is_not_there(srv, tmp_path):
    stub = srv("--run-rtmpdump", env={"PATH": str(tmp_path)})
    asks(stub, **URL)
    stub.expect("ERROR: rtmpdump could not be started: No such file")
    assert stub.line()


def test_debians_rtmpdump_gets_what_a_client_asked_for(sluice, srv, serving, clip, foreign, short_clip):
    pushed = sluice.run("push", "--fast", short_clip, serving.url())
    assert pushed.code == support.OK, pushed.err
    serving.recorded()
    stub = srv("--run-rtmpdump")
    foreign("rtmpdump", "-q", "-r", stub.url(), "-t", serving.url(stream="").rstrip("/"), "-y", "s", "-o", os.devnull)
    end = time.monotonic() + 20 * sluice.patience
    serving.wait("stop", 1)
    wanted = streams.large_enough(short_clip)
    while True:
        with_end = stub.folder / "s.flv"
        try:
            got = flvcmp.media(streams.load(with_end))
        except (OSError, ValueError, IndexError, AssertionError):
            got = []
        if len(got) >= len(wanted):
            break
        assert time.monotonic() < end, len(got)
        time.sleep(0.05)
    streams.check(wanted, got)


# ---- its options ----


def test_device_and_port(sluice, tmp_path):
    program = stubs.beside(sluice, "rtmpsrv")
    with support.Process([program, "--device", "127.0.0.2", "--sport", "0"], cwd=tmp_path) as stub:
        port = int(stub.expect(r"Streaming on rtmp://127\.0\.0\.2:(\d+)\n")[1])
        with peers.Client("127.0.0.2", port) as client:
            ask(client, **URL)
        with support.Process([program, "-D", "127.0.0.2", "-g", str(port)]) as second:
            result = second.wait(20)
        assert result.code == 1 and "ERROR: Failed to start RTMP server, exiting!" in result.err
        assert "something listens there already" in result.err
    with support.Process([program, "-D", "::1", "-g", "0"], cwd=tmp_path) as stub:
        stub.expect(r"Streaming on rtmp://\[::1\]:\d+\n")


def test_tls(sluice, srv, certificates):
    stub = srv("-c", certificates / "good.pem", "-k", certificates / "good.key")
    context = ssl.create_default_context(cafile=certificates / "ca.pem")
    with stub.client(tls=context) as client:
        ask(client, **URL)
    assert stub.line() == 'rtmpdump -r "rtmp://h/live" -a "live" -y "foo" -o foo.flv'
    result = sluice.run("pull", "--ca-file", certificates / "ca.pem", stub.url("live/other", "rtmps"), os.devnull)
    assert f'rtmpdump -r "{stub.url("live", "rtmps")}" -a "live"' in stub.lines()[-1], result.err
    with stub.client() as client:
        client.send(b"\x03" + bytes(1536))
        assert client.ended(20)
    long = srv("--cert", certificates / "good.pem", "--key", certificates / "good.key")
    with long.client(tls=context) as client:
        ask(client, **URL)


def test_ffmpeg_over_tls(srv, certificates):
    stub = srv("-c", certificates / "good.pem", "-k", certificates / "good.key")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", stub.url("live/some", "rtmps"), "-f", "null", "-"],
                   capture_output=True, timeout=60, check=False)
    assert shlex.split(stub.line())[-4:] == ["-y", "some", "-o", "some.flv"]


@pytest.mark.parametrize("options", [
    ["-c", "good.pem"], ["-k", "good.key"], ["-c", "missing.pem", "-k", "good.key"], ["-c", "good.pem", "-k", "expired.key"],
    ["--nonsense"], ["operand"], ["-g"], ["-g", "70000"], ["-D", "no.such.host.invalid"],
])
def test_what_cannot_be(sluice, certificates, options):
    with support.Process([stubs.beside(sluice, "rtmpsrv"), "-D", "127.0.0.1", "-g", "0", *options], cwd=certificates) as stub:
        result = stub.wait(20 * sluice.patience)
    assert result.code == 1 and result.out == b"" and len(result.err.splitlines()) > 2


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(sluice, option):
    with support.Process([stubs.beside(sluice, "rtmpsrv"), option]) as stub:
        result = stub.wait(20)
    assert result.code == 0
    assert set(re.findall(r"--[a-z-]+", result.err)) == {
        "--help", "--device", "--sport", "--cert", "--key", "--run-rtmpdump", "--debug"}


@pytest.mark.parametrize("option", ["-z", "--debug"])
def test_debug(srv, option):
    quiet, verbose = srv(), srv(option)
    for stub in quiet, verbose:
        asks(stub, **URL)
        stub.expect("done!")
    assert "DEBUG: " not in quiet.ends().err
    assert re.search("^DEBUG: .*connect", verbose.ends().err, re.M)


# ---- how it ends ----


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signals(srv, sig):
    stub = srv()
    with stub.client() as client, stub.client() as silent:
        client.handshake()
        client.connect()
        assert stub.stop(sig, 15 * stub.patience).code == 0
        assert client.ended(5) and silent.ended(5)


def test_the_console(srv):
    stub = srv(stdin=subprocess.PIPE)
    stub.process.stdin.write(b"x\x1b\n")
    stub.process.stdin.flush()
    stub.expect("Unknown command 'x', ignoring\n")
    stub.expect(r"Unknown command '\?', ignoring\n")
    asks(stub, **URL)
    stub.process.stdin.write(b"q")
    stub.process.stdin.flush()
    result = stub.wait(15 * stub.patience)
    assert result.code == 0 and "Exiting\n" in result.err
    stub.process.stdin.close()


def test_a_console_that_ends_is_no_command(srv):
    """Debian's takes the end for commands without end, and a whole CPU for them."""
    stub = srv()
    before = stub.cpu()
    time.sleep(1)
    assert stub.cpu() - before < 0.3
    assert "Unknown command" not in stub.text()
    asks(stub, **URL)
    stub.ends()


# ---- attacks ----


@pytest.mark.parametrize("step", ["handshaken", "connected", "created"])
def test_attacks(srv, step):
    stub = srv()

    def attack(data):
        with stub.client() as client:
            client.to(step)
            try:
                client.send(data)
                client.sock.shutdown(1)
            except OSError:
                return
            assert client.ended(20 * stub.patience)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(attack, [*BROKEN.values(), *HARMLESS.values()]))
    asks(stub, **URL)
    result = stub.ends()
    assert b"rtmpdump" in result.out
    if not stub_is_sanitized(stub):
        assert result.resident < 60000


def stub_is_sanitized(stub):
    return support.sanitized(stub.argv[0])


def test_silence(srv):
    """Each is let go in time: those in the handshake and before connect by their deadlines, the others by the one for
    all of it."""
    stub = srv()

    def silent(step):
        with stub.client() as client:
            client.to(step)
            began = time.monotonic()
            assert client.ended(60), step
            return time.monotonic() - began

    before = stub.cpu()
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(silent, ["accepted", "c0", "half", "handshaken", "connected", "created"]))
    assert stub.cpu() - before < 2 * stub.patience
    asks(stub, **URL)


def test_more_clients_than_it_takes(srv):
    stub = srv()
    idle = [stub.client() for _ in range(64)]
    stub.expect("Streaming")
    with stub.client() as more:
        assert more.ended(20)
    stub.expect("WARNING: A client was turned away: 64 are connected")
    for client in idle:
        client.sock.close()
    end = time.monotonic() + 20 * stub.patience
    while stub.text().count("done!\n") < 64:
        assert time.monotonic() < end, stub.text()
        time.sleep(0.02)
    asks(stub, **URL)


def test_bytes_for_ever(srv):
    """A client that goes on to send what is of no use, and reads nothing."""
    stub = srv()
    with stub.client(timeout=3) as client:
        client.to("created")
        ping = rtmp.message(rtmp.USER_CONTROL, b"\0\6\0\0\0\1", 2) * 10000
        try:
            for _ in range(400):
                client.send(ping)
        except OSError:
            pass
    if not stub_is_sanitized(stub):
        assert stub.memory()[0] < 60000
    asks(stub, **URL)

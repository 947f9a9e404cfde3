# SPDX-License-Identifier: MIT
"""rtmpsrv: nothing that a client sends is a command, whether it is shown or run."""
import os
import re
import signal
import stat
import subprocess
import sys
import time

import pytest

import flvcmp
import streams
import support
from stubs import URL, asks

MARK = "harm-was-done"
# Each writes a file when a shell makes anything of it.
INJECTIONS = [
    f"\"; touch {MARK}; \"", f"$(touch {MARK})", f"`touch {MARK}`", f"'; touch {MARK}; '", f"a\ntouch {MARK}\n",
    f"a\\\" ; touch {MARK} ; \\\"", f"x & touch {MARK} &", f"| touch {MARK}", f"a\r\ntouch {MARK}", f"$'\\n'; touch {MARK}",
    "!!", "\x1b]0;title\x07\x1b[2J\x9b31m", "\u202egnp.exe", "é\u0085\u009b", "-o/tmp/x", "--help", "-z", "*", "~", "",
]


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
        except (OSError, flvcmp.NotFLV):  # not begun, or not whole so far
            got = []
        if len(got) >= len(wanted):
            break
        assert time.monotonic() < end, len(got)
        time.sleep(0.05)
    streams.check(wanted, got)

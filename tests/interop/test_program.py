# SPDX-License-Identifier: MIT
"""A program that is compiled against Debian's headers, linked with Debian's library, and run on either: program.c."""
import os
import re
import shutil
import subprocess

import pytest

import dropin
import flvcmp
import streams
import support

SOURCE = dropin.HERE / "program.c"
DATA = {"RTMPProtocolStrings", "RTMPProtocolStringsLower", "RTMP_DefaultFlashVer", "RTMP_debuglevel", "RTMP_ctrlC",
        "RTMP_TLS_ctx"}
ROUNDS = 1000000007


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The program, at a fixed address and at any."""
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("program")
    for name, options in {"fixed": ["-fno-pic", "-no-pie"], "any": ["-fPIE", "-pie"]}.items():
        made = subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-write-strings",
                               *options, "-o", folder / name, SOURCE, "-isystem", "/usr/include", "-lrtmp"],
                              capture_output=True, text=True, timeout=60, check=False)
        if "librtmp/" in made.stderr and "No such file" in made.stderr:
            pytest.skip("librtmp-dev is not installed")
        assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(params=["fixed", "any"])
def program(request, compiled):
    return compiled / request.param


@pytest.fixture(params=dropin.libraries())
def library(request):
    return dropin.Library(request.param)


@pytest.fixture
def start(library, program):
    running = []
    environment = dict(library.environment)
    if "ASAN_OPTIONS" in environment:  # unlike others' programs this one leaves nothing behind
        environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "")

    def start(*args):
        running.append(support.Process([program, *args], env=environment))
        return running[-1]

    yield start
    for process in running:
        process.__exit__()


def copied(path):
    """The variables that the program has copies of."""
    text = subprocess.run(["readelf", "-W", "-r", path], capture_output=True, text=True, timeout=30, check=True).stdout
    return set(re.findall(r"_COPY +[0-9a-f]+ (\w+)", text))


def test_the_variables_are_copied(program):
    """Else the next test would test nothing."""
    if subprocess.run(["uname", "-m"], capture_output=True, text=True, timeout=30, check=True).stdout != "x86_64\n":
        pytest.skip("elsewhere compilers do without copies")
    assert DATA <= copied(program)


def test_variables(start):
    result = start("variables").wait(20)
    assert result.code == 0, result
    assert result.out.decode().splitlines() == [
        "RTMP rtmp", "RTMPT rtmpt", "RTMPE rtmpe", "RTMPTE rtmpte", "RTMPS rtmps", "RTMPTS rtmpts", " ", " ",
        "RTMFP rtmfp", "LNX 10,0,32,18 14",
        "1 1",  # the level at first, as the program sees it and as the library does
        "4",    # as the library set it
        "2 1",  # as the program set it, and one line of two was heard
        "0 1",  # RTMP_ctrlC before RTMP_UserInterrupt() and after
        "0 1",  # RTMP_TLS_ctx before RTMP_TLS_Init() and after
    ]


def checksum(body):
    s = 0
    for byte in body:
        s = (s * 31 % ROUNDS + byte) & 0xFFFFFFFFFFFFFFFF
    return s


def push(sluice, url, clip):
    pushed = sluice.run("push", "--fast", clip, url)
    assert pushed.code == support.OK, pushed.err


def test_plays(sluice, serving, start, library, short_clip, tmp_path):
    process = start("play", f"{serving.url()} live=1", tmp_path / "got.flv")
    serving.wait("play")
    library.check(process.pid)
    push(sluice, serving.url(), short_clip)
    result = process.wait(30 * sluice.patience)
    assert result.code == 0, result
    wanted = flvcmp.media(streams.load(short_clip)) if library.ours else streams.large_enough(short_clip)
    streams.check(wanted, tmp_path / "got.flv")


def test_takes_packets(sluice, serving, start, short_clip):
    process = start("packets", f"{serving.url()} live=1")
    serving.wait("play")
    push(sluice, serving.url(), short_clip)
    result = process.wait(30 * sluice.patience)
    assert result.code == 0, result
    got = [tuple(map(int, line.split())) for line in result.out.decode().splitlines()]
    wanted = [(t.type, t.timestamp, len(t.body), checksum(t.body)) for t in flvcmp.media(streams.load(short_clip))]
    assert got == wanted and len(got) > 100


@pytest.mark.parametrize("how", ["publish", "send"])
def test_publishes(sluice, serving, start, short_clip, how):
    result = start(how, serving.url(), short_clip).wait(30 * sluice.patience)
    assert result.code == 0, result
    streams.check(flvcmp.media(streams.load(short_clip)), flvcmp.media(streams.load(serving.recorded())))


@pytest.mark.parametrize("how", ["publish", "send"])
def test_publishes_to_nginx(sluice, nginx, start, same_stream, short_clip, how):
    result = start(how, f"rtmp://127.0.0.1:{nginx.rtmp}/live/s", short_clip).wait(30 * sluice.patience)
    assert result.code == 0, result
    same_stream(short_clip, nginx.recorded("s"))


def test_a_signal_ends_waiting(serving, start):
    """The program sets its copy of RTMP_ctrlC, and the library that waits sees it."""
    process = start("interrupted", f"{serving.url()} live=1 timeout=600")
    process.expect("connected", 20)
    process.process.send_signal(14)
    result = process.wait(20)
    assert result.code == 0 and result.out.decode() == "connected\n1\n", result
